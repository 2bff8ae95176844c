//! The environment: the only place that reads its variables.

use std::ffi::OsString;

/// The variable called `name`; `None` if it is not set or is not UTF-8.
pub fn variable(name: &str) -> Option<String> {
    raw_variable(name)?.into_string().ok()
}

/// The variable called `name`, whatever its bytes.
#[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
pub fn raw_variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The variable called `name` in letters of whatever case, and the name as it is written there; the
/// one that is written as it stands here goes first. `None` if it is not set or empty.
pub fn variable_of_any_case(name: &str) -> Option<(String, OsString)> {
    let usable = |name: String| {
        raw_variable(&name).filter(|value| !value.is_empty()).map(|value| (name, value))
    };
    usable(name.to_owned()).or_else(|| {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        names.filter(|other| other.eq_ignore_ascii_case(name)).find_map(usable)
    })
}

/// All variables that are UTF-8, with their names.
pub fn variables() -> Vec<(String, String)> {
    let utf8 = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(utf8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_none() {
        assert!(variable("PATH").is_some());
        assert_eq!(variable("OSTLER_NOBODY_SETS_THIS"), None);
        let (name, value) = variable_of_any_case("path").unwrap();
        assert_eq!((name.as_str(), Some(value)), ("PATH", raw_variable("PATH")));
        assert_eq!(variable_of_any_case("OSTLER_NOBODY_SETS_THIS"), None);
    }
}
