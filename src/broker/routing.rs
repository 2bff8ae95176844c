//! The table of routes: who is in it may change at any time, and whoever delivers sees it as it was
//! at one moment.

use std::ops::BitAnd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::parcel::{Origin, Parcel};
use crate::receivers::{Receiver, receivers};
use crate::route::{Heading, Here, Outlet, Owner, Route};
use crate::tag::Tags;
use crate::{Filter, Message};

/// See the module.
pub(crate) struct Routing {
    here: Here,
    routes: RwLock<Arc<[Arc<Route>]>>,
    /// What messages of our nodes have come already.
    pub(crate) tags: Tags,
    /// Held from where a message with a tag is found to be the first of its kind until it is delivered:
    /// the next one, which may come by another way at the same moment, must not get ahead of it.
    order: Mutex<()>,
}

/// How long whoever publishes waits for receivers who are behind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all: nobody gets the message then.
    None,
    /// Until then, for all of them together.
    Until(Deadline),
    /// So long, for all of them together: as long as nobody is behind, the clock is not asked.
    For(Duration),
}

impl Patience {
    /// How long it lasts, from the first time that this is asked.
    fn deadline(&mut self) -> Option<Deadline> {
        if let Self::For(time) = *self {
            *self = Self::Until(Deadline::after(time));
        }
        match *self {
            Self::Until(deadline) => Some(deadline),
            Self::None | Self::For(_) => None,
        }
    }
}

/// Somebody is behind, and nobody has got the message.
pub(crate) struct Behind(pub(crate) Arc<Route>);

impl Routing {
    pub(crate) fn new(here: Here) -> Self {
        Self { here, routes: RwLock::new(Arc::new([])), tags: Tags::new(), order: Mutex::default() }
    }

    /// Takes a receiver in.
    pub(crate) fn add(&self, owner: Owner, filter: Filter, outlet: Arc<dyn Outlet>) -> Arc<Route> {
        let route = Arc::new(Route { owner, filter, outlet, is_new: true.into() });
        self.change(|routes| insert(routes, Arc::clone(&route)));
        route
    }

    /// The same once `first` has been done, if that says yes: nothing is delivered to it before, and
    /// whoever asks for receivers meanwhile waits. `first` may only do what never waits.
    pub(crate) fn add_behind(
        &self,
        (owner, filter, outlet): (Owner, Filter, Arc<dyn Outlet>),
        first: impl FnOnce() -> bool,
    ) -> Option<Arc<Route>> {
        let route = Arc::new(Route { owner, filter, outlet, is_new: true.into() });
        let mut added = None;
        self.change(|routes| {
            if first() {
                insert(routes, Arc::clone(&route));
                added = Some(route);
            }
        });
        added
    }

    /// Has a receiver wanted something else from now on; the route that stands for it then.
    pub(crate) fn refilter(&self, old: &Arc<Route>, filter: Filter) -> Arc<Route> {
        let wants_more = filter.iter().any(|topic| !old.filter.matches(topic));
        let is_new = AtomicBool::new(wants_more || old.is_new.load(Ordering::Relaxed));
        let (owner, outlet) = (old.owner, Arc::clone(&old.outlet));
        let route = Arc::new(Route { owner, filter, outlet, is_new });
        let changed = Arc::clone(&route);
        self.change(|routes| {
            if let Some(place) = routes.iter_mut().find(|one| Arc::ptr_eq(one, old)) {
                *place = changed;
            }
        });
        route
    }

    /// Takes a receiver out.
    pub(crate) fn remove(&self, route: &Arc<Route>) {
        self.change(|routes| routes.retain(|one| !Arc::ptr_eq(one, route)));
    }

    /// How many WebSocket clients there are.
    pub(crate) fn clients(&self) -> usize {
        self.all().iter().filter(|route| matches!(route.owner, Owner::Client(_))).count()
    }

    /// How the peers and the WebSocket clients keep up.
    pub(crate) fn receivers(&self) -> Vec<Receiver> {
        receivers(&self.all())
    }

    /// Those who want a message, at this moment.
    pub(crate) fn wanting(&self, heading: &Heading<'_>) -> Vec<Arc<Route>> {
        let routes = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        routes.iter().filter(|route| route.wants(heading, self.here)).map(Arc::clone).collect()
    }

    /// Gives a message to all who want it, once none of them is behind. With patience, whoever
    /// does not catch up in time is the error, and nobody gets the message then. How many got it.
    pub(crate) fn publish(
        &self,
        wanting: &[Arc<Route>],
        message: &Message,
        origin: Origin,
        mut patience: Patience,
    ) -> Result<usize, Behind> {
        for route in wanting {
            while route.outlet.is_blocked(true) {
                let waited = patience.deadline().is_some_and(|end| route.outlet.wait_room(end));
                // Who has gone meanwhile holds up nobody any more.
                if !waited && route.outlet.is_blocked(true) {
                    return Err(Behind(Arc::clone(route)));
                }
            }
        }
        Ok(self.deliver(wanting, message, origin))
    }

