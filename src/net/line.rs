//! Who makes room for others. Pure: it is given what is known of the parked connections.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use ostler_runtime::now;

use crate::Origin;
use crate::connection::Connection;

/// How many are lined up at a time, so that a flood of connections does not have all looked at for
/// each of them.
const LINE: usize = 64;

/// How long a stranger may stay whatever the cap of its address: an honest client that opens many
/// connections at once has shown its password in less.
const GRACE: Duration = Duration::from_secs(1);

/// Why a parked connection may have to go; the smaller goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// It has not been authenticated, and nothing more is expected of it: it has been refused, or
    /// its answer is kept back.
    Refused,
    /// It has not been authenticated, and its address has more of them than the cap.
    Surplus,
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
    accepted: Instant,
    heard: Instant,
}

impl Candidate {
    /// None for a connection that stays in any case.
    pub(crate) fn of(token: u64, connection: &Connection) -> Option<Self> {
        let origin = connection.stranger();
        let standing = match origin {
            Some(_) if connection.is_reading() => Standing::Stranger,
            Some(_) => Standing::Refused,
            None if connection.is_idle() => Standing::Idle,
            None => return None,
        };
        let (accepted, heard) = (connection.accepted(), connection.heard());
        Some(Self { token, standing, origin, accepted, heard })
    }
}

/// Those who go first, the last of them first.
#[derive(Debug)]
pub(crate) struct Line {
    tokens: Vec<u64>,
    /// Those in the line are idle, and no stranger is parked.
    idle: bool,
    /// There was nobody to line up, and nobody has come since.
    nobody: bool,
}

impl Line {
    /// Nobody is parked.
    pub(crate) const fn new() -> Self {
        Self { tokens: Vec::new(), idle: false, nobody: true }
    }

    /// Somebody is parked who may have to go.
    pub(crate) fn came(&mut self, newcomer: Candidate) {
        self.nobody = false;
        if self.idle && newcomer.standing != Standing::Idle {
            // It goes before them.
            self.tokens.clear();
        }
    }

    /// The token of who goes next; it may have gone stale.
    pub(crate) fn next(&mut self) -> Option<u64> {
        self.tokens.pop()
    }

    /// Whether there is any use in lining up anew.
    pub(crate) fn may_grow(&self) -> bool {
        !self.nobody
    }

    /// Lines up those who go first, all of one standing, the longest silent in front; `cap` is how
    /// many of one address are not too many.
    pub(crate) fn line_up(&mut self, cap: usize, candidates: impl Iterator<Item = Candidate>) {
        let mut all: Vec<Candidate> = candidates.collect();
        mark_surplus(cap, &mut all);
        let first = all.iter().map(|candidate| candidate.standing).min();
        self.nobody = first.is_none();
        self.idle = first == Some(Standing::Idle);
        all.retain(|candidate| Some(candidate.standing) == first);
        if all.len() > LINE {
            all.select_nth_unstable_by_key(LINE, |candidate| candidate.heard);
            all.truncate(LINE);
        }
        all.sort_unstable_by_key(|candidate| Reverse(candidate.heard));
        self.tokens = all.into_iter().map(|candidate| candidate.token).collect();
    }
}

/// The tokens of those who are more than `cap` from one address and were there first, for more than
/// a moment.
pub(crate) fn beyond(cap: usize, candidates: impl Iterator<Item = Candidate>) -> Vec<u64> {
    let mut all: Vec<Candidate> = candidates.collect();
    let time = now();
    mark_surplus(cap, &mut all)
        .into_iter()
        .filter_map(|index| all.get(index))
        .filter(|candidate| time.saturating_duration_since(candidate.accepted) >= GRACE)
        .map(|candidate| candidate.token)
        .collect()
}

