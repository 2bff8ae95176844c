//! How each peer and each WebSocket client keeps up, as figures show it.

use ostler_net::{Link, Peer};

use crate::route::{Owner, Route};

/// Receivers that have figures of their own, those that came first; of the others there are sums.
const MAX_NAMED: usize = 64;
/// What the others are called.
const OTHERS: &str = "others";

/// What waits for a receiver, and what it has missed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    at: Peer,
    waiting: usize,
    dropped: u64,
}

/// One receiver, or several of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Receiver {
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) waiting: usize,
    pub(crate) dropped: u64,
}

impl Load {
    /// That of whoever is behind `link`.
    pub(crate) fn of(link: &Link, dropped: u64) -> Self {
        Self { at: link.peer(), waiting: link.queued().0, dropped }
    }

    /// Messages that wait for it.
    pub(crate) fn waiting(self) -> usize {
        self.waiting
    }
}

impl Receiver {
    /// What its figures are told apart by.
    pub(crate) fn labels(&self) -> [&str; 2] {
        [self.kind, &self.name]
    }
}

/// Those at the end of these routes, the first that came first.
pub(crate) fn receivers(routes: &[impl AsRef<Route>]) -> Vec<Receiver> {
    let loads = routes.iter().map(AsRef::as_ref).filter_map(|route| {
        let kind = if matches!(route.owner, Owner::Client(_)) { "web-socket" } else { "native" };
        Some((kind, route.outlet.load()?))
    });
    summed(loads)
}

fn summed(loads: impl Iterator<Item = (&'static str, Load)>) -> Vec<Receiver> {
    let mut all: Vec<Receiver> = Vec::new();
    for (kind, Load { at, waiting, dropped }) in loads {
        let named = all.iter().filter(|one| one.name != OTHERS).count();
        let mut name = match at {
            Peer::Inet(at) => at.to_string(),
            Peer::Unix => "localhost".to_owned(),
        };
        let mut place = all.iter().position(|one| one.kind == kind && one.name == name);
        if place.is_none() && named >= MAX_NAMED {
            OTHERS.clone_into(&mut name);
            place = all.iter().position(|one| one.kind == kind && one.name == name);
        }
        match place.and_then(|place| all.get_mut(place)) {
            Some(one) => {
                one.waiting = one.waiting.saturating_add(waiting);
                one.dropped = one.dropped.saturating_add(dropped);
            }
            None => all.push(Receiver { kind, name, waiting, dropped }),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    fn load(port: u16) -> (&'static str, Load) {
        let at = Peer::Inet(SocketAddr::from(([192, 0, 2, 1], port)));
        ("native", Load { at, waiting: 1, dropped: 2 })
    }

    #[test]
    fn the_first_have_figures_of_their_own_and_the_others_sums() {
        let all = summed((1..=100).map(load));
        assert_eq!(all.len(), MAX_NAMED + 1);
        assert!(all.iter().any(|one| one.name == "192.0.2.1:64" && one.waiting == 1));
        let others = all.last().unwrap();
        assert_eq!((others.name.as_str(), others.waiting, others.dropped), (OTHERS, 36, 72));
    }

    #[test]
    fn no_two_have_the_same_labels() {
        let local = ("native", Load { at: Peer::Unix, waiting: 1, dropped: 0 });
        let client = ("web-socket", local.1);
        let all = summed([local, client, local].into_iter());
        let figures: Vec<_> = all.iter().map(|one| (one.kind, one.waiting)).collect();
        assert_eq!(figures, [("native", 2), ("web-socket", 1)]);
    }
}
