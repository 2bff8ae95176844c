//! The protocol of one connection to another node, without I/O and without a clock: bytes go in,
//! events come out, and the time is told by whoever calls.
//!
//! First comes the [handshake](crate::handshake), with limits of its own. Then frames are messages:
//! data and commands are handed on as they are, routing updates and pings are dealt with here. What
//! cannot be used is skipped and counted, as with the original, and the peering lives on; only a
//! frame that is longer than allowed ends it, because what follows it cannot be found.
//!
//! Unlike the original, this asks a silent peer whether it is there (any ping is answered), and so
//! notices a connection that died without a word; and it asks a peer whether it understands
//! [tags](crate::tag) when it is told to.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Ec;
use crate::EndpointId;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::handshake::{Handshake, Progress, Role};
use crate::keepalive::{Keepalive, Reading, Verdict};
use crate::message::{Kind, LENGTH_BYTES, Message};
use crate::node::Node;
use crate::peering_event::{Event, PeeringStatistics, count};
use crate::peering_frames::{BYE, Cut, cut, ping, pong};
use crate::peering_limits::{
    MAX_HANDSHAKE_BYTES, MAX_HANDSHAKE_FRAME_BYTES, MAX_PING_BYTES, PeeringLimits,
};
use crate::peering_tags::TagTalk;
use crate::topic::Topic;

/// One connection to another node.
#[derive(Debug)]
pub struct Peering {
    own: EndpointId,
    limits: PeeringLimits,
    phase: Phase,
    /// What has happened and was not told yet.
    events: VecDeque<Event>,
    life: Keepalive,
    talk: TagTalk,
    statistics: PeeringStatistics,
}

#[derive(Debug)]
enum Phase {
    /// Hands are being shaken.
    Handshake {
        handshake: Handshake,
        /// Whether another handshake with the same peer is waited for.
        is_aside: bool,
        /// How many bytes it has taken.
        taken: usize,
        until: Instant,
    },
    /// The other side is a peer.
    Peered { peer: EndpointId },
    /// It was told goodbye.
    Leaving { farewell: [u8; 11], until: Instant },
    /// Nothing happens any more.
    Over,
}

impl Peering {
    /// A connection of `node` that has just been established.
    pub fn new(role: Role, node: &dyn Node, limits: PeeringLimits, now: Instant) -> Self {
        let own = node.id();
        let (handshake, greeting) = Handshake::new(role, own);
        let until = later(now, limits.handshake);
        Self {
            own,
            limits,
            phase: Phase::Handshake { handshake, is_aside: false, taken: 0, until },
            events: VecDeque::from([Event::Send(greeting)]),
            life: Keepalive::new(limits.ping_after, limits.dead_after, now),
            talk: TagTalk::default(),
            statistics: PeeringStatistics::default(),
        }
    }

