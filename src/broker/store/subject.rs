//! What was asked for when it could not be done, so that who reads of it knows where to look.

use std::fmt::{self, Write as _};

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

/// The beginning of a key, in one line. The rest, which may be long, is not even written.
fn brief(key: &Data) -> String {
    let mut beginning = Beginning { text: String::new(), left: KEY };
    if write!(beginning, "{key}").is_err() {
        beginning.text.push_str("...");
    }
    beginning.text
}

/// Takes so many characters and fails at the next one.
struct Beginning {
    text: String,
    left: usize,
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for one in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(if one.is_control() { '?' } else { one });
        }
        Ok(())
    }
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
