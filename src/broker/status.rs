//! What a node tells of its peers: changes and errors, as values and as texts.
//!
//! They are published under [`STATUSES`] and [`ERRORS`], which never leave the node, in the shapes
//! `["status", code, endpoint, "text"]` and `["error", code, nil]`, `["error", code, ["text"]]` or
//! `["error", code, [endpoint, "text"]]`.

use std::fmt;

use broker_data::{Data, EnumValue};

use crate::EndpointId;
use crate::endpoint_info::{EndpointInfo, NetworkInfo};
use crate::{Ec, Sc};

/// Where changes are published.
pub const STATUSES: &[u8] = b"<$>/local/data/statuses";
/// Where errors are published.
pub const ERRORS: &[u8] = b"<$>/local/data/errors";

/// What the original says of a peer or client that does not keep up.
pub(crate) const OVERFLOW: &str = "caf::sec::backpressure_overflow";

/// A change among the peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// What changed.
    pub code: Sc,
    /// Whose connection; nobody's with [`Sc::Unspecified`].
    pub endpoint: EndpointInfo,
    /// The same in words.
    pub message: String,
}

/// An error that concerns the node's peers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub code: Ec,
    /// With whom.
    pub endpoint: Option<EndpointInfo>,
    /// The same in words; there are always some with an endpoint.
    pub message: Option<String>,
}

/// A value is no status or no error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value is no status and no error of a node")]
pub struct NoStatus;

impl Status {
    /// There is a path to the endpoint `id`: said before its peering is.
    pub fn endpoint_discovered(id: EndpointId) -> Self {
        Self::new(Sc::EndpointDiscovered, id, None, "found a new peer in the network")
    }

    /// A peering was made.
    pub fn peer_added(id: EndpointId, network: NetworkInfo) -> Self {
        Self::new(Sc::PeerAdded, id, Some(network), "handshake successful")
    }

    /// This node ended a peering.
    pub fn peer_removed(id: EndpointId, network: NetworkInfo) -> Self {
        Self::new(Sc::PeerRemoved, id, Some(network), "removed connection to remote peer")
    }

    /// This node ended a peering, since the other side does not keep up with what it is sent.
    pub fn peer_overflowed(id: EndpointId, network: NetworkInfo) -> Self {
        let words = format!("removed connection to remote peer: {OVERFLOW}");
        Self::new(Sc::PeerRemoved, id, Some(network), words)
    }

    /// The other side ended a peering.
    pub fn peer_lost(id: EndpointId, network: NetworkInfo) -> Self {
        Self::new(Sc::PeerLost, id, Some(network), "lost connection to remote peer")
    }

    /// No path to the endpoint `id` is left: said after the end of its peering.
    pub fn endpoint_unreachable(id: EndpointId) -> Self {
        Self::new(Sc::EndpointUnreachable, id, None, "lost the last path")
    }

    /// There is a WebSocket client.
    pub fn client_discovered(id: EndpointId) -> Self {
        Self::new(Sc::EndpointDiscovered, id, None, "found a new client in the network")
    }

    /// A WebSocket client went away.
    pub fn client_lost(id: EndpointId, network: NetworkInfo) -> Self {
        Self::new(Sc::PeerLost, id, Some(network), "lost connection to client")
    }

    /// A change in other words.
    pub fn new(
        code: Sc,
        id: EndpointId,
        network: Option<NetworkInfo>,
        message: impl Into<String>,
    ) -> Self {
        let endpoint = EndpointInfo { id: Some(id), network };
        Self { code, endpoint, message: message.into() }
    }
}

impl Error {
    /// An error that concerns nobody in particular.
    pub fn new(code: Ec, message: impl Into<String>) -> Self {
        Self { code, endpoint: None, message: Some(message.into()) }
    }

    /// An error with an endpoint.
    pub fn with(code: Ec, endpoint: EndpointInfo, message: impl Into<String>) -> Self {
        Self { code, endpoint: Some(endpoint), message: Some(message.into()) }
    }

