//! How fresh the summary is that a child shows, and what must be reread before it is believed.
//!
//! A child's server rereads its disk only after a second without traffic. To a busy child it goes on
//! showing a finished backup as `running` for about three seconds, and then as `idle` with the old
//! backups. Asking for the one client makes it reread that one at once. So:
//!
//! * a child that has work looks at the summary at least once a second, so that it never misses that
//!   a client was running, and asks for each client that is, at most once a second each;
//! * after a pause in which nobody looked, backups may have come and gone: if another one is running
//!   (which breaks the silence in which the server would have reread by itself), every client is
//!   reread once.
//!
//! New and removed clients are found only in such a second of silence. A child that had none for
//! half a minute is replaced, in the background, by one that begins with today's list.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use memchr::memmem;

/// How often a child with work looks at the summary, and how often one client is reread through one
/// child, at most.
const LOOK: Duration = Duration::from_secs(1);
/// How many clients are reread for one summary, at most; the others wait for the next.
const REREAD_AT_ONCE: usize = 512;
/// A silence after which the server has surely reread its disk, if no backup was running.
const SILENCE: Duration = Duration::from_secs(3);
/// A child without silence is replaced at this age of its knowledge. Successors need up to six
/// seconds to get warm, and a fifth of the slots have theirs at a time, so that the last one has its
/// own within a minute.
const STALE: Duration = Duration::from_secs(30);

/// What one child knows, and since when.
#[derive(Debug)]
pub(crate) struct Freshness {
    /// When each client that was shown as running was last reread.
    reread: HashMap<String, Instant>,
    /// Whether the last summary showed a running client.
    running: bool,
    /// When the last summary came.
    looked: Instant,
    /// The last time that the list of clients was surely right.
    quiet: Instant,
    /// The last traffic.
    active: Instant,
}

impl Freshness {
    /// A child that has just been warmed.
    pub(crate) fn new(now: Instant) -> Self {
        Self { reread: HashMap::new(), running: false, looked: now, quiet: now, active: now }
    }

    /// A query goes to the child.
    pub(crate) fn note_query(&mut self, now: Instant) {
        self.note_silence(now);
        self.active = now;
    }

    /// Whether the child should look at the summary before it does anything else.
    pub(crate) fn must_look(&self, now: Instant) -> bool {
        now.duration_since(self.looked) >= LOOK
    }

    /// A summary came. Returns the clients that must be reread before it can be believed.
    pub(crate) fn note_summary(&mut self, summary: &[u8], now: Instant) -> Vec<String> {
        let clients = clients(summary);
        self.running = clients.iter().any(|client| client.running);
        let paused = self.running && now.duration_since(self.looked) >= SILENCE;
        self.looked = now;
        let running: HashSet<&str> =
            clients.iter().filter(|c| c.running).map(|c| c.name.as_str()).collect();
        self.reread.retain(|name, _| running.contains(name.as_str()));
        let is_due =
            |name: &str| self.reread.get(name).is_none_or(|at| now.duration_since(*at) >= LOOK);
        let mut due: Vec<String> = clients
            .into_iter()
            .filter(|client| paused || (client.running && is_due(&client.name)))
            .map(|client| client.name)
            .collect();
        // Those that have waited longest go first.
        due.sort_by_key(|name| self.reread.get(name).copied());
        due.truncate(REREAD_AT_ONCE);
        for name in &due {
            self.reread.insert(name.clone(), now);
        }
        due
    }

    /// Whether the child has had no silence for too long.
    pub(crate) fn is_stale(&mut self, now: Instant) -> bool {
        self.note_silence(now);
        now.duration_since(self.quiet) >= STALE
    }

    fn note_silence(&mut self, now: Instant) {
        // What the server hears of a running backup breaks the silence too.
        if !self.running && now.duration_since(self.active) >= SILENCE {
            self.quiet = now;
        }
    }
}

/// A client as a summary shows it.
struct Client {
    name: String,
    running: bool,
}

/// The clients of a summary.
fn clients(summary: &[u8]) -> Vec<Client> {
    const STATUS: &[u8] = br#""run_status":""#;
    const NAME: &[u8] = br#"{"name":"#;
    let mut clients = Vec::new();
    // Inside a JSON string the quotes would be escaped, so these bytes are what they look like.
    for status in memmem::find_iter(summary, STATUS) {
        let running =
            summary.get(status + STATUS.len()..).is_some_and(|rest| rest.starts_with(b"running\""));
        // Between a client's name and its status there are only labels.
        let before = summary.get(..status).unwrap_or_default();
        let Some(name) = memmem::rfind(before, NAME) else { continue };
        let rest = before.get(name + NAME.len()..).unwrap_or_default();
        let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<String>();
        if let Some(Ok(name)) = values.next() {
            clients.push(Client { name, running });
        }
    }
    clients
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: &[u8] = br#"{"clients":[{"name":"a","labels":["\"run_status\":\"running\""],"run_status":"idle","backups":[]},{"name":"b \"x\"","labels":["l"],"run_status":"running","children":[{"name":"no"}]},{"name":"c","run_status":"running"}]}"#;
    const IDLE: &[u8] = br#"{"clients":[{"name":"a","run_status":"idle"}]}"#;

    #[test]
    fn clients_are_found_by_name() {
        let found = |summary: &[u8]| -> Vec<(String, bool)> {
            clients(summary).into_iter().map(|client| (client.name, client.running)).collect()
        };
        let all = [("a", false), ("b \"x\"", true), ("c", true)];
        assert_eq!(found(BUSY), all.map(|(name, running)| (name.to_owned(), running)));
        assert_eq!(found(br#""run_status":"running""#), []);
    }

    #[test]
    fn after_a_pause_with_a_running_backup_every_client_is_reread() {
        let start = ostler_runtime::now();
        let mut freshness = Freshness::new(start);
        assert!(freshness.must_look(start + LOOK) && !freshness.must_look(start + LOOK / 2));
        assert_eq!(freshness.note_summary(BUSY, start + SILENCE).len(), 3);
        assert_eq!(freshness.note_summary(IDLE, start + SILENCE * 3).len(), 0);
    }

    #[test]
    fn a_running_client_is_reread_once_a_second() {
        let start = ostler_runtime::now();
        let mut freshness = Freshness::new(start);
        assert_eq!(freshness.note_summary(BUSY, start).len(), 2);
        assert_eq!(freshness.note_summary(BUSY, start + LOOK / 2).len(), 0);
        assert_eq!(freshness.note_summary(BUSY, start + LOOK).len(), 2);
        assert_eq!(freshness.note_summary(IDLE, start + LOOK).len(), 0);
        assert_eq!(freshness.note_summary(BUSY, start + LOOK).len(), 2);
    }

    #[test]
    fn only_silence_without_a_running_backup_keeps_a_child_fresh() {
        let start = ostler_runtime::now();
        let mut freshness = Freshness::new(start);
        let mut moment = start;
        while moment < start + STALE {
            freshness.note_query(moment);
            moment += SILENCE / 3;
        }
        assert!(freshness.is_stale(moment));

        let mut freshness = Freshness::new(start);
        freshness.note_query(start + SILENCE);
        assert!(!freshness.is_stale(start + STALE));

        let mut freshness = Freshness::new(start);
        freshness.note_summary(BUSY, start);
        assert!(freshness.is_stale(start + STALE));
    }
}
