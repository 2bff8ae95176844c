//! The environment: the only place that reads its variables.

/// The variable called `name`; `None` if it is not set or is not UTF-8.
#[expect(clippy::disallowed_methods, reason = "the one home of the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_read_and_a_missing_one_is_none() {
        assert!(variable("PATH").is_some());
        assert_eq!(variable("OSTLER_NOBODY_SETS_THIS"), None);
    }
}
