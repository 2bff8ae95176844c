//! Why a try came to nothing, what may be done about it, and the words for it.

use std::io::ErrorKind;

use katalogus::Json;
use ureq::{Error, Timeout};

use crate::service_error::ServiceError;

/// Most characters of a service's own words that are repeated.
pub(crate) const MAX_DETAIL_CHARS: usize = 200;
/// Most faults of a request that are repeated.
const MAX_FAULTS: usize = 3;

/// How far a try got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// There was no connection, so nothing was done.
    Nobody,
    /// The connection broke; nobody knows what was done.
    Broken,
    /// There was no answer in time; nobody knows what was done.
    Slow,
    /// Another try would end alike.
    End,
}

impl Reached {
    /// Whether nobody seems to be there, so that who comes back may be another.
    pub(crate) fn is_away(self) -> bool {
        matches!(self, Self::Nobody | Self::Broken)
    }
}

/// A try that came to nothing.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) reached: Reached,
    pub(crate) error: ServiceError,
}

impl From<Failure> for ServiceError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Failure {
    /// What the library's error means. Its own words are not used where they may hold the URL.
    pub(crate) fn of(error: &Error, service: &'static str, place: &str, request: &str) -> Self {
        let unreachable = |reached, words: &str| {
            let words = format!("{place}: {words}");
            Self { reached, error: ServiceError::Unreachable { service, words } }
        };
        let strange = |problem: &str| {
            let (request, problem) = (request.to_owned(), problem.to_owned());
            let error = ServiceError::Strange { service, request, problem };
            Self { reached: Reached::End, error }
        };
        match error {
            Error::HostNotFound => unreachable(Reached::Nobody, "its name has no address"),
            Error::ConnectionFailed => unreachable(Reached::Nobody, "no connection"),
            Error::ConnectProxyFailed(_) => unreachable(Reached::Nobody, "the proxy refuses"),
            Error::Timeout(Timeout::Resolve | Timeout::Connect) => {
                unreachable(Reached::Nobody, "no connection in time")
            }
            Error::Timeout(_) => unreachable(Reached::Slow, "no answer in time"),
            Error::Io(error) => match error.kind() {
                ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::NetworkDown
                | ErrorKind::AddrNotAvailable => unreachable(Reached::Nobody, &error.to_string()),
                // This is how TLS says that it trusts nobody there.
                ErrorKind::InvalidData => unreachable(Reached::End, &error.to_string()),
                _ => unreachable(Reached::Broken, &error.to_string()),
            },
            Error::Rustls(error) => unreachable(Reached::End, &error.to_string()),
            Error::Tls(words) => unreachable(Reached::End, words),
            Error::BodyExceedsLimit(limit) => {
                let (request, limit) = (request.to_owned(), *limit);
                let error = ServiceError::TooLong { service, request, limit };
                Self { reached: Reached::End, error }
            }
            Error::Protocol(_) | Error::LargeResponseHeader(..) => strange("it is no HTTP"),
            _ => strange("it cannot be asked like this"),
        }
    }
}

/// What a service says of a failure, in one line. Only its words are taken and no values, since
/// some repeat the request, which holds what is secret.
pub(crate) fn detail(body: &[u8]) -> String {
    let none = || "without words".to_owned();
    let Ok(Json::Object(members)) = Json::parse_bytes(body) else { return none() };
    let told = ["detail", "message", "value"].iter().find_map(|key| members.get(key));
    match told {
        Some(Json::Text(text)) => line(text),
        Some(Json::List(faults)) => {
            let faults: Vec<_> = faults.iter().take(MAX_FAULTS).filter_map(fault).collect();
            if faults.is_empty() { none() } else { line(&faults.join("; ")) }
        }
        _ => none(),
    }
}

/// One fault of a request as the original's services list them: where, and what.
fn fault(fault: &Json) -> Option<String> {
    let Json::Object(members) = fault else { return None };
    let Some(Json::Text(words)) = members.get("msg") else { return None };
    let Some(Json::List(steps)) = members.get("loc") else { return Some(words.clone()) };
    let steps = steps.iter().filter_map(|step| match step {
        Json::Text(text) => Some(text.clone()),
        Json::Integer(digits) => Some(digits.to_string()),
        _ => None,
    });
    Some(format!("{}: {words}", steps.collect::<Vec<_>>().join(".")))
}

fn line(text: &str) -> String {
    let clean = text.chars().map(|it| if it.is_control() { ' ' } else { it });
    clean.take(MAX_DETAIL_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_one_line_of_words_without_values() {
        for (body, words) in [
            (r#"{"detail":"task not\nfound"}"#, "task not found"),
            (r#"{"status":"failed","message":"it is there"}"#, "it is there"),
            (r#"{"value":"Hostname|internet|a.b"}"#, "Hostname|internet|a.b"),
            (
                r#"{"detail":[{"loc":["body","files",0],"msg":"Field required","input":"secret"}]}"#,
                "body.files.0: Field required",
            ),
            (r#"{"detail":[{"input":"secret"}]}"#, "without words"),
            (r#"{"detail":{"input":"secret"}}"#, "without words"),
            (r#"{"environment":"secret"}"#, "without words"),
            ("<html>secret</html>", "without words"),
            ("", "without words"),
        ] {
            assert_eq!(detail(body.as_bytes()), words, "{body}");
        }
        let long = format!(r#"{{"detail":"{}"}}"#, "ä".repeat(1000));
        assert_eq!(detail(long.as_bytes()).chars().count(), MAX_DETAIL_CHARS);
    }
}
