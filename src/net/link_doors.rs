//! How many accepted links are open, in all and from one address as long as they are strangers. Where
//! there are too many, the stranger that has been silent longest makes room: whoever has something to
//! say does so at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::link_inner::Inner;
use crate::{LinkLimits, Origin, Peer};

/// The accepted links.
#[derive(Debug, Default)]
pub(crate) struct Doors(Mutex<Inside>);

#[derive(Debug, Default)]
struct Inside {
    open: usize,
    /// How many strangers have come ever.
    came: u64,
    /// Those that are there, in the order in which they came. Of one that has just come the link is
    /// not known.
    strangers: HashMap<Origin, BTreeMap<u64, Weak<Inner>>>,
}

/// A link that is not established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stranger {
    origin: Origin,
    number: u64,
}

/// Somebody is let in.
pub(crate) struct Entered {
    /// What it is until it is established, if it is counted with anybody.
    pub(crate) stranger: Option<Stranger>,
    /// Who makes room for it.
    pub(crate) outgoing: Option<Arc<Inner>>,
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
    /// Lets `peer` in, if need be in place of a stranger.
    pub(crate) fn enter(&self, peer: Peer, limits: &LinkLimits) -> Result<Entered, Crowded> {
        let mut inside = self.lock();
        let origin = Origin::of(peer, &limits.trusted);
        let count = |origin| inside.strangers.get(&origin).map_or(0, BTreeMap::len);
        let crowd = origin.filter(|origin| count(*origin) >= limits.max_unestablished);
        let outgoing = if let Some(origin) = crowd {
            Some(inside.oldest(origin).ok_or(Crowded::Origin(origin))?)
        } else if inside.open >= limits.max_links {
            // Those who make room take a moment to go.
            let leaving = inside.open.saturating_sub(limits.max_links);
            let most = inside.strangers.iter().max_by_key(|(_, all)| all.len());
            let origin = most.map(|(origin, _)| *origin);
            let origin = origin.filter(|_| leaving < limits.max_unestablished);
            Some(origin.and_then(|origin| inside.oldest(origin)).ok_or(Crowded::Full)?)
        } else {
            None
        };
        let stranger = origin.map(|origin| {
            inside.came = inside.came.saturating_add(1);
            let number = inside.came;
            inside.strangers.entry(origin).or_default().insert(number, Weak::new());
            Stranger { origin, number }
        });
        inside.open = inside.open.saturating_add(1);
        Ok(Entered { stranger, outgoing })
    }

    /// Says which link a stranger has, unless it is established already.
    pub(crate) fn introduce(&self, stranger: Stranger, link: &Arc<Inner>) {
        let mut inside = self.lock();
        let known = inside.strangers.get_mut(&stranger.origin);
        if let Some(entry) = known.and_then(|known| known.get_mut(&stranger.number)) {
            *entry = Arc::downgrade(link);
        }
    }

    /// A stranger is none any more.
    pub(crate) fn establish(&self, stranger: Stranger) {
        self.lock().forget(stranger.origin, stranger.number);
    }

    /// An accepted link has gone, and what it was if it was not established.
    pub(crate) fn leave(&self, stranger: Option<Stranger>) {
        let mut inside = self.lock();
        if let Some(stranger) = stranger {
            inside.forget(stranger.origin, stranger.number);
        }
        inside.open = inside.open.saturating_sub(1);
    }

    /// How many strangers there are.
    pub(crate) fn strangers(&self) -> usize {
        self.lock().strangers.values().map(BTreeMap::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inside {
    /// Takes out the stranger of an address that has been silent longest, or where none is silent,
    /// the one that came first.
    fn oldest(&mut self, origin: Origin) -> Option<Arc<Inner>> {
        let strangers = self.strangers.get(&origin)?;
        let links =
            || strangers.iter().filter_map(|(number, link)| Some((*number, link.upgrade()?)));
        let (number, link) =
            links().find(|(_, link)| !link.has_spoken()).or_else(|| links().next())?;
        self.forget(origin, number);
        Some(link)
    }

    fn forget(&mut self, origin: Origin, number: u64) {
        let Some(strangers) = self.strangers.get_mut(&origin) else { return };
        strangers.remove(&number);
        if strangers.is_empty() {
            self.strangers.remove(&origin);
        }
    }
}
