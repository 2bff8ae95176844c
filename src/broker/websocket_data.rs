//! Data messages in JSON, and the array of topics before them.

use std::sync::Arc;

use broker_data::Data;
use broker_data::json::{self, JsonError, Malformed};

use crate::message::{Kind, Message};
use crate::websocket_frame::{TextFrame, frame as frame_of};
use crate::websocket_notice::{self, ErrorCode};
use crate::{Topic, WebSocketLimits};

/// The longest text that clients are sent, as long as a message of a peer may be: in JSON an element
/// of one byte can have thirty.
const MAX_TEXT_BYTES: usize = 64 << 20;

/// No byte of a message becomes more than so many of its text: a table of nothing but `none` has 40.
const MOST_FOR_A_BYTE: usize = 64;

/// Why the first message is no array of topics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SubscriptionsFlaw {
    #[error("subscriptions not an array")]
    NoArray,
    #[error("subscriptions not an array of strings")]
    NoStrings,
    #[error("more than {0} subscriptions")]
    TooMany(usize),
    #[error("a subscription of more than {} bytes", Topic::MAX_BYTES)]
    TooLong,
    #[error("subscriptions of more than {0} bytes")]
    TooMuch(usize),
}

/// The topics that a client's first message subscribes to.
pub(crate) fn subscriptions(
    text: &str,
    limits: &WebSocketLimits,
) -> Result<Vec<Topic>, SubscriptionsFlaw> {
    let most = limits.max_topics;
    let Ok(serde_json::Value::Array(array)) = serde_json::from_str(text) else {
        return Err(SubscriptionsFlaw::NoArray);
    };
    if array.len() > most {
        return Err(SubscriptionsFlaw::TooMany(most));
    }
    let topic = |value: serde_json::Value| {
        let text = value.as_str().ok_or(SubscriptionsFlaw::NoStrings)?;
        Topic::new(text).map_err(|_| SubscriptionsFlaw::TooLong)
    };
    array.into_iter().map(topic).collect()
}

/// Why a client's message is none. The words are the original's, which clients' tests look for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputFlaw {
    #[error("contained malformed JSON -> caf::pec::{problem}({line}, {column})")]
    Malformed { problem: Malformed, line: usize, column: usize },
    #[error("expected a JSON object")]
    NoObject,
    #[error("contained invalid data")]
    Invalid(String),
    #[error("caused an internal error -> deserialization_failed(\"failed to parse data\")")]
    Duplicate,
}

impl InputFlaw {
    /// What the original does not say.
    pub(crate) fn detail(&self) -> Option<&str> {
        match self {
            Self::Invalid(detail) => Some(detail),
            _ => None,
        }
    }
}

impl From<JsonError> for InputFlaw {
    fn from(error: JsonError) -> Self {
        match error {
            JsonError::Malformed { problem, line, column } => {
                Self::Malformed { problem, line, column }
            }
            JsonError::NotAnObject => Self::NoObject,
            JsonError::Duplicate => Self::Duplicate,
            JsonError::InvalidData(detail) => Self::Invalid(detail),
            other => Self::Invalid(other.to_string()),
        }
    }
}

/// Reads a data message. One without a topic has an empty one, which is nobody's unless somebody
/// has subscribed to everything. What the node tells of itself, no client can tell.
pub(crate) fn read(text: &str) -> Result<(Topic, Data), InputFlaw> {
    let message = json::read_message(text)?;
    let topic = Topic::new(message.topic.unwrap_or_default())
        .map_err(|error| InputFlaw::Invalid(error.to_string()))?;
    if Topic::is_internal(topic.as_bytes()) {
        return Err(InputFlaw::Invalid("the topic is the node's own".into()));
    }
    Ok((topic, message.data))
}

/// The frame in which WebSocket clients get `message`; `None` if it is no data, has no form in JSON,
/// or one that is too long.
pub(crate) fn frame(message: &Message) -> Option<Arc<[u8]>> {
    if message.kind() != Kind::Data {
        return None;
    }
    let data = message.decode().ok()?;
    let mut frame = TextFrame::new();
    let is_short = message.frame().len() <= MAX_TEXT_BYTES / MOST_FOR_A_BYTE;
    let most = if is_short { usize::MAX } else { MAX_TEXT_BYTES };
    json::write_message_within(message.topic(), &data, most, frame.text()).ok()?;
    Some(frame.finish())
}

/// The frame in which they are told that `message` has no such form.
pub(crate) fn unwritable(message: &Message) -> Arc<[u8]> {
    let topic = String::from_utf8_lossy(message.topic());
    let context = format!("a message about {topic} has no form in JSON, or a too long one");
    frame_of(&websocket_notice::error(ErrorCode::SerializationFailed, &context, None))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use broker_data::Data;

    use super::*;
    use crate::{EndpointId, Kind, TTL};

    #[test]
    fn no_byte_becomes_more_than_it_may() {
        let none = |count| Data::Vector(vec![Data::None; count]);
        let rows = (0..1000).map(|row| (none(row), none(row)));
        let values = [
            none(10_000),
            Data::Vector(vec![Data::Vector(Vec::new()); 10_000]),
            Data::Table(rows.collect::<BTreeMap<_, _>>()),
            Data::Table(BTreeMap::from([(Data::None, Data::None)])),
            Data::String(vec![0xff; 10_000]),
            Data::String(vec![1; 10_000]),
            Data::Vector(vec![Data::Boolean(false); 10_000]),
        ];
        for value in values {
            let id = EndpointId([1; 16]);
            let mut payload = Vec::new();
            value.encode(&mut payload);
            let message =
                Message::new(id, EndpointId::NIL, Kind::Data, TTL, b"\x01", &payload).unwrap();
            let text = frame(&message).unwrap();
            assert!(text.len() <= message.frame().len() * MOST_FOR_A_BYTE, "{}", text.len());
        }
    }
}
