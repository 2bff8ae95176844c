//! What a store of this node is: the master, or a clone.

use broker_data::{Data, Timestamp};
use broker_store::{Command, Content, Master, Output, Peek, Replica, StoreError, StoreStatistics};

/// See the module.
pub(crate) enum Role {
    Master(Box<Master>),
    Clone(Box<Replica>),
}

/// A question that is answered from what is here.
#[derive(Clone, Debug)]
pub(crate) enum Question {
    Get(Data),
    GetIndex(Data, Data),
    Exists(Data),
    Keys,
}

impl Role {
    /// The answer.
    pub(crate) fn ask(&self, question: &Question) -> Result<Data, StoreError> {
        match self {
            Self::Master(master) => match question {
                Question::Get(key) => master.get(key),
                Question::GetIndex(key, index) => master.get_index(key, index),
                Question::Exists(key) => master.exists(key).map(Data::Boolean),
                Question::Keys => master.keys().map(Data::Set),
            },
            Self::Clone(clone) => match question {
                Question::Get(key) => clone.get(key),
                Question::GetIndex(key, index) => clone.get_index(key, index),
                Question::Exists(key) => clone.exists(key).map(Data::Boolean),
                Question::Keys => clone.keys().map(Data::Set),
            },
        }
    }

    /// What a key stands for, or where that is known.
    pub(crate) fn peek(&self, key: &Data) -> Result<Peek, StoreError> {
        match self {
            Self::Master(master) => Ok(master.peek(key)),
            Self::Clone(clone) => clone.get(key).map(|value| Peek::Here(Some(value))),
        }
    }

    /// Whether questions can be answered.
    pub(crate) fn has_begun(&self) -> bool {
        match self {
            Self::Master(_) => true,
            Self::Clone(clone) => clone.has_begun(),
        }
    }

    /// Makes a change, or has the master make it.
    pub(crate) fn write(&mut self, action: Content, now: Timestamp) -> Result<(), StoreError> {
        match self {
            Self::Master(master) => master.write(action, now),
            Self::Clone(clone) => clone.write(action),
        }
    }

    /// Takes a command from elsewhere, which took so many bytes.
    pub(crate) fn command(&mut self, command: Command, bytes: usize, now: Timestamp) {
        match self {
            Self::Master(master) => master.command(command, bytes, now),
            Self::Clone(clone) => clone.command(command, bytes),
        }
    }

    /// Has what others want wait, or not any more.
    pub(crate) fn hold(&mut self, is_held: bool) {
        if let Self::Master(master) = self {
            master.hold(is_held);
        }
    }

    /// Whether there may be more to be done of what others want.
    pub(crate) fn is_paused(&self) -> bool {
        match self {
            Self::Master(master) => master.is_paused(),
            Self::Clone(_) => false,
        }
    }

    /// Does more of it.
    pub(crate) fn go_on(&mut self, now: Timestamp) {
        if let Self::Master(master) = self {
            master.go_on(now);
        }
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        match self {
            Self::Master(master) => master.tick(now),
            Self::Clone(clone) => clone.tick(),
        }
    }

    /// Whether time has to pass for something to happen.
    pub(crate) fn needs_ticks(&self) -> bool {
        match self {
            Self::Master(master) => master.needs_ticks(),
            Self::Clone(_) => true,
        }
    }

    /// Has keys expire whose time has passed.
    pub(crate) fn expire(&mut self, now: Timestamp) {
        if let Self::Master(master) = self {
            master.expire(now);
        }
    }

    /// When the next key expires here.
    pub(crate) fn next_expiry(&self) -> Option<Timestamp> {
        match self {
            Self::Master(master) => master.next_expiry(),
            Self::Clone(_) => None,
        }
    }

    /// Whether others hear of changes, or of what is written.
    pub(crate) fn has_readers(&self) -> bool {
        match self {
            Self::Master(master) => master.has_clones(),
            Self::Clone(clone) => clone.has_begun(),
        }
    }

    /// Whether changes wait for the storage.
    pub(crate) fn has_changes(&self) -> bool {
        match self {
            Self::Master(master) => master.has_changes(),
            Self::Clone(_) => false,
        }
    }

    /// Whether everybody has everything, and no key whose time has passed is left.
    pub(crate) fn is_idle(&self, now: Timestamp) -> bool {
        match self {
            Self::Master(master) => {
                master.is_idle() && master.next_expiry().is_none_or(|time| time >= now)
            }
            Self::Clone(clone) => clone.is_idle(),
        }
    }

    /// The number of the last change that was made here.
    pub(crate) fn made(&self) -> u64 {
        match self {
            Self::Master(master) => master.made(),
            Self::Clone(clone) => clone.made(),
        }
    }

    /// The number of the last change up to which all are kept for good.
    pub(crate) fn kept(&self) -> u64 {
        match self {
            Self::Master(master) => master.kept(),
            Self::Clone(clone) => clone.kept(),
        }
    }

    /// How many changes that were made here have come to nothing for want of a master.
    pub(crate) fn dropped(&self) -> u64 {
        match self {
            Self::Master(_) => 0,
            Self::Clone(clone) => clone.dropped(),
        }
    }

    /// Whether there is no room for a change.
    pub(crate) fn is_full(&self) -> bool {
        match self {
            Self::Master(master) => master.is_full(),
            Self::Clone(clone) => clone.is_full(),
        }
    }

    /// Whether the storage does not take what it is told.
    pub(crate) fn has_failed(&self) -> bool {
        match self {
            Self::Master(master) => master.failure().is_some(),
            Self::Clone(_) => false,
        }
    }

    pub(crate) fn has_output(&self) -> bool {
        match self {
            Self::Master(master) => master.has_output(),
            Self::Clone(clone) => clone.has_output(),
        }
    }

    pub(crate) fn take_output(&mut self) -> Output {
        match self {
            Self::Master(master) => master.take_output(),
            Self::Clone(clone) => clone.take_output(),
        }
    }

    /// Whether anybody in this node is told of changes.
    pub(crate) fn set_listeners(&mut self, has_listeners: bool) {
        match self {
            Self::Master(master) => master.set_listeners(has_listeners),
            Self::Clone(clone) => clone.set_listeners(has_listeners),
        }
    }

    pub(crate) fn statistics(&self) -> StoreStatistics {
        match self {
            Self::Master(master) => master.statistics(),
            Self::Clone(clone) => clone.statistics(),
        }
    }
}