    /// Gives a message that came from elsewhere to all who want it, unless one of them wants its
    /// senders to wait: nobody gets it then. Nor does anybody if it has come another way before.
    pub(crate) fn pass_on(&self, message: &Message, origin: Origin) -> Result<usize, Behind> {
        if self.here.is_deaf {
            return Ok(0);
        }
        let wanting = self.wanting(&Heading::of(message, origin));
        let tag = message.tag();
        let _order =
            tag.is_some().then(|| self.order.lock().unwrap_or_else(PoisonError::into_inner));
        if let Some(route) = wanting.iter().find(|route| route.outlet.is_blocked(false)) {
            // One that is a copy need not wait. One that waits is known only once it is delivered:
            // if its connection ends before that, a copy takes its place.
            return if tag.is_some_and(|tag| self.tags.is_known(tag)) {
                Ok(self.left_out())
            } else {
                Err(Behind(Arc::clone(route)))
            };
        }
        if tag.is_some_and(|tag| !self.tags.is_first(tag)) {
            return Ok(self.left_out());
        }
        Ok(self.deliver(&wanting, message, origin))
    }

    /// Gives a message to these.
    pub(crate) fn deliver(
        &self,
        wanting: &[Arc<Route>],
        message: &Message,
        origin: Origin,
    ) -> usize {
        let parcel = Parcel::new(message, origin, self.here.id, &self.tags);
        wanting.iter().map(|route| route.outlet.deliver(&parcel)).count()
    }

    /// Gives messages of this node that belong together to these.
    pub(crate) fn deliver_all(&self, wanting: &[Arc<Route>], messages: &[Message]) {
        let parcels = self.parcels(messages);
        for route in wanting {
            route.outlet.deliver_all(&parcels);
        }
    }

    /// Gives such messages to these although they are behind, as far as there is room for what must be:
    /// whether all have all of them.
    pub(crate) fn force_all(&self, behind: &[Arc<Route>], messages: &[Message]) -> bool {
        let parcels = self.parcels(messages);
        let took_all = behind.iter().map(|route| route.outlet.force_all(&parcels));
        // Each of them is asked, whatever another one took.
        took_all.fold(true, BitAnd::bitand)
    }

    fn parcels<'a>(&'a self, messages: &'a [Message]) -> Vec<Parcel<'a>> {
        let parcel = |message| Parcel::new(message, Origin::Local, self.here.id, &self.tags);
        messages.iter().map(parcel).collect()
    }

    /// A message is a copy of one that everybody has got.
    fn left_out(&self) -> usize {
        self.tags.duplicates.count();
        0
    }

    /// Gives a message to all of these but for those that are behind: how many got it, and how many
    /// did not.
    pub(crate) fn tell(
        &self,
        mut wanting: Vec<Arc<Route>>,
        message: &Message,
        origin: Origin,
    ) -> (usize, usize) {
        let all = wanting.len();
        wanting.retain(|route| !route.outlet.is_blocked(true));
        let taken = self.deliver(&wanting, message, origin);
        (taken, all.saturating_sub(taken))
    }

    /// The peers and WebSocket clients that have come, or want more, since this was asked last.
    pub(crate) fn newcomers(&self) -> Vec<Owner> {
        let routes = self.all();
        let is_remote = |owner| matches!(owner, Owner::Peer(_) | Owner::Client(_));
        let new = routes
            .iter()
            .filter(|route| is_remote(route.owner) && route.is_new.swap(false, Ordering::Relaxed));
        new.map(|route| route.owner).collect()
    }

    /// The way to this receiver, if it is still there.
    pub(crate) fn find(&self, owner: Owner) -> Option<Arc<Route>> {
        self.all().iter().find(|route| route.owner == owner).cloned()
    }

    fn all(&self) -> Arc<[Arc<Route>]> {
        Arc::clone(&self.routes.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Arc<Route>>)) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = routes.to_vec();
        change(&mut changed);
        *routes = changed.into();
    }
}

/// Others are told of a message before this node does something about it, which may be to end.
fn insert(routes: &mut Vec<Arc<Route>>, added: Arc<Route>) {
    let is_here = |route: &Arc<Route>| route.owner == Owner::Subscriber;
    let first = routes.iter().position(is_here).filter(|_| !is_here(&added));
    routes.insert(first.unwrap_or(routes.len()), added);
}

#[cfg(test)]
#[path = "routing_cases.rs"]
mod cases;
