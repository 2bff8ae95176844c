//! What was asked for when it could not be done, so that who reads of it knows where to look.

use std::fmt;

use broker_data::Data;

/// Characters of a key that are told, at most.
const KEY: usize = 80;

/// See the module. Nothing where that is not known.
#[derive(Debug, Default)]
pub struct Subject(Option<Box<Named>>);

#[derive(Debug)]
struct Named {
    store: String,
    operation: &'static str,
    key: Option<String>,
}

impl Subject {
    /// An operation of the store `store`, if it is about one key with that.
    pub fn new(store: &str, operation: &'static str, key: Option<&Data>) -> Self {
        let store = store.to_owned();
        Self(Some(Box::new(Named { store, operation, key: key.map(brief) })))
    }

    /// Whether it is known.
    pub(crate) fn is_known(&self) -> bool {
        self.0.is_some()
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(named) = &self.0 else { return Ok(()) };
        write!(f, " (store {}, {}", named.store, named.operation)?;
        if let Some(key) = &named.key {
            write!(f, ", key {key}")?;
        }
        f.write_str(")")
    }
}

/// The beginning of a key, in one line.
fn brief(key: &Data) -> String {
    let text = key.to_string();
    let mut all = text.chars().map(|one| if one.is_control() { '?' } else { one });
    let mut brief: String = all.by_ref().take(KEY).collect();
    if all.next().is_some() {
        brief.push_str("...");
    }
    brief
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store_error::StoreError;

    #[test]
    fn an_error_says_of_what_it_speaks_and_not_more_of_a_key_than_fits() {
        let error = StoreError::NoSuchKey(Subject::default());
        assert_eq!(error.to_string(), "no such key");
        let key = Data::from("a\nb");
        let error = error.of("st", "get", Some(&key));
        assert_eq!(error.to_string(), "no such key (store st, get, key a?b)");
        // Who knows first knows best.
        assert_eq!(
            error.of("other", "put", None).to_string(),
            "no such key (store st, get, key a?b)"
        );
        let long = Data::from("x".repeat(KEY + 1).as_str());
        let error = StoreError::Timeout(Subject::new("st", "put_unique", Some(&long)));
        let key = "x".repeat(KEY);
        let said = format!("no answer came in time (store st, put_unique, key {key}...)");
        assert_eq!(error.to_string(), said);
        let error = StoreError::Timeout(Subject::new("st", "flush", None));
        assert_eq!(error.to_string(), "no answer came in time (store st, flush)");
    }
}
