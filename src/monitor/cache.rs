//! Answers of the last seconds, bounded in number and in bytes.
//!
//! An answer is at most as old as the original's cache allows. A summary is kept for less: it is
//! what shows a finished backup, and a shared child makes it cheap to ask again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::exchange::Bytes;
use crate::query::Query;

/// How old an answer may be that a client is given.
pub(crate) const MAX_AGE: Duration = Duration::from_secs(5);
/// How old a summary may be. With the second between two looks at a running client, a finished
/// backup is seen within three seconds.
pub(crate) const SUMMARY_AGE: Duration = Duration::from_millis(1500);
/// How many answers are kept.
pub(crate) const MAX_ENTRIES: usize = 1024;

/// How old an answer to this query may be.
pub(crate) fn lifetime(query: &Query) -> Duration {
    if query.is_summary() { SUMMARY_AGE } else { MAX_AGE }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Cache {
    entries: HashMap<Query, Entry>,
    bytes: usize,
    max_bytes: usize,
}

#[derive(Debug)]
struct Entry {
    answer: Bytes,
    born: Instant,
}

impl Cache {
    /// A cache that holds at most `max_bytes` of answers.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, max_bytes }
    }

    /// The answer to an equal query, if one is young enough.
    pub(crate) fn answer(&self, query: &Query, now: Instant) -> Option<&Bytes> {
        self.entries.get(query).filter(|entry| entry.is_young(query, now)).map(|e| &e.answer)
    }

    /// Whether there is an answer, young or not.
    pub(crate) fn knows(&self, query: &Query) -> bool {
        self.entries.contains_key(query)
    }

    /// Keeps an answer that was asked for at `born`, in place of an older one. What has no room
    /// takes that of the oldest.
    pub(crate) fn keep(&mut self, query: &Query, answer: Bytes, born: Instant, now: Instant) {
        if self.entries.get(query).is_some_and(|entry| entry.born > born) {
            return;
        }
        self.remove(query);
        let bytes = answer.held();
        if bytes > self.max_bytes || answer.as_slice().is_empty() {
            return;
        }
        if self.entries.len() >= MAX_ENTRIES || self.bytes + bytes > self.max_bytes {
            self.sweep(now);
        }
        while self.entries.len() >= MAX_ENTRIES || self.bytes + bytes > self.max_bytes {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.born);
            let Some(oldest) = oldest.map(|(query, _)| query.clone()) else { return };
            self.remove(&oldest);
        }
        self.bytes += bytes;
        self.entries.insert(query.clone(), Entry { answer, born });
    }

    /// Changes how much it may hold.
    pub(crate) fn set_max_bytes(&mut self, max_bytes: usize, now: Instant) {
        self.max_bytes = max_bytes;
        if self.bytes > max_bytes {
            self.entries.clear();
        }
        self.sweep(now);
    }

    /// Forgets what is too old for anyone.
    pub(crate) fn sweep(&mut self, now: Instant) {
        self.entries.retain(|query, entry| entry.is_young(query, now));
        self.bytes = self.entries.values().map(|entry| entry.answer.held()).sum();
        if self.entries.is_empty() {
            self.entries.shrink_to_fit();
        }
    }

    /// How many answers, and how many bytes.
    pub(crate) fn size(&self) -> (usize, usize) {
        (self.entries.len(), self.bytes)
    }

    fn remove(&mut self, query: &Query) {
        if let Some(entry) = self.entries.remove(query) {
            self.bytes -= entry.answer.held();
        }
    }
}

impl Entry {
    fn is_young(&self, query: &Query, now: Instant) -> bool {
        now.saturating_duration_since(self.born) < lifetime(query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn bytes(n: usize) -> Bytes {
        Bytes { buffer: Arc::new(vec![b'x'; n]), range: 0..n }
    }

    fn query(n: usize) -> Query {
        Query::parse(&format!("c:client{n}")).unwrap()
    }

    #[test]
    fn an_answer_grows_old_and_a_summary_sooner() {
        let start = ostler_runtime::now();
        let mut cache = Cache::new(1000);
        for query in [query(1), Query::summary()] {
            cache.keep(&query, bytes(1), start, start);
            let limit = if query.is_summary() { SUMMARY_AGE } else { MAX_AGE };
            assert!(cache.answer(&query, start + limit / 2).is_some());
            assert!(cache.answer(&query, start + limit).is_none());
        }
        cache.sweep(start + MAX_AGE);
        assert_eq!(cache.size(), (0, 0));
    }

    #[test]
    fn it_never_holds_more_than_it_may() {
        let start = ostler_runtime::now();
        let mut cache = Cache::new(100);
        for n in 0..20 {
            let now = start + Duration::from_millis(u64::try_from(n).unwrap());
            cache.keep(&query(n), bytes(30), now, now);
            assert!(cache.size().1 <= 100);
            assert!(cache.answer(&query(n), now).is_some());
        }
        assert_eq!(cache.size(), (3, 90));
        let late = start + Duration::from_secs(1);
        cache.keep(&query(19), bytes(101), late, late);
        // An older answer does not take the place of a newer one.
        cache.keep(&query(18), bytes(1), start, late);
        assert_eq!(cache.size(), (2, 60));
    }
}
