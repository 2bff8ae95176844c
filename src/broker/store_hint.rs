//! What a store learns of the node's peers. It is dealt with by the store's thread: whoever tells it
//! must not wait for the store.

use broker_store::EntityId;

use crate::store_host::{Host, State};
use crate::store_role::Role;
use crate::{EndpointId, Topic};

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hint {
    /// A peer has come, has gone, or wants something else than before.
    Peer(PeerHint),
    /// There was no room on the way to this clone for the snapshot that it asked for.
    NotBegun(EntityId),
}

/// How a peer stands to the store.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerHint {
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

    /// Takes a hint. It is made when those before it are there and none can come in between: what a peer
    /// wants is not told behind that it has gone.
    pub(crate) fn hear(&self, hint: impl FnOnce() -> Hint) {
        let mut hints = self.hints();
        let hint = hint();
        if let Hint::Peer(new) = hint {
            // What is told again makes no difference; that it had the master for a moment does.
            let is_same = |old: &PeerHint| {
                (old.peer, old.is_gone, old.has_master) == (new.peer, new.is_gone, new.has_master)
            };
            hints.retain(|one| !matches!(one, Hint::Peer(old) if is_same(old)));
        }
        hints.push_back(hint);
        drop(hints);
        self.rouse();
    }

    /// Deals with the next hint; whether there was one.
    pub(crate) fn heed(&self) -> bool {
        let next = self.hints().pop_front();
        match next {
            None => return false,
            Some(Hint::Peer(hint)) => self.heed_peer(hint),
            Some(Hint::NotBegun(clone)) => {
                if let Role::Master(master) = &mut self.lock().role {
                    master.not_begun(clone);
                }
            }
        }
        true
    }

    fn heed_peer(&self, hint: PeerHint) {
        if hint.is_gone {
            self.forget_reader(hint.peer);
        }
        let mut state = self.lock();
        let was_refused = self.is_refused(&state);
        let mut is_new = false;
        let State { role, others, .. } = &mut *state;
        match role {
            Role::Clone(replica) => {
                if hint.is_gone {
                    replica.endpoint_gone(hint.peer);
                } else if hint.wants_all {
                    replica.master_may_be_back();
                }
            }
            Role::Master(master) => {
                if hint.is_gone {
                    master.endpoint_gone(hint.peer);
                }
                if hint.has_master {
                    is_new = others.insert(hint.peer);
                } else {
                    others.remove(&hint.peer);
                }
            }
        }
        // Of those that meet, the one of the smallest id stays: all say the same of which that is.
        let is_refused = self.is_refused(&state);
        if let Role::Master(master) = &mut state.role
            && is_refused
            && !was_refused
        {
            master.step_back();
        }
        self.finish(state);
        if is_refused && !was_refused {
            self.core.repel_store(&self.topics.own);
        } else if was_refused && !is_refused {
            self.core.attract_store(&self.topics.own);
            log::info!("store {}: no other master comes before this one any more", self.name);
        }
        if is_new {
            self.conflict(hint.peer, is_refused);
        }
    }
}
