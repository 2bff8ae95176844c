//! The connection to another node: the protocol of [`Peering`] on a link, and what becomes of its
//! events in the endpoint.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use ostler_net::{Closed, Link, Peer as Address, Protocol, Turn};
use ostler_runtime::now;

use crate::core::Core;
use crate::endpoint_info::{EndpointInfo, NetworkInfo};
use crate::failure::Failure;
use crate::handshake::Role;
use crate::keepalive::Reading;
use crate::leaving::Leaving;
use crate::parcel::Origin;
use crate::peer_gate::Form;
use crate::peer_outlet::{BEHIND, PeerOutlet};
use crate::peer_view::PeerView;
use crate::peering::Peering;
use crate::peering_event::{Event, PeeringStatistics};
use crate::peers::Peer;
use crate::route::{Owner, Route};
use crate::routing::Behind;
use crate::status::{Error, Status};
use crate::tls_advice::{advice, warn_of};
use crate::{EndpointId, Filter, Message};

/// See the module.
pub(crate) struct PeerLink {
    view: PeerView,
    role: Role,
    network: NetworkInfo,
    /// The wish that it is to fulfil.
    wish: Option<u64>,
    peering: Option<Peering>,
    peer: Option<(EndpointId, Arc<Route>)>,
    /// The way to it.
    outlet: Option<Arc<PeerOutlet>>,
    /// The last frames of the handshake, with which the other side is a peer.
    last: Vec<Arc<[u8]>>,
    /// A message for which somebody had no room.
    pending: Option<Message>,
    leaving: Arc<Leaving>,
    /// Whether the peer was not told the last that is wanted.
    stale: Arc<AtomicBool>,
    /// What of its statistics the endpoint has counted.
    counted: PeeringStatistics,
    /// Whether it was this node that ended it.
    ours: bool,
    /// Whether the peer cannot be used any more, for which it is to blame.
    is_lost: bool,
}

impl PeerLink {
    /// A connection to a peer that is wished for.
    pub(crate) fn towards(core: &Arc<Core>, wish: u64, network: NetworkInfo) -> Self {
        Self { wish: Some(wish), ..Self::new(core, Role::Connector, network) }
    }

    /// A connection that was accepted.
    pub(crate) fn from_outside(core: &Arc<Core>, from: Address) -> Self {
        let network = match from {
            Address::Inet(address) => {
                NetworkInfo::new(address.ip().to_canonical().to_string(), address.port())
            }
            Address::Unix => NetworkInfo::new("localhost", 0),
        };
        Self::new(core, Role::Listener, network)
    }

    /// Both ends of a connection within this process.
    pub(crate) fn pair(one: &Arc<Core>, other: &Arc<Core>) -> (Self, Self) {
        let network = |core: &Core| NetworkInfo::new(core.id.to_string(), 0);
        let first = Self::new(one, Role::Connector, network(other));
        (first, Self::new(other, Role::Listener, network(one)))
    }

    fn new(core: &Arc<Core>, role: Role, network: NetworkInfo) -> Self {
        Self {
            view: PeerView::new(core),
            role,
            network,
            wish: None,
            peering: None,
            peer: None,
            outlet: None,
            last: Vec::new(),
            pending: None,
            leaving: Arc::default(),
            stale: Arc::default(),
            counted: PeeringStatistics::default(),
            ours: false,
            is_lost: false,
        }
    }

    fn core(&self) -> &Arc<Core> {
        &self.view.core
    }

    /// Deals with what has happened, and with what has come.
    fn go_on(&mut self, input: &mut &[u8], link: &Link, now: Instant) -> Turn {
        if let Some(message) = self.pending.take()
            && let Some(turn) = self.pass_on(message, link)
        {
            return turn;
        }
        self.react(input, link, now)
    }

    /// The same, but for what is held.
    fn react(&mut self, input: &mut &[u8], link: &Link, now: Instant) -> Turn {
        loop {
            let Some(peering) = &mut self.peering else { return Turn::Abort };
            let Some(event) = peering.next(input, now, &self.view) else {
                return if peering.is_aside() { Turn::Hold } else { Turn::Continue };
            };
            let is_last = self.peer.is_none() && peering.is_peered();
            let turn = match event {
                Event::Message(message) => self.pass_on(message, link),
                // Whoever reads it knows of the peering: so must everybody here by then.
                Event::Send(frame) if is_last => {
                    self.last.push(frame);
                    None
                }
                Event::Send(frame) => (!link.force(&frame)).then_some(Turn::Abort),
                Event::Peered { id, filter, told } => {
                    (!self.peered(id, filter, &told, link)).then_some(Turn::Abort)
                }
                Event::Filter(filter) => {
                    self.refilter(filter);
                    None
                }
                Event::Tags(understands) => {
                    self.settle(if understands { Form::Tagged } else { Form::Plain });
                    if self.leaving.is_asked() {
                        link.call();
                    }
                    None
                }
                Event::Pong { round_trip } => {
                    log::debug!("{} answers after {round_trip:?}", self.network);
                    None
                }
                // It closes the connection when it has the answer to that.
                Event::Bye => None,
                // The peer has heard everything, or hears nothing.
                Event::Left => {
                    self.ours = true;
                    Some(Turn::Abort)
                }
                Event::Redundant { id } => {
                    if let Some(wish) = self.wish.take() {
                        let core = self.core();
                        core.wishes.came_true(wish, id);
                        // The connection that has the peer may have ended meanwhile, unseen.
                        if core.claims.state(id).is_none() {
                            core.wishes.lost(id);
                        }
                    }
                    Some(Turn::Close)
                }
                Event::Failed(failure) => {
                    self.failed(&failure);
                    // Only somebody who is no peer yet is told why.
                    Some(if self.peer.is_none() { Turn::Close } else { Turn::Abort })
                }
            };
            if let Some(turn) = turn {
                return turn;
            }
        }
    }