/// Marks those who are more than `cap` from one address and were there first: their indices.
fn mark_surplus(cap: usize, all: &mut [Candidate]) -> Vec<usize> {
    let mut by_origin: HashMap<Origin, Vec<(Instant, usize)>> = HashMap::new();
    for (index, candidate) in all.iter().enumerate() {
        if let Some(origin) = candidate.origin {
            by_origin.entry(origin).or_default().push((candidate.accepted, index));
        }
    }
    let mut surplus = Vec::new();
    for mut crowd in by_origin.into_values().filter(|crowd| crowd.len() > cap) {
        crowd.sort_unstable();
        let too_many = crowd.len().saturating_sub(cap);
        surplus.extend(crowd.into_iter().take(too_many).map(|(_, index)| index));
    }
    for index in &surplus {
        if let Some(candidate) = all.get_mut(*index) {
            candidate.standing = candidate.standing.min(Standing::Surplus);
        }
    }
    surplus
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Peer;

    const CAP: usize = 9;

    fn origin(last: u8) -> Origin {
        Origin::of(Peer::Inet(([192, 0, 2, last], 1).into()), &[]).unwrap()
    }

    fn candidate(token: u64, standing: Standing, silent: u64) -> Candidate {
        let heard = now().checked_sub(Duration::from_secs(silent)).unwrap();
        let origin = (standing != Standing::Idle).then(|| origin(1));
        Candidate { token, standing, origin, accepted: heard, heard }
    }

    fn stranger(token: u64, silent: u64) -> Candidate {
        candidate(token, Standing::Stranger, silent)
    }

    fn idle(token: u64, silent: u64) -> Candidate {
        candidate(token, Standing::Idle, silent)
    }

    fn of(last: u8, candidate: Candidate) -> Candidate {
        Candidate { origin: Some(origin(last)), ..candidate }
    }

    fn lined_up<const N: usize>(cap: usize, all: [Candidate; N]) -> Vec<u64> {
        let mut line = Line::new();
        line.line_up(cap, all.into_iter());
        line.tokens
    }

    #[test]
    fn strangers_go_before_the_idle_and_the_longest_silent_first() {
        let all = [idle(1, 90), stranger(2, 1), stranger(3, 3), idle(4, 99), stranger(5, 2)];
        assert_eq!(lined_up(CAP, all), [2, 5, 3]);
        assert_eq!(lined_up(CAP, [idle(1, 90), idle(4, 99)]), [1, 4]);
        assert!(lined_up(CAP, []).is_empty());
    }

    #[test]
    fn who_has_been_refused_goes_before_who_may_still_ask() {
        let refused = |token, silent| candidate(token, Standing::Refused, silent);
        assert_eq!(lined_up(CAP, [stranger(1, 9), refused(2, 1), refused(3, 2)]), [2, 3]);
    }

    #[test]
    fn a_crowd_of_one_address_goes_before_the_others_who_have_been_silent_longer() {
        let all = [of(2, stranger(1, 99)), stranger(2, 3), stranger(3, 2), stranger(4, 1)];
        assert_eq!(lined_up(2, all), [2]);
        assert_eq!(lined_up(3, all), [4, 3, 2, 1]);
    }

    #[test]
    fn the_idle_stay_when_a_stranger_comes() {
        let mut line = Line::new();
        assert!(!line.may_grow(), "there is nobody");
        line.came(idle(1, 2));
        line.line_up(CAP, [idle(1, 2), idle(2, 1)].into_iter());
        assert_eq!(line.next(), Some(1));
        line.came(idle(3, 0));
        line.came(stranger(4, 0));
        assert_eq!(line.next(), None);
        assert!(line.may_grow());
    }

    #[test]
    fn the_line_is_short_and_has_the_longest_silent_of_all() {
        let mut line = Line::new();
        line.line_up(1000, (1..=1000).map(|silent| stranger(silent, silent)));
        let tokens = line.tokens;
        assert_eq!((tokens.len(), tokens.first(), tokens.last()), (LINE, Some(&937), Some(&1000)));
    }

    #[test]
    fn of_a_crowd_those_go_who_came_first_more_than_a_moment_ago() {
        let crowd = |silent: [u64; 4]| {
            (0..).zip(silent).map(|(token, silent)| stranger(token, silent)).collect::<Vec<_>>()
        };
        assert!(beyond(4, crowd([9, 8, 7, 6]).into_iter()).is_empty());
        assert_eq!(beyond(2, crowd([6, 9, 7, 8]).into_iter()), [1, 3]);
        assert_eq!(beyond(1, crowd([0, 9, 0, 0]).into_iter()), [1]);
        // Saying a byte now and then is no way to stay.
        let talks = crowd([6, 9, 7, 8]).into_iter().map(|one| Candidate { heard: now(), ..one });
        assert_eq!(beyond(2, talks), [1, 3]);
    }

    #[test]
    fn each_address_has_a_cap_of_its_own_and_the_idle_have_none() {
        let all = [of(1, stranger(1, 9)), of(2, stranger(2, 9)), idle(3, 9), of(3, stranger(4, 9))];
        assert!(beyond(1, all.into_iter()).is_empty());
    }
}
