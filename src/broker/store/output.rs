//! What a master or a clone says, and to whom. Its owner sends it, in its order.

use std::sync::Arc;

use broker_data::{Data, EndpointId};

use crate::command::{Command, Content};
use crate::entity_id::EntityId;
use crate::store_error::StoreError;
use crate::store_event::StoreEvent;

/// See the module.
#[derive(Debug, Default)]
pub struct Output {
    /// Commands for other endpoints.
    pub sends: Vec<Sending>,
    /// What subscribers of the node are told.
    pub events: Vec<StoreEvent>,
    /// What has become of questions, by their numbers.
    pub answers: Vec<(u64, Result<Data, StoreError>)>,
    /// What an operator is told.
    pub notices: Vec<Notice>,
}

/// A command on its way to other endpoints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Which; nil is all that want the topic.
    pub to: EndpointId,
    /// The command as it is on the wire.
    pub command: Arc<[u8]>,
    /// What becomes of it if there is no room on its way.
    pub urgency: Urgency,
}

/// What becomes of a command for a peer for which as much waits as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// It is left out: the consumer asks for it again.
    Event,
    /// It goes beyond the limit, as far as there is room for what must: what a channel goes on with.
    Control,
    /// The same; if it is left out, the master is [told](crate::Master::not_begun): this clone waits for
    /// nothing then.
    Snapshot(EntityId),
}

/// Something that an operator is told of a store.
#[derive(Debug)]
pub enum Notice {
    /// A clone has its first snapshot of this master, or of one after another was lost.
    Attached(EntityId),
    /// A clone has not heard of its master for a while and looks for one.
    MasterSilent(EntityId),
    /// A clone has not heard of a master for so long that nothing is read from it any more.
    Stale,
    /// There is another master of this name.
    AnotherMaster(EntityId),
    /// So many writes of a clone have waited for a master for too long and are dropped.
    Undelivered(usize),
    /// So many writes of this clone are lost on their way.
    Lost(EntityId, usize),
    /// A clone has gone: it said so, was silent for too long, or was too slow.
    CloneGone(EntityId, &'static str),
    /// There are as many clones as may be, and this one is one more.
    TooMany(EntityId),
    /// What a clone wrote could not be done.
    Failed(FailedWrite),
    /// A snapshot had so many bytes, not much less than the most that it may have.
    LongSnapshot(usize, usize),
    /// The snapshot for this clone could not be made.
    NoSnapshot(EntityId, StoreError),
}

/// A write of a clone that could not be done.
#[derive(Debug)]
pub struct FailedWrite {
    /// Who wrote.
    pub writer: EntityId,
    /// Why it could not, and what it was.
    pub error: StoreError,
}

impl Output {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.sends.is_empty()
            && self.events.is_empty()
            && self.answers.is_empty()
            && self.notices.is_empty()
    }

    /// A command that is no event of a channel. How many bytes it has.
    pub(crate) fn control(
        &mut self,
        to: EndpointId,
        sender: EntityId,
        receiver: EntityId,
        content: Content,
    ) -> usize {
        let (seq, urgency) = match &content {
            Content::AckClone { offset, .. } => (*offset, Urgency::Snapshot(receiver)),
            _ => (0, Urgency::Control),
        };
        let mut bytes = Vec::new();
        Command { seq, sender, receiver, content }.encode(&mut bytes);
        let length = bytes.len();
        self.sends.push(Sending { to, command: bytes.into(), urgency });
        length
    }

    /// An event of a channel, for the first time.
    pub(crate) fn event(&mut self, to: EndpointId, event: Arc<[u8]>) {
        self.sends.push(Sending { to, command: event, urgency: Urgency::Event });
    }

    /// An event that was asked for again.
    pub(crate) fn again(&mut self, to: EndpointId, event: Arc<[u8]>) {
        self.sends.push(Sending { to, command: event, urgency: Urgency::Control });
    }
}
