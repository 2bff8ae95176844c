//! When keys expire.

use std::collections::{BTreeSet, HashMap};

use broker_data::{Data, Timestamp};

/// The keys that expire, and when.
#[derive(Debug, Default)]
pub(crate) struct Expiries {
    times: BTreeSet<(Timestamp, Data)>,
    keys: HashMap<Data, Timestamp>,
}

impl Expiries {
    /// A key expires then, or never.
    pub(crate) fn set(&mut self, key: &Data, time: Option<Timestamp>) {
        if let Some(before) = self.keys.remove(key) {
            self.times.remove(&(before, key.clone()));
        }
        if let Some(time) = time {
            self.keys.insert(key.clone(), time);
            self.times.insert((time, key.clone()));
        }
    }

    /// Whether no key expires.
    pub(crate) fn is_empty(&self) -> bool {
        self.times.is_empty()
    }

    /// No key expires.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// When the next one does.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.times.first().map(|(time, _)| *time)
    }

    /// The next key whose time is before `now`. It does not expire any more.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<Data> {
        let (time, _) = self.times.first()?;
        if *time >= now {
            return None;
        }
        let (_, key) = self.times.pop_first()?;
        self.keys.remove(&key);
        Some(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_expire_in_the_order_of_their_times_and_once() {
        let at = Timestamp::from_nanos;
        let key = |number: u64| Data::Count(number);
        let mut expiries = Expiries::default();
        for (number, time) in [(1, 30), (2, 10), (3, 20), (1, 5), (2, 40)] {
            expiries.set(&key(number), Some(at(time)));
        }
        expiries.set(&key(3), None);
        assert_eq!(expiries.next(), Some(at(5)));
        assert_eq!(expiries.pop_due(at(5)), None, "its time is not over");
        assert_eq!(expiries.pop_due(at(50)), Some(key(1)));
        assert_eq!(expiries.pop_due(at(50)), Some(key(2)));
        assert_eq!(expiries.pop_due(at(50)), None);
        assert_eq!(expiries.next(), None);
    }
}
