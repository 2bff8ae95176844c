//! What masters and clones say to each other: the payload of a message of kind command.
//!
//! | bytes | field |
//! | ---: | --- |
//! | 8 | number of the event in its channel; 0 for what has none |
//! | 24 | sender |
//! | 24 | receiver, or nil for everybody |
//! | 1 | kind |
//! | … | what the kind says |
//!
//! Numbers have their highest byte first. Keys and values are in the binary form of [`Data`].

use broker_data::{Data, Timespan, Type};

use crate::entity_id::EntityId;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// Its place among the events of the channel, if it is one. The snapshot for a clone has the
    /// number of the last event that it contains.
    pub seq: u64,
    /// Who says it.
    pub sender: EntityId,
    /// Who is to hear it; nil for everybody.
    pub receiver: EntityId,
    /// What is said.
    pub content: Content,
}

/// What a command says. The variants stand in the order of their numbers on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The key stands for the value from now on.
    Put {
        /// The key.
        key: Data,
        /// The value.
        value: Data,
        /// How long.
        expiry: Option<Timespan>,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// The same, unless the key stands for something already.
    PutUnique {
        /// The key.
        key: Data,
        /// The value.
        value: Data,
        /// How long.
        expiry: Option<Timespan>,
        /// Who wants to know whether it came to that.
        who: EntityId,
        /// What `who` calls the question.
        request: u64,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// The answer.
    PutUniqueResult {
        /// Whether the key stood for nothing before.
        inserted: bool,
        /// Who asked.
        who: EntityId,
        /// What `who` calls the question.
        request: u64,
        /// The master.
        publisher: EntityId,
    },
    /// The key stands for nothing any more.
    Erase {
        /// The key.
        key: Data,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// The same, because its time has passed.
    Expire {
        /// The key.
        key: Data,
        /// The master.
        publisher: EntityId,
    },
    /// Adds to what the key stands for: numbers, text, elements.
    Add {
        /// The key.
        key: Data,
        /// What to add.
        value: Data,
        /// Of what type the value is that a key without one is given first.
        init: Type,
        /// How long.
        expiry: Option<Timespan>,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// Takes from what the key stands for.
    Subtract {
        /// The key.
        key: Data,
        /// What to take.
        value: Data,
        /// How long.
        expiry: Option<Timespan>,
        /// Whose change it is.
        publisher: EntityId,
    },
    /// No key stands for anything any more.
    Clear {
        /// Whose change it is.
        publisher: EntityId,
    },
    /// A clone begins to write: its first event has the number after `offset`.
    AttachWriter {
        /// The number before that of its first event.
        offset: u64,
        /// After how many ticks without an event it says that it is there.
        heartbeat: u16,
    },
    /// The sender of events is there.
    Keepalive {
        /// The number of its last event.
        seq: u64,
    },
    /// All events up to this one have come.
    CumulativeAck {
        /// Its number.
        seq: u64,
    },
    /// Events are missing. 0 asks for a snapshot. Numbers out of their order say goodbye.
    Nack {
        /// Their numbers.
        seqs: Vec<u64>,
    },
    /// What a clone begins with.
    AckClone {
        /// The number of the last event that is in it.
        offset: u64,
        /// After how many ticks without an event the master says that it is there.
        heartbeat: u16,
        /// All keys with their values.
        snapshot: Vec<(Data, Data)>,
    },
    /// An event is missing for good.
    RetransmitFailed {
        /// Its number.
        seq: u64,
    },
}

/// Who says what: a command's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An event of a channel.
    Action,
    /// Who sends events about its channel.
    Producer,
    /// Who gets events about the channel.
    Consumer,
}

impl Content {
    /// What a change is called where it is told that it could not be made.
    pub(crate) fn operation(&self) -> &'static str {
        match self {
            Self::Put { .. } => "put",
            Self::PutUnique { .. } => "put_unique",
            Self::Erase { .. } => "erase",
            Self::Add { .. } => "add",
            Self::Subtract { .. } => "subtract",
            Self::Clear { .. } => "clear",
            _ => "no change",
        }
    }

    /// Its class.
    pub fn class(&self) -> Class {
        match self {
            Self::Put { .. }
            | Self::PutUnique { .. }
            | Self::PutUniqueResult { .. }
            | Self::Erase { .. }
            | Self::Expire { .. }
            | Self::Add { .. }
            | Self::Subtract { .. }
            | Self::Clear { .. } => Class::Action,
            Self::AttachWriter { .. }
            | Self::Keepalive { .. }
            | Self::AckClone { .. }
            | Self::RetransmitFailed { .. } => Class::Producer,
            Self::CumulativeAck { .. } | Self::Nack { .. } => Class::Consumer,
        }
    }

    /// Asks for a snapshot.
    pub fn asks_for_snapshot() -> Self {
        Self::Nack { seqs: vec![0] }
    }

    /// Says goodbye. There is no word for it; numbers that are out of their order have a master drop
    /// the clone, the original's too.
    pub fn goodbye() -> Self {
        Self::Nack { seqs: vec![1, 0] }
    }
}
