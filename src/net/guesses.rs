//! Wrong passwords, by address: after a few, each further one is answered later than the one before.
//!
//! Only the answer to a wrong password is late; a right one is never asked how many wrong ones came
//! before it. So this slows an honest client that is misconfigured, and a simple-minded attacker; it
//! does not stop one who opens many connections and waits for none. A long password does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Origin;

/// So many wrong passwords are answered at once.
const FREE: u32 = 5;

/// How late the next one is answered; each further one twice as late.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// No answer is later.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// After so long without a wrong password an address begins anew.
const FORGET: Duration = Duration::from_secs(600);

/// The most addresses that are remembered.
const ADDRESSES: usize = 4096;

/// So many make room at a time, those heard longest ago: looking for them costs a look at all.
const FORGOTTEN: usize = ADDRESSES / 8;

/// See the module.
#[derive(Debug, Default)]
pub struct Guesses(Mutex<HashMap<Origin, Tally>>);

#[derive(Clone, Copy, Debug)]
struct Tally {
    wrong: u32,
    last: Instant,
}

impl Guesses {
    /// Counts a wrong password that came from `origin`: how late it is to be answered.
    pub fn count(&self, origin: Origin, time: Instant) -> Duration {
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tallies.len() >= ADDRESSES && !tallies.contains_key(&origin) {
            let mut times: Vec<Instant> = tallies.values().map(|tally| tally.last).collect();
            let (_, &mut latest, _) = times.select_nth_unstable(FORGOTTEN);
            tallies.retain(|_, tally| tally.last > latest);
        }
        let tally = tallies.entry(origin).or_insert(Tally { wrong: 0, last: time });
        if time.saturating_duration_since(tally.last) >= FORGET {
            tally.wrong = 0;
        }
        tally.wrong = tally.wrong.saturating_add(1);
        tally.last = time;
        delay(tally.wrong)
    }
}

/// How late the answer to an address's wrong password of this number is.
fn delay(wrong: u32) -> Duration {
    let Some(late) = wrong.checked_sub(FREE.saturating_add(1)) else { return Duration::ZERO };
    let times = 1_u32.checked_shl(late).unwrap_or(u32::MAX);
    FIRST_DELAY.saturating_mul(times).min(LONGEST_DELAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostler_runtime::now;

    fn origin(number: u16) -> Origin {
        let [high, low] = number.to_be_bytes();
        Origin::from(std::net::IpAddr::from([10, 0, high, low]))
    }

    #[test]
    fn some_are_free_and_each_further_one_is_answered_later_up_to_a_limit() {
        let delays: Vec<u128> = (1..=14).map(|wrong| delay(wrong).as_millis()).collect();
        let late = [250, 500, 1000, 2000, 4000, 8000, 8000, 8000, 8000];
        assert_eq!(delays, [&[0; 5][..], &late].concat());
        assert_eq!(delay(u32::MAX), LONGEST_DELAY);
    }

    #[test]
    fn addresses_are_counted_apart_and_forgotten_in_time() {
        let guesses = Guesses::default();
        let start = now();
        let last = (0..9).map(|_| guesses.count(origin(1), start)).last();
        assert_eq!(last, Some(Duration::from_secs(2)));
        assert_eq!(guesses.count(origin(2), start), Duration::ZERO);
        assert_eq!(guesses.count(origin(1), start + FORGET), Duration::ZERO);
    }

    #[test]
    fn no_more_addresses_are_remembered_than_there_is_room_for() {
        let guesses = Guesses::default();
        let start = now();
        for _ in 0..6 {
            guesses.count(origin(0), start);
        }
        for number in 1..=5000 {
            guesses.count(origin(number), start + Duration::from_secs(number.into()));
        }
        assert!(guesses.0.lock().unwrap().len() <= ADDRESSES);
        assert_eq!(guesses.count(origin(0), start), Duration::ZERO, "it was the oldest");
        assert!(guesses.0.lock().unwrap().contains_key(&origin(5000)));
    }
}
