//! The changes that a master and its clones make: any change of keys that all have in common, and of
//! those that only one clone changes such as tell afterwards what has become of them.

use broker_data::{Data, Timespan, Type};

use crate::command::Content;
use crate::convergence_world::{CLONES, World, id};

/// Keys that all change; of these, the first half may expire.
const KEYS: usize = 50;

/// Which changes there are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Changes {
    /// Whether everything may be erased at once, which is told in no particular order.
    pub(crate) clears: bool,
    /// Whether keys expire.
    pub(crate) expires: bool,
    /// Whether clones count under keys of their own: nothing is erased at once then.
    pub(crate) counts: bool,
}

/// What a clone adds 1 to.
pub(crate) fn tally(at: usize) -> Data {
    Data::from(format!("tally {at}"))
}

/// Whether it was said that this key may expire.
pub(crate) fn may_expire(key: &Data) -> bool {
    matches!(key, Data::Count(number) if *number < KEYS as u64 / 2)
}

impl World {
    /// Makes the change of this number.
    pub(crate) fn change(&mut self, changes: Changes, number: u64, is_bad: bool) {
        let who = self.below(CLONES + 1);
        if who < CLONES && changes.counts {
            match self.below(4) {
                0 => {
                    let key = self.number() % 5;
                    return self.write_own(who, key, number, is_bad);
                }
                1 => return self.add_own(who, is_bad),
                _ => {}
            }
        }
        let action = self.any(changes, who, number);
        self.write(who, action, is_bad);
    }

    fn add_own(&mut self, at: usize, is_bad: bool) {
        let (key, value, init) = (tally(at), Data::Count(1), Type::Count);
        let (expiry, publisher) = (None, id(at));
        if self.write(at, Content::Add { key, value, init, expiry, publisher }, is_bad) {
            self.written[at].added += 1;
        }
    }

    fn any(&mut self, changes: Changes, who: usize, number: u64) -> Content {
        let (key, value) = (Data::Count(self.below(KEYS) as u64), Data::Count(number));
        let publisher = id(who);
        let expiry = (changes.expires && may_expire(&key) && self.below(2) == 0)
            .then(|| Timespan::from_nanos(self.between(0, 3_000_000_000)));
        match self.below(12) {
            0..5 => Content::Put { key, value, expiry, publisher },
            5..8 => {
                let (value, init) = (Data::Count(self.below(9) as u64), Type::Count);
                Content::Add { key, value, init, expiry, publisher }
            }
            8 => Content::Subtract { key, value: Data::Count(1), expiry, publisher },
            9 => Content::Erase { key, publisher },
            10 => {
                let (who, request) = (publisher, self.number());
                Content::PutUnique { key, value, expiry, who, request, publisher }
            }
            _ if changes.clears && self.below(40) == 0 => Content::Clear { publisher },
            _ => Content::Put { key, value: Data::Count(0), expiry, publisher },
        }
    }
}
