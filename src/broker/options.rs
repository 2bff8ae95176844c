//! What an endpoint is told when it is made.

use std::sync::Arc;
use std::time::Duration;

use ostler_net::LinkLimits;
use ostler_net::tls::{Client, Identity, LiveIdentity, PeerSettings, TlsError};

use crate::EndpointId;
use crate::overflow::Overflow;
use crate::peering_limits::PeeringLimits;
use crate::queue::QueueLimits;
use crate::store_options::StoreLimits;

/// Everything that an [`Endpoint`](crate::Endpoint) lets its user choose, with the defaults.
#[derive(Clone)]
pub struct EndpointOptions {
    /// What the endpoint is called; a random id by default.
    pub id: EndpointId,
    /// Whether messages of peers go on to other peers; default yes.
    pub forwarding: bool,
    /// Whether what peers and WebSocket clients publish goes nowhere; default no.
    pub deaf: bool,
    /// Threads that serve all peers and WebSocket clients; default 2.
    pub threads: usize,
    /// How TLS is spoken with peers, those that come and those that are called; default not at all.
    pub tls: Option<Tls>,
    /// How TLS is spoken with WebSocket clients; default as with peers, if at all. Peers must show a
    /// certificate, which browsers cannot be expected to have.
    pub web_socket_tls: Option<Arc<LiveIdentity>>,
    /// Messages that wait for one peer; default 2048. Their bytes have a limit of their own,
    /// [`LinkLimits::max_bytes`].
    pub peer_buffer: usize,
    /// What becomes of messages from elsewhere for a peer whose buffer is full; default
    /// [`Overflow::Disconnect`]. Who publishes on this endpoint waits instead, or is told no.
    pub peer_overflow: Overflow,
    /// What may wait for one subscriber; default 4096 messages and 64 MiB.
    pub subscriber_buffer: QueueLimits,
    /// What one connection to a peer may take in bytes and in time: the longest message, the
    /// handshake, how a silent peer is found out.
    pub peering: PeeringLimits,
    /// How long [`publish`](crate::Endpoint::publish) waits for receivers that are behind; default
    /// 60 s. A peer that reads nothing for [`LinkLimits::stall`] is cut off before.
    pub publish_wait: Duration,
    /// How long what waits for peers and WebSocket clients may take when the endpoint is dropped;
    /// default 10 s. Peers that do not answer a farewell take
    /// [`PeeringLimits::bye`] only.
    pub end_wait: Duration,
    /// For one attempt to connect to a peer, as far as the connection itself; default 1 s.
    pub connect_wait: Duration,
    /// What all links together and each of them may take.
    pub links: LinkLimits,
    /// What stores may take.
    pub stores: StoreLimits,
}

/// How TLS is spoken with peers.
#[derive(Clone)]
pub struct Tls {
    /// Towards those that come.
    pub server: Arc<LiveIdentity>,
    /// Towards those that are called.
    pub client: Client,
}

impl Tls {
    /// Reads the files that two peers authenticate each other with.
    pub fn load(settings: &PeerSettings) -> Result<Self, TlsError> {
        let server = LiveIdentity::new(Identity::of_peer(settings)?);
        Ok(Self { server: Arc::new(server), client: Client::load(settings)? })
    }
}

impl Default for EndpointOptions {
    fn default() -> Self {
        Self {
            id: EndpointId::random(),
            forwarding: true,
            deaf: false,
            threads: 2,
            tls: None,
            web_socket_tls: None,
            peer_buffer: 2048,
            peer_overflow: Overflow::Disconnect,
            subscriber_buffer: QueueLimits::default(),
            peering: PeeringLimits::default(),
            publish_wait: Duration::from_secs(60),
            end_wait: Duration::from_secs(10),
            connect_wait: Duration::from_secs(1),
            links: LinkLimits::default(),
            stores: StoreLimits::default(),
        }
    }
}
