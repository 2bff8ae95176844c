//! The query of a request's target: names with values, as forms write them.

use std::borrow::Cow;

use crate::percent::decode_form;

/// What followed the question mark; perhaps nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self(text)
    }

    /// As it came.
    pub fn as_str(self) -> &'a str {
        self.0
    }

    /// The names and their values, decoded, in their order. A name without `=` has an empty value.
    pub fn pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.0.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode_form(name), decode_form(value))
        })
    }

    /// The first value of `name`.
    pub fn first(self, name: &str) -> Option<Cow<'a, str>> {
        self.pairs().find_map(|(key, value)| (key == name).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_values_in_their_order() {
        let query = Query::new("a=1&b&&=x&a=2&c%3D=%26+d=e");
        let pairs: Vec<_> = query.pairs().collect();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("a", "1"), ("b", ""), ("", "x"), ("a", "2"), ("c=", "& d=e")]);
        assert_eq!(query.first("a").as_deref(), Some("1"));
        assert_eq!(query.first("b").as_deref(), Some(""));
        assert_eq!((query.first("d"), Query::new("").pairs().count()), (None, 0));
    }
}
