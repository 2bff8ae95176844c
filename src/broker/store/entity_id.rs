//! Who takes part in a store: one object of one endpoint.

use std::fmt;

use broker_data::EndpointId;

/// A master, a clone, or who asks one. As text `ENDPOINT:OBJECT`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId {
    /// The endpoint that it is in.
    pub endpoint: EndpointId,
    /// Its number there.
    pub object: u64,
}

impl EntityId {
    /// Nobody; as a receiver, everybody.
    pub const NIL: Self = Self { endpoint: EndpointId::NIL, object: 0 };

    /// Whether this is [`NIL`](Self::NIL).
    pub fn is_nil(&self) -> bool {
        *self == Self::NIL
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.endpoint, self.object)
    }
}
