//! What subscribers of a node are told of a store's changes: data on a topic that stays within it.

use broker_data::{Data, Timespan};

use crate::entity_id::EntityId;

/// What the topic of a store's events begins with; the store's name follows.
pub const EVENTS: &[u8] = b"<$>/local/data/store-events/";

/// One change, in the words of the original's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreEvent {
    /// A key that stood for nothing stands for a value.
    Insert {
        /// The key.
        key: Data,
        /// The value.
        value: Data,
        /// How long.
        expiry: Option<Timespan>,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// A key stands for another value.
    Update {
        /// The key.
        key: Data,
        /// What it stood for.
        old: Data,
        /// What it stands for.
        new: Data,
        /// How long.
        expiry: Option<Timespan>,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// A key was erased.
    Erase {
        /// The key.
        key: Data,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// The time of a key has passed.
    Expire {
        /// The key.
        key: Data,
        /// The master.
        publisher: EntityId,
    },
}

impl StoreEvent {
    /// The event as it is published, for the store of this name.
    pub fn into_data(self, store: &str) -> Data {
        let named = |what: &str| vec![Data::from(what), Data::from(store)];
        let (mut fields, publisher) = match self {
            Self::Insert { key, value, expiry, publisher } => {
                let mut fields = named("insert");
                fields.extend([key, value, span(expiry)]);
                (fields, publisher)
            }
            Self::Update { key, old, new, expiry, publisher } => {
                let mut fields = named("update");
                fields.extend([key, old, new, span(expiry)]);
                (fields, publisher)
            }
            Self::Erase { key, publisher } => {
                let mut fields = named("erase");
                fields.push(key);
                (fields, publisher)
            }
            Self::Expire { key, publisher } => {
                let mut fields = named("expire");
                fields.push(key);
                (fields, publisher)
            }
        };
        fields.extend(if publisher.is_nil() {
            [Data::None, Data::None]
        } else {
            [Data::from(publisher.endpoint.to_string()), Data::Count(publisher.object)]
        });
        Data::Vector(fields)
    }
}

fn span(span: Option<Timespan>) -> Data {
    span.map_or(Data::None, Data::Timespan)
}

#[cfg(test)]
mod tests {
    use broker_data::EndpointId;

    use super::*;

    #[test]
    fn an_event_is_told_as_the_original_tells_it() {
        let publisher = EntityId { endpoint: EndpointId([0x11; 16]), object: 8 };
        let (key, expiry) = (Data::from("exp"), Some(Timespan::from_nanos(400_000_000)));
        let value = Data::from("x");
        for (event, text) in [
            (
                StoreEvent::Insert { key: key.clone(), value: value.clone(), expiry, publisher },
                "(insert, st, exp, x, 400000000ns, 11111111-1111-1111-1111-111111111111, 8)",
            ),
            (
                StoreEvent::Update {
                    key: key.clone(),
                    old: value.clone(),
                    new: Data::Count(2),
                    expiry: None,
                    publisher,
                },
                "(update, st, exp, x, 2, nil, 11111111-1111-1111-1111-111111111111, 8)",
            ),
            (
                StoreEvent::Erase { key: key.clone(), publisher: EntityId::NIL },
                "(erase, st, exp, nil, nil)",
            ),
            (
                StoreEvent::Expire { key, publisher },
                "(expire, st, exp, 11111111-1111-1111-1111-111111111111, 8)",
            ),
        ] {
            assert_eq!(event.into_data("st").to_string(), text);
        }
    }
}