    /// The next event, for which whole frames are taken off the front of `input`: all bytes that
    /// came and were not taken yet. `None` when it needs more bytes or time.
    pub fn next(&mut self, input: &mut &[u8], now: Instant, node: &dyn Node) -> Option<Event> {
        if !input.is_empty() {
            self.life.heard(now);
        }
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            let limit = match self.phase {
                Phase::Over => {
                    *input = &[];
                    return None;
                }
                Phase::Handshake { is_aside: true, .. } => return None,
                Phase::Handshake { .. } => MAX_HANDSHAKE_FRAME_BYTES,
                Phase::Peered { .. } | Phase::Leaving { .. } => self.limits.max_frame_bytes,
            };
            match cut(input, limit.saturating_add(self.talk.tag_bytes())) {
                Cut::Partial => return None,
                Cut::Oversized(announced) => self.oversized(announced),
                Cut::Whole(frame) => {
                    self.statistics.bytes = self.statistics.bytes.saturating_add(size(frame));
                    if matches!(self.phase, Phase::Handshake { .. }) {
                        self.shake(frame, node);
                    } else if let Some(event) = self.operate(frame, now) {
                        return Some(event);
                    }
                }
            }
        }
    }

    /// Time has passed: to be called a few times a second. [`next`](Self::next) has the events.
    pub fn tick(&mut self, now: Instant, reading: Reading, node: &dyn Node) {
        match &mut self.phase {
            Phase::Handshake { handshake, is_aside, until, .. } => {
                if now >= *until {
                    let words = format!("no handshake within {:?}", self.limits.handshake);
                    let progress = handshake.exhausted(words, node);
                    self.progressed(progress);
                } else if *is_aside {
                    let mut out = Vec::new();
                    let progress = handshake.claim(node, &mut out);
                    self.send(out);
                    self.progressed(progress);
                }
            }
            Phase::Peered { peer } => match self.life.tick_as(reading, now) {
                Verdict::Alive => {}
                Verdict::Ask(question) => {
                    self.events.extend(ping(self.own, *peer, &question).map(Event::Send));
                }
                Verdict::Dead(silence) => {
                    let words = format!("nothing was heard of the peer for {silence:?}");
                    self.fail(Failure::new(Ec::PeerTimeout, words));
                }
            },
            Phase::Leaving { until, .. } if now >= *until => self.end(Event::Left),
            Phase::Leaving { .. } | Phase::Over => {}
        }
    }

    /// Says goodbye; `token` is any eight bytes. A connection that is no peering yet ends at once.
    pub fn leave(&mut self, token: [u8; 8], now: Instant) {
        match self.phase {
            Phase::Handshake { .. } => self.end(Event::Left),
            Phase::Peered { peer } => {
                let mut farewell = [0; 11];
                let (bye, rest) = farewell.split_at_mut(BYE.len());
                bye.copy_from_slice(BYE);
                rest.copy_from_slice(&token);
                self.events.extend(ping(self.own, peer, &farewell).map(Event::Send));
                self.phase = Phase::Leaving { farewell, until: later(now, self.limits.bye) };
            }
            Phase::Leaving { .. } | Phase::Over => {}
        }
    }

    /// Asks the peer whether it understands tags, unless that is known.
    pub fn ask_tags(&mut self) {
        if let Phase::Peered { peer } = self.phase {
            let question = self.talk.ask();
            let asked = question.and_then(|question| ping(self.own, peer, question).ok());
            self.events.extend(asked.map(Event::Send));
        }
    }

    /// What was sent before the goodbye is still on its way: there is all the time for an answer.
    pub fn put_off(&mut self, now: Instant) {
        if let Phase::Leaving { until, .. } = &mut self.phase {
            *until = later(now, self.limits.bye);
        }
    }

    /// Whether this waits for another handshake with the same peer, so that bytes need not be read
    /// until a [`tick`](Self::tick) has changed that.
    pub fn is_aside(&self) -> bool {
        matches!(self.phase, Phase::Handshake { is_aside: true, .. })
    }

    /// Whether the handshake is over and the other side a peer, though [`next`](Self::next) may not
    /// have told so yet.
    pub(crate) fn is_peered(&self) -> bool {
        matches!(self.phase, Phase::Peered { .. })
    }

    /// What was received.
    pub fn statistics(&self) -> &PeeringStatistics {
        &self.statistics
    }

    /// A frame of the handshake.
    fn shake(&mut self, frame: &[u8], node: &dyn Node) {
        let Phase::Handshake { handshake, taken, .. } = &mut self.phase else { return };
        *taken = taken.saturating_add(frame.len());
        let (_, body) = frame.split_first_chunk::<4>().unwrap_or((&[0; 4], &[]));
        let mut out = Vec::new();
        let progress = if *taken > MAX_HANDSHAKE_BYTES {
            handshake
                .exhausted(format!("a handshake of more than {MAX_HANDSHAKE_BYTES} bytes"), node)
        } else if body.is_empty() {
            handshake.exhausted("an empty frame in the handshake".to_owned(), node)
        } else {
            handshake.received(body, node, &mut out)
        };
        self.send(out);
        self.progressed(progress);
    }

    fn progressed(&mut self, progress: Progress) {
        if let Phase::Handshake { is_aside, .. } = &mut self.phase {
            *is_aside = progress == Progress::Aside;
        }
        match progress {
            Progress::Waiting | Progress::Aside => {}
            Progress::Peered { id, filter, told } => {
                self.phase = Phase::Peered { peer: id };
                self.events.push_back(Event::Peered { id, filter, told });
            }
            Progress::Redundant { id } => self.end(Event::Redundant { id }),
            Progress::Failed(failure) => self.fail(failure),
        }
    }

    /// A frame of a peer, with its length.
    fn operate(&mut self, frame: &[u8], now: Instant) -> Option<Event> {
        let statistics = &mut self.statistics;
        let message = match Message::from_frame(frame) {
            Ok(message) => message,
            Err(error) => {
                statistics.skip(error);
                return None;
            }
        };
        let is_tagged = message.tag().is_some();
        if is_tagged && !self.talk.is_held() {
            count(&mut statistics.unusable);
            return None;
        }
        // A tag comes on top of what a message may have.
        let most = self.limits.max_frame_bytes.saturating_add(LENGTH_BYTES);
        if !is_tagged && frame.len() > most {
            let announced = frame.len().saturating_sub(LENGTH_BYTES);
            self.oversized(u32::try_from(announced).unwrap_or(u32::MAX));
            return None;
        }
        match message.kind() {
            Kind::Data | Kind::Command if Topic::is_internal(message.topic()) => {
                count(&mut statistics.internal);
                None
            }
            Kind::Data => {
                count(&mut statistics.data);
                Some(Event::Message(message))
            }
            Kind::Command => {
                count(&mut statistics.commands);
                Some(Event::Message(message))
            }
            Kind::RoutingUpdate => {
                let Ok(filter) = Filter::decode(message.payload()) else {
                    count(&mut statistics.unusable);
                    return None;
                };
                count(&mut statistics.routing_updates);
                Some(Event::Filter(filter))
            }
            Kind::Ping => self.answer(&message),
            Kind::Pong => {
                count(&mut statistics.pongs);
                self.answered(message.payload(), now)
            }
        }
    }

    /// The peer asks whether this node is there or understands tags, or says goodbye.
    fn answer(&mut self, asked: &Message) -> Option<Event> {
        let payload = self.talk.answer(asked.payload());
        if payload.is_some() {
            self.events.push_back(Event::Tags(true));
        }
        let payload = payload.unwrap_or(asked.payload());
        let answer = pong(self.own, asked.sender(), payload)
            .ok()
            .filter(|_| asked.payload().len() <= MAX_PING_BYTES);
        let Some(answer) = answer else {
            count(&mut self.statistics.unusable);
            return None;
        };
        count(&mut self.statistics.pings);
        if asked.payload().starts_with(BYE) {
            self.events.push_back(Event::Bye);
        }
        Some(Event::Send(answer))
    }

    /// The peer answers: our goodbye, our last question, or something else.
    fn answered(&mut self, payload: &[u8], now: Instant) -> Option<Event> {
        if let Phase::Leaving { farewell, .. } = &self.phase {
            if payload == farewell {
                self.phase = Phase::Over;
                return Some(Event::Left);
            }
        }
        if let Some(understands) = self.talk.answered(payload) {
            return Some(Event::Tags(understands));
        }
        self.life.answered(payload, now).map(|round_trip| Event::Pong { round_trip })
    }

    fn send(&mut self, frames: Vec<Arc<[u8]>>) {
        self.events.extend(frames.into_iter().map(Event::Send));
    }

    fn oversized(&mut self, announced: u32) {
        let limit = match self.phase {
            Phase::Handshake { .. } => MAX_HANDSHAKE_FRAME_BYTES,
            _ => self.limits.max_frame_bytes,
        };
        let words = format!("a frame of {announced} bytes, over the limit of {limit}");
        self.fail(Failure::new(Ec::InvalidMessage, words));
    }

    fn fail(&mut self, failure: Failure) {
        self.end(Event::Failed(failure));
    }

    fn end(&mut self, last: Event) {
        self.events.push_back(last);
        self.phase = Phase::Over;
    }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// `wait` after `now`. A wait too long for the clock never ends: it is taken for a year.
fn later(now: Instant, wait: Duration) -> Instant {
    const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
    now.checked_add(wait.min(YEAR)).unwrap_or(now)
}

#[cfg(test)]
#[path = "peering_cases.rs"]
mod cases;
#[cfg(test)]
#[path = "peering_recorded.rs"]
mod recorded;
