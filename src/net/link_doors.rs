//! How many accepted links are open, in all and from one address as long as they are strangers.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{LinkLimits, Origin, Peer};

/// The numbers of accepted links.
#[derive(Debug, Default)]
pub(crate) struct Doors(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    open: usize,
    strangers: HashMap<Origin, usize>,
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowded {
    /// There are too many.
    Full,
    /// There are too many strangers of its address.
    Origin(Origin),
}

impl Doors {
    /// Lets `peer` in: whom it is counted with until it is established, if with anybody.
    pub(crate) fn enter(&self, peer: Peer, limits: &LinkLimits) -> Result<Option<Origin>, Crowded> {
        let mut inside = self.lock();
        if inside.open >= limits.max_links {
            return Err(Crowded::Full);
        }
        let origin = Origin::of(peer, &limits.trusted);
        if let Some(origin) = origin {
            let strangers = inside.strangers.get(&origin).copied().unwrap_or(0);
            if strangers >= limits.max_unestablished {
                return Err(Crowded::Origin(origin));
            }
            inside.strangers.insert(origin, strangers.saturating_add(1));
        }
        inside.open = inside.open.saturating_add(1);
        Ok(origin)
    }

    /// A stranger of `origin` is none any more.
    pub(crate) fn establish(&self, origin: Origin) {
        let mut inside = self.lock();
        if let Some(strangers) = inside.strangers.get_mut(&origin) {
            *strangers = strangers.saturating_sub(1);
            if *strangers == 0 {
                inside.strangers.remove(&origin);
            }
        }
    }

    /// An accepted link has gone, a stranger of `origin` if that is given.
    pub(crate) fn leave(&self, origin: Option<Origin>) {
        if let Some(origin) = origin {
            self.establish(origin);
        }
        let mut inside = self.lock();
        inside.open = inside.open.saturating_sub(1);
    }

    /// How many strangers there are.
    pub(crate) fn strangers(&self) -> usize {
        self.lock().strangers.values().sum()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
