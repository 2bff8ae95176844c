//! Whom an endpoint peers with, and whom not any more.

use std::io;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use ostler_runtime::Deadline;

use crate::connector::Removed;
use crate::endpoint_info::{EndpointInfo, NetworkInfo};
use crate::peer_link::PeerLink;
use crate::peers::PeerInfo;
use crate::status::Error;
use crate::{Endpoint, EndpointId};

/// How late the threads of connections may be to see that a peer's time for an answer is over.
const LATE: Duration = Duration::from_secs(10);

/// What comes of a wish for a peer. Dropping it changes nothing of that.
pub struct AwaitedPeer {
    network: NetworkInfo,
    told: Receiver<Result<EndpointId, Error>>,
}

impl AwaitedPeer {
    /// Who the peer is, or why there is none; `None` if that is not known in time. It is told once.
    pub fn wait(&self, deadline: Deadline) -> Option<Result<EndpointId, Error>> {
        let answer = match deadline.instant() {
            Some(at) => self.told.recv_deadline(at),
            None => self.told.recv().map_err(Into::into),
        };
        match answer {
            Err(RecvTimeoutError::Timeout) => None,
            // The endpoint has ended.
            Err(RecvTimeoutError::Disconnected) => {
                Some(Err(Error::peer_unavailable(self.network.clone())))
            }
            Ok(answer) => Some(answer),
        }
    }
}

impl Endpoint {
    /// Peers with the node at this place and waits for it: with a retry, until the deadline, and
    /// the attempts go on behind it; without one, for the only attempt.
    pub fn peer(
        &self,
        address: &str,
        port: u16,
        retry: Option<Duration>,
        deadline: Deadline,
    ) -> Result<EndpointId, Error> {
        let awaited = self.peer_async(address, port, retry);
        let unavailable = || Err(Error::peer_unavailable(awaited.network.clone()));
        awaited.wait(deadline).unwrap_or_else(unavailable)
    }

    /// The same, for who waits for it later, or several times for a while.
    pub fn peer_async(&self, address: &str, port: u16, retry: Option<Duration>) -> AwaitedPeer {
        let (outcome, told) = bounded(1);
        let network = network(address, port, retry);
        self.core().wishes.add(network.clone(), Some(outcome));
        AwaitedPeer { network, told }
    }

    /// The same without waiting. What comes of it, a [`StatusSubscriber`](crate::StatusSubscriber) learns.
    pub fn peer_nosync(&self, address: &str, port: u16, retry: Option<Duration>) {
        self.core().wishes.add(network(address, port, retry), None);
    }

    /// Peers with another endpoint of this process, without a socket of the network.
    pub fn peer_with(&self, other: &Self) -> io::Result<()> {
        let (one, two) = PeerLink::pair(self.core(), other.core());
        self.links_of().pair(Box::new(one), Box::new(two))?;
        Ok(())
    }

    /// Parts with the peer at this place, and does not try to reach it any more. Waits until it
    /// has gone, which takes some seconds if it does not answer; `false` if there was none, which
    /// [status subscribers](Self::status_subscriber) learn too, or if it is there 10 s later still,
    /// because the endpoint's own threads do not get on.
    pub fn unpeer(&self, address: &str, port: u16) -> bool {
        self.wait_parted(self.part(address, port))
    }

    /// The same without waiting.
    pub fn unpeer_nosync(&self, address: &str, port: u16) -> bool {
        self.part(address, port).is_some()
    }

    /// Parts with this peer, wherever it is: also with one that has come by itself or is in this
    /// process. Otherwise as [`unpeer`](Self::unpeer).
    pub fn unpeer_id(&self, id: EndpointId) -> bool {
        let wish = self.core().wishes.remove_peered(id);
        let endpoint = EndpointInfo { id: Some(id), network: None };
        self.wait_parted(self.leave(wish, endpoint, |other, _| other == id))
    }

    fn part(&self, address: &str, port: u16) -> Option<Vec<(EndpointId, u64)>> {
        let network = network(address, port, None);
        let wish = self.core().wishes.remove(&network);
        let endpoint = EndpointInfo { id: None, network: Some(network.clone()) };
        self.leave(wish, endpoint, |id, at| {
            wish == Some(Removed::Peer(id))
                || at.address == network.address && at.port == network.port
        })
    }

    /// Says farewell to those that are meant: who they are, and by which links. `None` if there are
    /// none, nor was one wished for.
    fn leave(
        &self,
        wish: Option<Removed>,
        endpoint: EndpointInfo,
        is_meant: impl Fn(EndpointId, &NetworkInfo) -> bool,
    ) -> Option<Vec<(EndpointId, u64)>> {
        let links = self.core().peers.links(is_meant);
        if links.is_empty() && wish.is_none() {
            self.core().error(Error::peer_invalid(endpoint));
            return None;
        }
        for (_, link, leaving) in &links {
            leaving.ask(link, self.core().parted());
        }
        Some(links.into_iter().map(|(id, link, _)| (id, link.id())).collect())
    }

    fn wait_parted(&self, left: Option<Vec<(EndpointId, u64)>>) -> bool {
        let Some(left) = left else { return false };
        // What waits for it may be sent first, and behind that it has its time for an answer.
        let answer = self.core().options.peering.bye.saturating_add(LATE);
        let limit = self.core().parted_after().saturating_add(answer);
        self.core().peers.wait(Deadline::after(limit), |peers| {
            // It may have come anew meanwhile.
            let is_there = |(id, link): &(EndpointId, u64)| {
                peers.get(id).is_some_and(|peer| peer.link.id() == *link)
            };
            !left.iter().any(is_there)
        })
    }

    /// The peers there are, and those that are wished for.
    pub fn peers(&self) -> Vec<PeerInfo> {
        let mut peers = self.core().peers.all();
        peers.extend(self.core().wishes.open().into_iter().map(PeerInfo::wished));
        peers
    }

    /// Waits until this node is a peer; whether it is in time.
    pub fn await_peer(&self, id: EndpointId, deadline: Deadline) -> bool {
        self.core().peers.wait(deadline, |peers| peers.contains_key(&id))
    }
}

fn network(address: &str, port: u16, retry: Option<Duration>) -> NetworkInfo {
    // Less than a second is as soon as there is.
    let retry_seconds = retry.map_or(0, |wait| wait.as_secs().max(1));
    NetworkInfo { retry_seconds, ..NetworkInfo::new(address, port) }
}
