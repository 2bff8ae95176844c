//! Who makes room for others. Pure: it is given what is known of the parked connections.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use ostler_runtime::now;

use crate::Origin;
use crate::connection::Connection;

/// How many are lined up at a time, so that a flood of connections does not have all looked at for
/// each of them.
const LINE: usize = 64;

/// How long a stranger may be silent whatever the cap of its address: an honest client that opens
/// many connections at once is heard from in less.
const GRACE: Duration = Duration::from_secs(1);

/// Why a parked connection may have to go; the smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It has not been authenticated.
    Stranger,
    /// It waits between two requests.
    Idle,
}

/// What is known of a parked connection that may have to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    token: u64,
    standing: Standing,
    /// Whom it is counted with.
    origin: Option<Origin>,
    heard: Instant,
}

impl Candidate {
    /// None for a connection that stays in any case.
    pub(crate) fn of(token: u64, connection: &Connection) -> Option<Self> {
        let origin = connection.stranger();
        let standing = match origin {
            Some(_) => Standing::Stranger,
            None if connection.is_idle() => Standing::Idle,
            None => return None,
        };
        Some(Self { token, standing, origin, heard: connection.heard() })
    }
}

/// The tokens of those who go first, all of one standing: the last of them first.
pub(crate) fn line_up(candidates: impl Iterator<Item = Candidate>) -> Vec<u64> {
    let mut all: Vec<Candidate> = candidates.collect();
    let Some(first) = all.iter().map(|candidate| candidate.standing).min() else {
        return Vec::new();
    };
    all.retain(|candidate| candidate.standing == first);
    if all.len() > LINE {
        all.select_nth_unstable_by_key(LINE, |candidate| candidate.heard);
        all.truncate(LINE);
    }
    all.sort_unstable_by_key(|candidate| std::cmp::Reverse(candidate.heard));
    all.into_iter().map(|candidate| candidate.token).collect()
}

/// The tokens of those who are more than `cap` from one address and have been silent for the
/// longest time, which is more than a moment.
pub(crate) fn beyond(cap: usize, candidates: impl Iterator<Item = Candidate>) -> Vec<u64> {
    let mut by_origin: HashMap<Origin, Vec<Candidate>> = HashMap::new();
    for candidate in candidates {
        if let Some(origin) = candidate.origin {
            by_origin.entry(origin).or_default().push(candidate);
        }
    }
    let time = now();
    let mut tokens = Vec::new();
    for mut crowd in by_origin.into_values().filter(|crowd| crowd.len() > cap) {
        crowd.sort_unstable_by_key(|candidate| candidate.heard);
        let surplus = crowd.len().saturating_sub(cap);
        let silent = |candidate: &&Candidate| time.duration_since(candidate.heard) >= GRACE;
        tokens.extend(crowd.iter().take(surplus).take_while(silent).map(|one| one.token));
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Peer;

    fn origin(last: u8) -> Origin {
        Origin::of(Peer::Inet(([192, 0, 2, last], 1).into()), &[]).unwrap()
    }

    fn candidate(token: u64, standing: Standing, silent: u64) -> Candidate {
        let heard = now().checked_sub(Duration::from_secs(silent)).unwrap();
        let origin = (standing == Standing::Stranger).then(|| origin(1));
        Candidate { token, standing, origin, heard }
    }

    #[test]
    fn strangers_go_before_the_idle_and_the_longest_silent_first() {
        let stranger = |token, silent| candidate(token, Standing::Stranger, silent);
        let idle = |token, silent| candidate(token, Standing::Idle, silent);
        let all = [idle(1, 90), stranger(2, 1), stranger(3, 3), idle(4, 99), stranger(5, 2)];
        assert_eq!(line_up(all.into_iter()), [2, 5, 3]);
        assert_eq!(line_up([idle(1, 90), idle(4, 99)].into_iter()), [1, 4]);
        assert!(line_up(std::iter::empty()).is_empty());
    }

    #[test]
    fn the_line_is_short_and_has_the_longest_silent_of_all() {
        let many = (1..=1000).map(|silent| candidate(silent, Standing::Stranger, silent));
        let line = line_up(many);
        assert_eq!((line.len(), line.first(), line.last()), (LINE, Some(&937), Some(&1000)));
    }

    #[test]
    fn of_a_crowd_those_go_who_have_been_silent_longest_and_for_more_than_a_moment() {
        let crowd = |silent: [u64; 4]| {
            (0..).zip(silent).map(|(token, silent)| candidate(token, Standing::Stranger, silent))
        };
        assert!(beyond(4, crowd([9, 8, 7, 6])).is_empty());
        assert_eq!(beyond(2, crowd([6, 9, 7, 8])), [1, 3]);
        assert_eq!(beyond(1, crowd([0, 9, 0, 0])), [1]);
    }

    #[test]
    fn each_address_has_a_cap_of_its_own_and_the_idle_have_none() {
        let of = |token, last| {
            let origin = Some(origin(last));
            Candidate { origin, ..candidate(token, Standing::Stranger, 9) }
        };
        let all = [of(1, 1), of(2, 2), candidate(3, Standing::Idle, 9), of(4, 3)];
        assert!(beyond(1, all.into_iter()).is_empty());
    }
}
