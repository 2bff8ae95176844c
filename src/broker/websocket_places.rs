//! How many WebSocket clients there are, in all and of one address, and how many of these have not
//! subscribed yet, which costs them nothing; and what they share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ostler_net::Origin;

use crate::websocket_unfinished::{Unfinished, UnfinishedPart};

/// The places there are; those of all clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Places {
    taken: Arc<Mutex<Taken>>,
    unfinished: Unfinished,
}

/// Those that are taken.
#[derive(Default)]
struct Taken {
    all: usize,
    origins: BTreeMap<Origin, OfOne>,
}

/// Those of one address.
#[derive(Clone, Copy, Default)]
struct OfOne {
    all: usize,
    unsubscribed: usize,
}

/// A client counts until this is dropped.
pub(crate) struct Place {
    places: Places,
    origin: Option<Origin>,
    is_subscribed: bool,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Crowded {
    #[error("There are too many clients.")]
    All,
    #[error("There are too many clients of this address.")]
    Address,
    #[error("Too many clients of this address have not subscribed yet.")]
    Unsubscribed,
}

impl Places {
    /// Takes one more of `most`, of which a single address may have all but a quarter, and a quarter
    /// for those that have not subscribed.
    pub(crate) fn take(&self, origin: Option<Origin>, most: usize) -> Result<Place, Crowded> {
        let mut taken = self.lock();
        let quarter = most / 4;
        if taken.all >= most {
            return Err(Crowded::All);
        }
        if let Some(origin) = origin {
            let mut one = taken.origins.get(&origin).copied().unwrap_or_default();
            if one.all >= most.saturating_sub(quarter) {
                return Err(Crowded::Address);
            }
            if one.unsubscribed >= quarter.max(1) {
                return Err(Crowded::Unsubscribed);
            }
            one.all = one.all.saturating_add(1);
            one.unsubscribed = one.unsubscribed.saturating_add(1);
            taken.origins.insert(origin, one);
        }
        taken.all = taken.all.saturating_add(1);
        Ok(Place { places: self.clone(), origin, is_subscribed: false })
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// The client's part of what those in all places hold.
    pub(crate) fn unfinished(&self) -> UnfinishedPart {
        self.places.unfinished.part()
    }

    /// The client has subscribed.
    pub(crate) fn subscribed(&mut self) {
        if !std::mem::replace(&mut self.is_subscribed, true)
            && let Some(origin) = self.origin
            && let Some(one) = self.places.lock().origins.get_mut(&origin)
        {
            one.unsubscribed = one.unsubscribed.saturating_sub(1);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.subscribed();
        let mut taken = self.places.lock();
        taken.all = taken.all.saturating_sub(1);
        let Some(origin) = self.origin else { return };
        if let Some(one) = taken.origins.get_mut(&origin) {
            one.all = one.all.saturating_sub(1);
            if one.all == 0 {
                taken.origins.remove(&origin);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> Origin {
        Origin::from(std::net::IpAddr::from([192, 0, 2, last]))
    }

    /// A client that has subscribed.
    fn client(places: &Places, last: u8, most: usize) -> Result<Place, Crowded> {
        let mut place = places.take(Some(address(last)), most)?;
        place.subscribed();
        Ok(place)
    }

    #[test]
    fn one_address_leaves_a_quarter_of_the_places_to_others() {
        let places = Places::default();
        let mut taken: Vec<_> = (0..6).filter_map(|_| client(&places, 1, 8).ok()).collect();
        assert_eq!(taken.len(), 6);
        assert_eq!(client(&places, 1, 8).err(), Some(Crowded::Address));
        taken.extend(client(&places, 2, 8));
        taken.extend(places.take(None, 8));
        assert_eq!((taken.len(), client(&places, 3, 8).err()), (8, Some(Crowded::All)));
        taken.remove(0);
        taken.extend(client(&places, 1, 8));
        assert_eq!((taken.len(), client(&places, 1, 8).err()), (8, Some(Crowded::All)));
        // A few are not counted by address.
        let few = Places::default();
        assert_eq!((0..3).filter_map(|_| client(&few, 1, 3).ok()).collect::<Vec<_>>().len(), 3);
    }

    #[test]
    fn who_does_not_subscribe_leaves_most_of_the_places_to_who_does() {
        let places = Places::default();
        let mut silent: Vec<_> =
            (0..2).filter_map(|_| places.take(Some(address(1)), 8).ok()).collect();
        assert_eq!(client(&places, 1, 8).err(), Some(Crowded::Unsubscribed));
        assert!(client(&places, 2, 8).is_ok());
        silent.pop();
        let client = client(&places, 1, 8);
        assert!(client.is_ok() && places.take(Some(address(1)), 8).is_ok());
    }
}
