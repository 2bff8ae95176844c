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

/// An error. Clients of Broker look for its words in `context`, those of Zeek in `message`, which
/// may say more.
pub(crate) fn error(code: ErrorCode, context: &str, detail: Option<&str>) -> String {
    let message = match detail {
        Some(detail) => json!(format!("{context}: {detail}")),
        None => json!(context),
    };
    let context = json!(context);
    format!(r#"{{"type":"error","code":"{code}","context":{context},"message":{message}}}"#)
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
            r#"{"type":"error","code":"deserialization_failed","context":"a \"b\"\n","message":"a \"b\"\n: c"}"#
        );
    }
}
