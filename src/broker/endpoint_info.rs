//! Who an endpoint is and where it is reached, as its peers and programs are told.

use std::fmt;

use broker_data::{Data, Port};

use crate::EndpointId;
use crate::status::NoStatus;

/// Where a peer is: for the side that listens, where it connects from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NetworkInfo {
    /// Its address or name.
    pub address: String,
    /// Its port of TCP.
    pub port: u16,
    /// After how many seconds to connect again; 0 for never.
    pub retry_seconds: u64,
}

/// An endpoint, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointInfo {
    /// What it is called, once hands are shaken.
    pub id: Option<EndpointId>,
    /// Where it is, if there is a connection.
    pub network: Option<NetworkInfo>,
}

impl NetworkInfo {
    /// A peer to which nothing connects again.
    pub fn new(address: impl Into<String>, port: u16) -> Self {
        Self { address: address.into(), port, retry_seconds: 0 }
    }
}

/// `[id or nil, address, port, seconds]`, or `[id or nil, nil, nil, nil]`.
impl From<&EndpointInfo> for Data {
    fn from(endpoint: &EndpointInfo) -> Self {
        let id = endpoint.id.map_or(Self::None, |id| Self::String(id.to_string().into_bytes()));
        let [address, port, retry] = match &endpoint.network {
            Some(network) => [
                Self::String(network.address.clone().into_bytes()),
                Self::Port(Port::tcp(network.port)),
                Self::Count(network.retry_seconds),
            ],
            None => [Self::None, Self::None, Self::None],
        };
        Self::Vector(vec![id, address, port, retry])
    }
}

impl TryFrom<&Data> for EndpointInfo {
    type Error = NoStatus;

    fn try_from(data: &Data) -> Result<Self, NoStatus> {
        let Data::Vector(fields) = data else { return Err(NoStatus) };
        let [id, network @ ..] = fields.as_slice() else { return Err(NoStatus) };
        let id = match id {
            Data::None => None,
            Data::String(id) => {
                let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
                Some(id.ok_or(NoStatus)?)
            }
            _ => return Err(NoStatus),
        };
        let network = match network {
            [Data::None, Data::None, Data::None] => None,
            [Data::String(address), Data::Port(port), Data::Count(retry_seconds)] => {
                let address = String::from_utf8(address.clone()).map_err(|_| NoStatus)?;
                Some(NetworkInfo { address, port: port.number, retry_seconds: *retry_seconds })
            }
            _ => return Err(NoStatus),
        };
        Ok(Self { id, network })
    }
}

impl fmt::Display for NetworkInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.contains(':') {
            write!(f, "[{}]:{}", self.address, self.port)
        } else {
            write!(f, "{}:{}", self.address, self.port)
        }
    }
}

/// As the original shows it within its errors.
impl fmt::Display for EndpointInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "endpoint_info({}, ", self.id.unwrap_or_default())?;
        match &self.network {
            Some(network) => write!(f, "*{network})"),
            None => f.write_str("null)"),
        }
    }
}