    /// An attempt to connect failed.
    pub fn peer_unavailable(network: NetworkInfo) -> Self {
        let endpoint = EndpointInfo { id: None, network: Some(network) };
        Self::with(Ec::PeerUnavailable, endpoint, "unable to connect to remote peer")
    }

    /// A peering that there is not shall be ended.
    pub fn peer_invalid(endpoint: EndpointInfo) -> Self {
        Self::with(Ec::PeerInvalid, endpoint, "cannot unpeer from unknown peer")
    }
}

impl From<Ec> for Error {
    fn from(code: Ec) -> Self {
        Self { code, endpoint: None, message: None }
    }
}

impl std::error::Error for Error {}

impl From<&Status> for Data {
    fn from(status: &Status) -> Self {
        let (endpoint, message) = match status.code {
            Sc::Unspecified => (Self::None, Self::None),
            _ => (Self::from(&status.endpoint), text(&status.message)),
        };
        Self::Vector(vec![text("status"), name(status.code.name()), endpoint, message])
    }
}

impl From<&Error> for Data {
    fn from(error: &Error) -> Self {
        let words = text(error.message.as_deref().unwrap_or_default());
        let context = match (&error.endpoint, &error.message) {
            (Some(endpoint), _) => Self::Vector(vec![endpoint.into(), words]),
            (None, Some(_)) => Self::Vector(vec![words]),
            (None, None) => Self::None,
        };
        Self::Vector(vec![text("error"), name(error.code.name()), context])
    }
}

impl TryFrom<&Data> for Status {
    type Error = NoStatus;

    fn try_from(data: &Data) -> Result<Self, NoStatus> {
        let Data::Vector(fields) = data else { return Err(NoStatus) };
        let [Data::String(tag), Data::Enum(name), endpoint, message] = fields.as_slice() else {
            return Err(NoStatus);
        };
        let code = Sc::from_name(name.as_bytes()).ok_or(NoStatus)?;
        match (tag.as_slice(), code, endpoint, message) {
            (b"status", Sc::Unspecified, Data::None, Data::None) => {
                Ok(Self { code, endpoint: EndpointInfo::default(), message: String::new() })
            }
            (b"status", _, Data::Vector(_), Data::String(message)) if code != Sc::Unspecified => {
                let endpoint = EndpointInfo::try_from(endpoint)?;
                Ok(Self { code, endpoint, message: words(message) })
            }
            _ => Err(NoStatus),
        }
    }
}

impl TryFrom<&Data> for Error {
    type Error = NoStatus;

    fn try_from(data: &Data) -> Result<Self, NoStatus> {
        let Data::Vector(fields) = data else { return Err(NoStatus) };
        let [Data::String(tag), Data::Enum(name), context] = fields.as_slice() else {
            return Err(NoStatus);
        };
        if tag != b"error" {
            return Err(NoStatus);
        }
        let code = Ec::from_name(name.as_bytes()).ok_or(NoStatus)?;
        match context {
            Data::None => Ok(code.into()),
            Data::Vector(context) => match context.as_slice() {
                [Data::String(message)] => Ok(Self::new(code, words(message))),
                [endpoint, Data::String(message)] => {
                    Ok(Self::with(code, EndpointInfo::try_from(endpoint)?, words(message)))
                }
                _ => Err(NoStatus),
            },
            _ => Err(NoStatus),
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.code)?;
        if self.code != Sc::Unspecified {
            write!(f, "{}, ", self.endpoint.id.unwrap_or_default())?;
            if let Some(network) = &self.endpoint.network {
                write!(f, "{network}, ")?;
            }
        }
        write!(f, "\"{}\")", self.message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.as_deref().unwrap_or_default();
        match (&self.endpoint, &self.message) {
            (Some(endpoint), _) => write!(f, "{}({endpoint}, \"{message}\")", self.code),
            (None, Some(_)) => write!(f, "{}(\"{message}\")", self.code),
            (None, None) => write!(f, "{}", self.code),
        }
    }
}

fn text(text: &str) -> Data {
    Data::String(text.into())
}

fn name(name: &str) -> Data {
    Data::Enum(EnumValue::new(name))
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
#[path = "status_cases.rs"]
mod cases;
