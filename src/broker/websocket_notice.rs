//! What a WebSocket client is told beside data: `ack` and `error`. The words are put together here
//! and nowhere else.

use std::fmt;

use serde_json::json;

/// What is wrong, as a client's program sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// What the client has sent cannot be read.
    DeserializationFailed,
    /// The client does not keep up with what it has subscribed to.
    BackpressureOverflow,
    /// A message that the client has subscribed to cannot be written in JSON.
    SerializationFailed,
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DeserializationFailed => "deserialization_failed",
            Self::BackpressureOverflow => "backpressure_overflow",
            Self::SerializationFailed => "serialization_failed",
        })
    }
}

/// The answer to the subscriptions: who is at this end.
pub(crate) fn ack(endpoint: &str, version: &str) -> String {
    let (endpoint, version) = (json!(endpoint), json!(version));
    format!(r#"{{"type":"ack","endpoint":{endpoint},"version":{version}}}"#)
}

/// An error. It has the original's fields and no others, since there are clients that compare all of
/// it; what the original does not say stands behind its words, by which they begin.
pub(crate) fn error(code: ErrorCode, context: &str, detail: Option<&str>) -> String {
    let context = match detail {
        Some(detail) => json!(format!("{context}: {detail}")),
        None => json!(context),
    };
    format!(r#"{{"type":"error","code":"{code}","context":{context}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_are_json_with_their_fields_in_order() {
        assert_eq!(
            ack("77777777-7777-4777-8777-777777777777", "2.8.0-dev"),
            r#"{"type":"ack","endpoint":"77777777-7777-4777-8777-777777777777","version":"2.8.0-dev"}"#
        );
        assert_eq!(
            error(ErrorCode::DeserializationFailed, "a \"b\"\n", Some("c")),
            r#"{"type":"error","code":"deserialization_failed","context":"a \"b\"\n: c"}"#
        );
    }
}