    /// Gives a message of the peer to all who want it; how to go on, if not at once.
    fn pass_on(&mut self, message: Message, link: &Link) -> Option<Turn> {
        let (id, _) = self.peer.as_ref()?;
        let id = *id;
        loop {
            match self.core().routing.pass_on(&message, Origin::Peer(id)) {
                Ok(_) => break,
                Err(Behind(route)) => {
                    let held = link.clone();
                    if route.outlet.when_room(Box::new(move || held.resume())) {
                        self.pending = Some(message);
                        return Some(Turn::Hold);
                    }
                }
            }
        }
        None
    }

    /// Takes the other side in as a peer and says the last of the handshake, in one: who sees or reads
    /// either finds the other one done. Whether that could be said.
    fn peered(&mut self, id: EndpointId, filter: Filter, told: &Filter, link: &Link) -> bool {
        let core = Arc::clone(self.core());
        let outlet = Arc::new(PeerOutlet::new(link, &core));
        link.established();
        link.set_max_frames(core.options.peer_buffer);
        let last = std::mem::take(&mut self.last);
        let route = core.catch_up(id, told, link, || {
            // Only who has several peers can be part of a loop.
            if core.peers.ask_tags() {
                outlet.gate.close();
            }
            let receiver = (Owner::Peer(id), filter, Arc::clone(&outlet) as _);
            core.peers.add(id, || {
                let say_last = || last.iter().all(|frame| link.force(frame));
                let route = core.routing.add_behind(receiver, say_last)?;
                core.claims.peered(id, self.view.number);
                Some(Peer {
                    link: link.clone(),
                    network: self.network.clone(),
                    role: self.role,
                    route,
                    outlet: Arc::clone(&outlet),
                    leaving: Arc::clone(&self.leaving),
                    stale: Arc::clone(&self.stale),
                })
            })
        });
        let Some(route) = route else { return false };
        self.peer = Some((id, route));
        self.outlet = Some(outlet);
        self.ask_tags(now());
        core.peer_added(id, self.network.clone());
        core.stores.peer_wants(&core, id);
        // An end that looked for peers before this was one did not find it. One that looks now does.
        if let Some(deadline) = core.ends_by() {
            self.leaving.ask(link, deadline);
        }
        if let Some(wish) = self.wish {
            core.wishes.came_true(wish, id);
            // Whoever stopped wishing for it while hands were shaken did not find it.
            if !core.wishes.holds(wish) {
                self.leaving.ask(link, core.parted());
            }
        }
        true
    }

    /// Asks the peer whether it understands tags if that is to be done; who does not say so in time
    /// is taken for one that does not.
    fn ask_tags(&mut self, now: Instant) {
        let (Some(outlet), Some(peering)) = (&self.outlet, &mut self.peering) else { return };
        if outlet.gate.takes_question(now) {
            peering.ask_tags();
        } else if outlet.gate.has_waited(now, outlet.core.options.peering.tags) {
            outlet.settle(Form::Plain);
        }
    }

    fn settle(&self, form: Form) {
        if let Some(outlet) = &self.outlet {
            outlet.settle(form);
        }
    }

    /// Adds what the connection has counted since the last time to what the endpoint counts.
    fn count(&mut self) {
        let Some(peering) = &self.peering else { return };
        let (now, before, counters) =
            (*peering.statistics(), self.counted, &self.view.core.counters);
        counters.data.add(now.data.saturating_sub(before.data));
        counters.commands.add(now.commands.saturating_sub(before.commands));
        counters.routing_updates.add(now.routing_updates.saturating_sub(before.routing_updates));
        counters.pings.add(now.pings.saturating_sub(before.pings));
        counters.pongs.add(now.pongs.saturating_sub(before.pongs));
        counters.skipped.add(now.skipped().saturating_sub(before.skipped()));
        self.counted = now;
    }

    fn refilter(&mut self, filter: Filter) {
        let Some((id, route)) = &mut self.peer else { return };
        *route = self.view.core.routing.refilter(route, filter);
        let (id, changed) = (*id, Arc::clone(route));
        let core = &self.view.core;
        core.peers.change(id, |peer| peer.route = changed);
        core.stores.peer_wants(core, id);
    }

