//! The password, kept and compared as a digest.

use std::fmt;

use ostler_runtime::secret::Secret;
use serde_json::Value;

/// The default that everybody knows.
pub(crate) const DEFAULT: &str = "password123456";

/// A password as JSON has it: a text, or a list of texts, which is what the original makes of a
/// value with commas. Only its digest is kept, so it cannot get into a log or an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Secret);

impl Password {
    /// Keeps the digest of a password.
    pub fn new(password: &Value) -> Self {
        // The text of a JSON value is the same for equal values and no others.
        Self(Secret::new(password.to_string().as_bytes()))
    }

    /// Whether it is the same, in a time that tells nothing of how much of a guess is right.
    pub fn is(&self, given: &Value) -> bool {
        self.0.is(given.to_string().as_bytes())
    }

    /// Whether it is no password at all.
    pub fn is_empty(&self) -> bool {
        self.is(&Value::from(""))
    }

    /// Whether it is the default.
    pub fn is_default(&self) -> bool {
        self.is(&Value::from(DEFAULT))
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_compared_as_json_values() {
        let text = Password::new(&Value::from("a,b"));
        let list = Password::new(&Value::from(vec!["a", "b"]));
        assert!(text.is(&Value::from("a,b")) && !text.is(&Value::from("a,c")));
        assert!(!text.is(&Value::from(vec!["a", "b"])) && list.is(&Value::from(vec!["a", "b"])));
        assert!(!text.is(&Value::Null) && !list.is(&Value::from("a")));
        assert!(Password::new(&Value::from(DEFAULT)).is_default());
        assert_eq!(format!("{text:?}"), "Password(hidden)");
    }
}
