//! The query of a request, read by name; all that is wrong is noted, not only the first.

use std::borrow::Cow;

use ostler_http::Request;

use crate::Json;
use crate::failure::Failure;
use crate::scalars::{truth_of, whole_of};
use crate::validation::{Complaint, Problem};

/// A query that is being read. Where a name stands several times, its last value counts.
pub(crate) struct Asked<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    problems: Vec<Problem>,
}

impl<'a> Asked<'a> {
    pub(crate) fn of(request: &'a Request<'_>) -> Self {
        Self { pairs: request.query().pairs().collect(), problems: Vec::new() }
    }

    /// A text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.last(name).map(str::to_owned)
    }

    /// All texts of this name, in their order.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        let named = self.pairs.iter().filter(|(key, _)| key == name);
        named.map(|(_, value)| value.to_string()).collect()
    }

    /// A truth value.
    pub(crate) fn truth(&mut self, name: &str) -> Option<bool> {
        self.read(name, truth_of, Complaint::TruthParsing)
    }

    /// A whole number.
    pub(crate) fn whole(&mut self, name: &str) -> Option<i64> {
        self.read(name, whole_of, Complaint::WholeParsing)
    }

    /// One of the words that `read` knows, which are worded as `'a' or 'b'`.
    pub(crate) fn word<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        expected: &'static str,
    ) -> Option<T> {
        self.read(name, read, Complaint::Literal(expected))
    }

    /// What was read, unless something is wrong.
    pub(crate) fn finish<T>(self, read: T) -> Result<T, Failure> {
        if self.problems.is_empty() { Ok(read) } else { Err(self.problems.into()) }
    }

    fn read<T>(
        &mut self,
        name: &str,
        read: impl Fn(&str) -> Option<T>,
        complaint: Complaint,
    ) -> Option<T> {
        let text = self.last(name)?;
        let value = read(text);
        if value.is_none() {
            let input = Json::from(text);
            let place = vec!["query".into(), name.into()];
            self.problems.push(Problem { complaint, place, input });
        }
        value
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.pairs.iter().rev().find(|(key, _)| key == name).map(|(_, value)| &**value)
    }
}
