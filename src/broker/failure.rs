//! Why a connection between nodes ended without anybody having wanted it to.

use std::fmt;

use crate::Ec;

/// A code, and the same in words for whoever reads the log. The words hold nothing that a terminal
/// would obey, whatever the other side sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub code: Ec,
    /// How.
    pub words: String,
}

/// How much of the other side's words is repeated, in bytes.
const MAX_WORDS: usize = 200;

impl Failure {
    pub(crate) fn new(code: Ec, words: impl Into<String>) -> Self {
        Self { code, words: words.into() }
    }

    /// The other side dropped the connection and said why.
    pub(crate) fn dropped(code: Ec, words: &[u8]) -> Self {
        let words = words.get(..MAX_WORDS).unwrap_or(words).escape_ascii();
        Self::new(code, format!("the other side dropped the connection: \"{words}\""))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.words, self.code)
    }
}

impl std::error::Error for Failure {}
