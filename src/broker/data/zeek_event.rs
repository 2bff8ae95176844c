//! Events.

use crate::data::Data;
use crate::time::Timestamp;
use crate::zeek_error::ZeekError;
use crate::zeek_message::{Kind, enveloped};

/// The metadata's key of the time that the network has for Zeek. Keys from 2 to 199 are Zeek's,
/// those from 200 on are free.
pub const NETWORK_TIMESTAMP: u64 = 1;

/// An event: its name, its arguments, and what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Event {
    /// The name, like `Burp::client_state`.
    pub name: String,
    /// The arguments. A record is a vector.
    pub arguments: Vec<Data>,
    /// What is said of the event, by key.
    pub metadata: Vec<(u64, Data)>,
}

impl Event {
    /// An event without metadata.
    pub fn new(name: impl Into<String>, arguments: Vec<Data>) -> Self {
        Self { name: name.into(), arguments, metadata: Vec::new() }
    }

    /// The event, with the time at which it happened on the network.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.metadata.push((NETWORK_TIMESTAMP, Data::Timestamp(time)));
        self
    }

    /// The time at which it happened on the network, if that is said.
    pub fn timestamp(&self) -> Option<Timestamp> {
        self.metadata.iter().find_map(|entry| match entry {
            (NETWORK_TIMESTAMP, Data::Timestamp(time)) => Some(*time),
            _ => None,
        })
    }
}

impl Kind for Event {
    const KIND: u64 = 1;

    fn read(content: Vec<Data>) -> Result<Self, ZeekError> {
        let mut fields = content.into_iter();
        let event = (|| {
            let name = fields.next()?.into_text()?;
            let Data::Vector(arguments) = fields.next()? else { return None };
            let metadata = match fields.next() {
                None => Vec::new(),
                Some(Data::Vector(entries)) => {
                    entries.into_iter().map(metadatum).collect::<Option<_>>()?
                }
                Some(_) => return None,
            };
            Some(Self { name, arguments, metadata })
        })();
        event.ok_or(ZeekError::Content("event"))
    }
}

/// One entry of the metadata.
fn metadatum(entry: Data) -> Option<(u64, Data)> {
    let Data::Vector(entry) = entry else { return None };
    match <[Data; 2]>::try_from(entry).ok()? {
        [Data::Count(NETWORK_TIMESTAMP), value @ Data::Timestamp(_)] => {
            Some((NETWORK_TIMESTAMP, value))
        }
        [Data::Count(NETWORK_TIMESTAMP), _] => None,
        [Data::Count(key), value] => Some((key, value)),
        _ => None,
    }
}

impl From<Event> for Data {
    fn from(event: Event) -> Self {
        let mut content = vec![event.name.into(), Self::Vector(event.arguments)];
        if !event.metadata.is_empty() {
            let entries = event.metadata.into_iter();
            content.push(Self::Vector(
                entries.map(|(key, value)| Self::Vector(vec![Self::Count(key), value])).collect(),
            ));
        }
        enveloped::<Event>(content)
    }
}
