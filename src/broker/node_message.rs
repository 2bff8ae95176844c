//! What nodes in the modes ping, pong and relay say to each other.

use broker_data::Data;

/// One of the messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeMessage {
    /// `["ping", number, text]`; the first ones have the number 0, until one is answered.
    Ping(u64, usize),
    /// `["pong", number]`.
    Pong(u64),
    /// `"stop"`.
    Stop,
}

impl NodeMessage {
    /// What a value says, if it is one of them.
    pub(crate) fn read(data: &Data) -> Option<Self> {
        let text =
            |data: &Data, text: &str| matches!(data, Data::String(is) if is == text.as_bytes());
        match data {
            Data::Vector(fields) => match fields.as_slice() {
                [name, Data::Count(number), Data::String(payload)] if text(name, "ping") => {
                    Some(Self::Ping(*number, payload.len()))
                }
                [name, Data::Count(number)] if text(name, "pong") => Some(Self::Pong(*number)),
                _ => None,
            },
            other => text(other, "stop").then_some(Self::Stop),
        }
    }
}

impl From<&NodeMessage> for Data {
    fn from(message: &NodeMessage) -> Self {
        let text = |text: &str| Self::String(text.as_bytes().to_vec());
        match message {
            NodeMessage::Ping(number, size) => Self::Vector(vec![
                text("ping"),
                Self::Count(*number),
                Self::String(vec![b'x'; *size]),
            ]),
            NodeMessage::Pong(number) => Self::Vector(vec![text("pong"), Self::Count(*number)]),
            NodeMessage::Stop => text("stop"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_is_read_again_and_others_are_none() {
        for message in [NodeMessage::Ping(7, 3), NodeMessage::Pong(7), NodeMessage::Stop] {
            assert_eq!(NodeMessage::read(&Data::from(&message)), Some(message));
        }
        for other in
            [Data::None, Data::Vector(vec![Data::Count(1)]), Data::from(&NodeMessage::Stop)]
        {
            assert_eq!(NodeMessage::read(&Data::Vector(vec![other])), None);
        }
    }
}
