//! Any message of Zeek's, and batches.

use crate::data::Data;
use crate::zeek_error::ZeekError;
use crate::zeek_event::Event;
use crate::zeek_log::{IdentifierUpdate, LogCreate, LogWrite};

/// The number of the format.
const FORMAT: u64 = 1;

/// A message of Zeek's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// An event.
    Event(Event),
    /// A log stream is created.
    LogCreate(LogCreate),
    /// An entry of a log.
    LogWrite(LogWrite),
    /// An identifier has a new value.
    IdentifierUpdate(IdentifierUpdate),
    /// Several messages.
    Batch(Batch),
}

/// Messages that are sent as one; batches may lie in batches.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Batch(pub Vec<Message>);

impl Message {
    /// Whether a value has the shape of a message, without looking at its content.
    pub fn is_in(value: &Data) -> bool {
        let Data::Vector(parts) = value else { return false };
        matches!(parts.as_slice(), [Data::Count(FORMAT), Data::Count(1..=5), Data::Vector(_), ..])
    }
}

impl TryFrom<Data> for Message {
    type Error = ZeekError;

    fn try_from(value: Data) -> Result<Self, ZeekError> {
        let Data::Vector(parts) = value else { return Err(ZeekError::Shape) };
        let mut parts = parts.into_iter();
        let head = (parts.next(), parts.next(), parts.next());
        let (Some(Data::Count(FORMAT)), Some(Data::Count(kind)), Some(Data::Vector(content))) =
            head
        else {
            return Err(ZeekError::Shape);
        };
        match kind {
            Event::KIND => Event::read(content).map(Self::Event),
            LogCreate::KIND => LogCreate::read(content).map(Self::LogCreate),
            LogWrite::KIND => LogWrite::read(content).map(Self::LogWrite),
            IdentifierUpdate::KIND => IdentifierUpdate::read(content).map(Self::IdentifierUpdate),
            Batch::KIND => Batch::read(content).map(Self::Batch),
            _ => Err(ZeekError::Kind(kind)),
        }
    }
}

impl From<Message> for Data {
    fn from(message: Message) -> Self {
        match message {
            Message::Event(message) => message.into(),
            Message::LogCreate(message) => message.into(),
            Message::LogWrite(message) => message.into(),
            Message::IdentifierUpdate(message) => message.into(),
            Message::Batch(message) => message.into(),
        }
    }
}

/// One kind of messages.
pub(crate) trait Kind: Sized {
    /// The number in a message.
    const KIND: u64;

    /// Reads the content of a message.
    fn read(content: Vec<Data>) -> Result<Self, ZeekError>;
}

impl Kind for Batch {
    const KIND: u64 = 5;

    fn read(content: Vec<Data>) -> Result<Self, ZeekError> {
        content.into_iter().map(Message::try_from).collect::<Result<_, _>>().map(Self)
    }
}

impl From<Batch> for Data {
    fn from(Batch(messages): Batch) -> Self {
        enveloped::<Batch>(messages.into_iter().map(Self::from).collect())
    }
}

/// The message of a content.
pub(crate) fn enveloped<K: Kind>(content: Vec<Data>) -> Data {
    Data::Vector(vec![Data::Count(FORMAT), Data::Count(K::KIND), Data::Vector(content)])
}

/// A value as one of the kinds, and each kind as a message.
macro_rules! kinds {
    ($($kind:ident),*) => {$(
        impl TryFrom<Data> for $kind {
            type Error = ZeekError;

            fn try_from(value: Data) -> Result<Self, ZeekError> {
                match Message::try_from(value)? {
                    Message::$kind(message) => Ok(message),
                    other => Err(ZeekError::Kind(other.kind())),
                }
            }
        }

        impl From<$kind> for Message {
            fn from(message: $kind) -> Self {
                Self::$kind(message)
            }
        }
    )*

        impl Message {
            /// The number of the message's kind.
            pub fn kind(&self) -> u64 {
                match self {
                    $(Self::$kind(_) => $kind::KIND,)*
                }
            }
        }
    };
}

kinds!(Event, LogCreate, LogWrite, IdentifierUpdate, Batch);
