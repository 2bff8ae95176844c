//! What a change means for others.

use broker_data::Data;

use crate::command::{Command, Content};
use crate::command_write::renumber;
use crate::entity_id::EntityId;
use crate::store_event::StoreEvent;

/// See the module.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Nothing, any more.
    Nothing,
    /// Subscribers of the node are told.
    Event(StoreEvent),
    /// Whoever asks has an answer.
    Answer(u64, Data),
    /// All clones are told.
    Broadcast(Broadcast),
    /// A clone begins, with all keys and their values.
    Snapshot(EntityId, Vec<(Data, Data)>),
}

/// A command for all clones, whose number is not known yet.
#[derive(Debug)]
pub(crate) struct Broadcast(Vec<u8>);

impl Broadcast {
    pub(crate) fn new(sender: EntityId, content: Content) -> Self {
        let mut bytes = Vec::new();
        Command { seq: 0, sender, receiver: EntityId::NIL, content }.encode(&mut bytes);
        Self(bytes)
    }

    /// The command with its number.
    pub(crate) fn numbered(mut self, seq: u64) -> Vec<u8> {
        renumber(&mut self.0, seq);
        self.0
    }
}
