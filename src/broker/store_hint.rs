//! What a store learns of the node's peers. It is dealt with by the store's thread: whoever tells it
//! must not wait for the store.

use crate::store_host::{Host, State};
use crate::store_role::Role;
use crate::{EndpointId, Topic};

/// A peer has come, has gone, or wants something else than before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hint {
    pub(crate) peer: EndpointId,
    pub(crate) is_gone: bool,
    /// Whether it says that it has the master.
    pub(crate) has_master: bool,
    /// Whether it has the master, or passes on what is for it.
    pub(crate) wants_all: bool,
}

impl Host {
    /// The topic of the store's master.
    pub(crate) fn master_topic(&self) -> &Topic {
        if self.is_master { &self.topics.own } else { &self.topics.others }
    }

    /// Takes a hint.
    pub(crate) fn hear(&self, hint: Hint) {
        self.hints().push_back(hint);
        self.rouse();
    }

    /// Deals with the next hint; whether there was one.
    pub(crate) fn heed(&self) -> bool {
        let next = self.hints().pop_front();
        let Some(hint) = next else { return false };
        let mut state = self.lock();
        let State { role, refused, .. } = &mut *state;
        let mut goes = None;
        match role {
            Role::Clone(replica) => {
                if hint.is_gone {
                    replica.endpoint_gone(hint.peer);
                } else if hint.wants_all {
                    replica.master_may_be_back();
                }
            }
            Role::Master(_) if hint.has_master && *refused != Some(hint.peer) => {
                // One of the two has to go, and both must say the same of which.
                if self.core.id > hint.peer {
                    *refused = Some(hint.peer);
                }
                goes = Some(refused.is_some());
            }
            Role::Master(_) if !hint.has_master && *refused == Some(hint.peer) => {
                *refused = None;
                log::info!("store {}: there is no other master any more", self.name);
            }
            Role::Master(_) => {}
        }
        self.finish(state);
        if let Some(goes) = goes {
            self.conflict(hint.peer, goes);
        }
        true
    }
}