    fn failed(&mut self, failure: &Failure) {
        if self.peer.is_some() || self.wish.is_some() {
            log::warn!("peer {}: {failure}", self.network);
        } else if let Some(others) = self.core().strangers.allow() {
            log::warn!("peer {}: {failure}{}", self.network, before(others));
        }
        self.is_lost = true;
        if self.peer.is_none()
            && let Some(wish) = self.wish.take()
        {
            let network = Some(self.network.clone());
            let endpoint = EndpointInfo { id: None, network };
            let error = Error::with(failure.code, endpoint, failure.to_string());
            self.core().attempt_failed(wish, error);
        }
    }
}

impl Protocol for PeerLink {
    fn opened(&mut self, link: &Link) -> Turn {
        if self.wish.is_some_and(|wish| !self.core().wishes.holds(wish)) {
            return Turn::Abort;
        }
        let now = now();
        let limits = self.core().options.peering;
        self.peering = Some(Peering::new(self.role, &self.view, limits, now));
        self.go_on(&mut &[][..], link, now)
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        let mut rest = input;
        let turn = self.go_on(&mut rest, link, now());
        (input.len().saturating_sub(rest.len()), turn)
    }

    fn tick(&mut self, link: &Link, now: Instant) -> Turn {
        self.count();
        if let Some((id, _)) = &self.peer {
            self.view.core.tell_stale(*id, link, &self.stale);
        }
        if self.peer.is_none() && self.wish.is_some_and(|wish| !self.core().wishes.holds(wish)) {
            return Turn::Abort;
        }
        self.ask_tags(now);
        let waits = self.outlet.as_ref().is_some_and(|outlet| outlet.gate.form() == Form::Unknown);
        let Some(peering) = &mut self.peering else { return Turn::Continue };
        let reading = if self.pending.is_some() { Reading::Held } else { Reading::On };
        if self.leaving.is_asked() && !(waits && self.leaving.has_time()) {
            // Nothing more is put behind the farewell.
            if let Some((_, route)) = &self.peer {
                self.view.core.routing.remove(route);
            }
            if let Some(outlet) = &self.outlet {
                outlet.settle(Form::Plain);
            }
            peering.leave(link.id().to_be_bytes(), now);
            if link.queued().0 > 0 && self.leaving.has_time() {
                peering.put_off(now);
            }
        }
        let was_aside = peering.is_aside();
        peering.tick(now, reading, &self.view);
        if was_aside && !peering.is_aside() {
            link.resume();
        }
        if self.pending.is_none() {
            return self.go_on(&mut &[][..], link, now);
        }
        // It stays held, unless it has been resumed meanwhile, but says what is to be said.
        match self.react(&mut &[][..], link, now) {
            Turn::Hold => Turn::Continue,
            turn => turn,
        }
    }

    fn closed(&mut self, link: &Link, why: &Closed) {
        self.count();
        let core = Arc::clone(self.core());
        if self.pending.is_some() {
            core.counters.unread.count();
        }
        let Some((id, route)) = self.peer.take() else {
            if let Some(id) = core.claims.release(self.view.number) {
                // Others may have taken this connection for the one that they wished for.
                core.wishes.lost(id);
            }
            log::debug!("{}: no peering: {why}", self.network);
            if let Some(wish) = self.wish.take() {
                match advice(why) {
                    Some(advice) => log::warn!("peer {}: {why}; {advice}", self.network),
                    // It is called again and again.
                    None if matches!(why, Closed::Unreachable(_) | Closed::TimedOut) => {
                        if let Some(others) = core.absent.allow() {
                            log::warn!("peer {}: {why}{}", self.network, before(others));
                        }
                    }
                    None => log::warn!("peer {}: {why}", self.network),
                }
                core.unreachable(wish, self.network.clone());
            } else {
                warn_of(&self.network, why);
            }
            return;
        };
        core.routing.remove(&route);
        // What has waited is counted as lost.
        self.settle(Form::Plain);
        let gone = core.peers.remove(id, link);
        core.stores.peer_gone(id);
        let network = self.network.clone();
        let is_cut = matches!(why, Closed::Aborted(_)) && !self.is_lost;
        core.status(if matches!(why, Closed::Aborted(BEHIND)) {
            log::warn!("peer {id} at {network} is cut off: {BEHIND}");
            Status::peer_overflowed(id, network)
        } else if self.ours || self.leaving.is_asked() || is_cut {
            Status::peer_removed(id, network)
        } else {
            Status::peer_lost(id, network)
        });
        core.status(Status::endpoint_unreachable(id));
        if gone.is_some() {
            core.peers.told();
        }
        // Only now can another connection have the peer, and tell so.
        core.claims.release(self.view.number);
        core.wishes.lost(id);
    }
}

/// How many of the same were not written since the last one that was.
fn before(others: u64) -> String {
    if others == 0 { String::new() } else { format!(" ({others} others before)") }
}
