//! Data messages in JSON, and the array of topics before them.

use std::sync::Arc;

use broker_data::Data;

use crate::Topic;
use crate::message::{Kind, Message};
use crate::websocket_frame::TextFrame;
use crate::websocket_notice::{self, ErrorCode};

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
}

/// The topics that a client's first message subscribes to.
pub(crate) fn subscriptions(text: &str, most: usize) -> Result<Vec<Topic>, SubscriptionsFlaw> {
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

/// Why a client's message is none. The words are the original's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InputFlaw {
    #[error("contained invalid data")]
    Invalid,
}

/// Reads a data message.
pub(crate) fn read(_text: &str) -> Result<(Topic, Data), InputFlaw> {
    Err(InputFlaw::Invalid)
}

/// The frame in which WebSocket clients get `message`; `None` if it is no data, or has no form in
/// JSON.
pub(crate) fn frame(message: &Message) -> Option<Arc<[u8]>> {
    if message.kind() != Kind::Data {
        return None;
    }
    let frame = TextFrame::new();
    Some(frame.finish())
}

/// The frame in which they are told that `message` has no such form.
pub(crate) fn unwritable(message: &Message) -> Arc<[u8]> {
    let topic = String::from_utf8_lossy(message.topic());
    let context = format!("a message about {topic} has no form in JSON");
    crate::websocket_frame::frame(&websocket_notice::error(
        ErrorCode::SerializationFailed,
        &context,
    ))
}
