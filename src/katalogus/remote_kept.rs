//! What is known of remote repositories, and who is to be asked next. Without clock and network.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ostler_runtime::Thread;

use crate::{Listed, RemoteStatistics, Repository};

/// Repositories that are remembered, at most.
const MAX_KEPT: usize = 256;
/// After so many times the time after which it is asked again, what is known of a repository of
/// which nobody wanted to know more is forgotten.
const FORGOTTEN_AFTER: u32 = 6;

/// The plugins of one repository.
pub(crate) type Remote = Arc<Vec<Arc<Listed>>>;

/// The answer to a question; there is one once it is given.
pub(crate) type Question = OnceLock<Remote>;

/// What a repository has answered.
pub(crate) struct Answer {
    pub(crate) plugins: Remote,
    /// How long the answer was.
    pub(crate) bytes: usize,
}

/// What is known of a repository.
#[derive(Default)]
pub(crate) struct Found {
    plugins: Remote,
    /// What has to be waited for.
    question: Option<Arc<Question>>,
}

impl Found {
    /// Whether the answer is still to come.
    pub(crate) fn is_open(&self) -> bool {
        self.question.as_ref().is_some_and(|question| question.get().is_none())
    }

    /// The plugins, as far as they are known.
    pub(crate) fn plugins(&self) -> Remote {
        let answer = self.question.as_ref().and_then(|question| question.get());
        Arc::clone(answer.unwrap_or(&self.plugins))
    }
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Kept {
    /// After how long one is asked again.
    keep: Duration,
    /// Bytes of all answers, at most.
    max_bytes: usize,
    /// By id and address.
    entries: HashMap<(String, String), Entry>,
    /// Who is to be asked.
    pub(crate) queue: VecDeque<(Repository, Arc<Question>)>,
    pub(crate) statistics: RemoteStatistics,
    /// Those who ask, and how many of them do so, wait for a question, or have yet to begin.
    pub(crate) threads: Vec<Thread>,
    pub(crate) asking: usize,
    pub(crate) idle: usize,
    pub(crate) starting: usize,
    pub(crate) is_over: bool,
}

#[derive(Debug, Default)]
struct Entry {
    /// When there was an answer or a failure last.
    came: Option<Instant>,
    plugins: Remote,
    bytes: usize,
    failure: Option<String>,
    /// The one that has not been answered.
    question: Option<Arc<Question>>,
    /// Somebody has waited for its first answer long enough.
    was_awaited: bool,
}

impl Kept {
    pub(crate) fn new(keep: Duration, max_bytes: usize) -> Self {
        Self {
            keep,
            max_bytes,
            entries: HashMap::new(),
            queue: VecDeque::new(),
            statistics: RemoteStatistics::default(),
            threads: Vec::new(),
            asking: 0,
            idle: 0,
            starting: 0,
            is_over: false,
        }
    }

    /// What is known of a repository. It is put into the queue if it is time to ask it.
    pub(crate) fn look(&mut self, repository: &Repository, moment: Instant) -> Found {
        self.forget(moment);
        let key = key(repository);
        if self.entries.len() >= MAX_KEPT && !self.entries.contains_key(&key) {
            self.forget_oldest();
        }
        if self.entries.len() >= MAX_KEPT && !self.entries.contains_key(&key) {
            return Found::default();
        }
        let entry = self.entries.entry(key).or_default();
        let is_fresh =
            entry.came.is_some_and(|came| moment.saturating_duration_since(came) < self.keep);
        if !is_fresh && entry.question.is_none() {
            let question = Arc::<Question>::default();
            entry.question = Some(Arc::clone(&question));
            self.queue.push_back((repository.clone(), question));
        }
        let is_known = entry.came.is_some() || entry.was_awaited;
        let question = entry.question.clone().filter(|_| !is_known);
        Found { plugins: Arc::clone(&entry.plugins), question }
    }

    /// Nobody else waits for the first answer of this one.
    pub(crate) fn wait_no_more(&mut self, repository: &Repository) {
        if let Some(entry) = self.entries.get_mut(&key(repository)) {
            entry.was_awaited = true;
        }
    }

    /// Remembers the answer to a question: why there are no plugins, and why there were none before.
    pub(crate) fn keep(
        &mut self,
        repository: &Repository,
        question: &Question,
        answer: Result<Answer, String>,
        moment: Instant,
    ) -> (Option<String>, Option<String>) {
        let key = key(repository);
        let before = self.entries.remove(&key).and_then(|before| before.failure);
        let answer = answer.and_then(|answer| {
            let taken: usize = self.entries.values().map(|entry| entry.bytes).sum();
            if answer.bytes <= self.max_bytes.saturating_sub(taken) {
                return Ok(answer);
            }
            Err(format!("there is no room for {} bytes beside other answers", answer.bytes))
        });
        self.statistics.asked += 1;
        self.statistics.failed += u64::from(answer.is_err());
        let mut entry = Entry { came: Some(moment), ..Entry::default() };
        match answer {
            Ok(answer) => (entry.plugins, entry.bytes) = (answer.plugins, answer.bytes),
            Err(failure) => entry.failure = Some(failure),
        }
        // Nobody else answers it.
        let _ = question.set(Arc::clone(&entry.plugins));
        let failure = entry.failure.clone();
        self.entries.insert(key, entry);
        (failure, before)
    }

    /// Forgets what nobody has wanted for long; when the next is forgotten, if there is one.
    pub(crate) fn forget(&mut self, moment: Instant) -> Option<Instant> {
        let lasting = self.keep.saturating_mul(FORGOTTEN_AFTER);
        let end = |entry: &Entry| entry.came.and_then(|came| came.checked_add(lasting));
        let is_kept =
            |entry: &Entry| entry.question.is_some() || end(entry).is_none_or(|end| moment < end);
        self.entries.retain(|_, entry| is_kept(entry));
        let settled = self.entries.values().filter(|entry| entry.question.is_none());
        settled.filter_map(end).min()
    }

    /// Makes room for another one.
    fn forget_oldest(&mut self) {
        let settled = self.entries.iter().filter(|(_, entry)| entry.question.is_none());
        let oldest = settled.min_by_key(|(_, entry)| entry.came).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest {
            self.entries.remove(&oldest);
        }
    }
}

fn key(repository: &Repository) -> (String, String) {
    (repository.id.clone(), repository.base_url.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ostler_runtime::now;

    const KEEP: Duration = Duration::from_secs(1);

    fn repository(id: &str) -> Repository {
        Repository { id: id.into(), name: String::new(), base_url: "http://x".into() }
    }

    fn answer(bytes: usize) -> Answer {
        Answer { plugins: Remote::default(), bytes }
    }

    /// Has the next one answered; whether it was refused.
    fn give(kept: &mut Kept, answer: Answer, moment: Instant) -> bool {
        let (repository, question) = kept.queue.pop_front().unwrap();
        kept.keep(&repository, &question, Ok(answer), moment).0.is_some()
    }

    #[test]
    fn what_is_known_counts_until_there_is_something_better() {
        let (mut kept, begin) = (Kept::new(KEEP, 10), now());
        let one = repository("one");
        let found = kept.look(&one, begin);
        assert!(found.is_open() && kept.look(&one, begin).is_open() && kept.queue.len() == 1);
        assert!(!give(&mut kept, answer(3), begin));
        assert!(!found.is_open() && !kept.look(&one, begin).is_open() && kept.queue.is_empty());
        // It is asked again, and nobody waits for that.
        assert!(!kept.look(&one, begin + KEEP).is_open());
        assert_eq!(kept.queue.len(), 1);
        // Until all is forgotten that has no question.
        assert_eq!(kept.forget(begin + KEEP * 60), None);
        assert!(!give(&mut kept, answer(3), begin + KEEP));
        assert_eq!(kept.forget(begin + KEEP), Some(begin + KEEP * 7));
        assert_eq!(kept.forget(begin + KEEP * 7), None);
        assert!(kept.look(&one, begin + KEEP * 7).is_open());
        kept.wait_no_more(&one);
        assert!(!kept.look(&one, begin + KEEP * 7).is_open());
    }

    #[test]
    fn answers_have_room_together_or_not_at_all() {
        let (mut kept, begin) = (Kept::new(KEEP, 10), now());
        for (id, bytes, is_refused) in [("a", 6, false), ("b", 5, true), ("c", 4, false)] {
            kept.look(&repository(id), begin);
            assert_eq!(give(&mut kept, answer(bytes), begin), is_refused, "{id}");
        }
        // Its own room counts for the next answer.
        kept.look(&repository("a"), begin + KEEP);
        assert!(!give(&mut kept, answer(6), begin + KEEP));
        // And that of what is forgotten.
        let late = begin + KEEP * 6;
        kept.look(&repository("b"), late);
        assert!(give(&mut kept, answer(5), late));
        let late = begin + KEEP * 7;
        kept.look(&repository("b"), late);
        assert!(!give(&mut kept, answer(5), late));
    }

    #[test]
    fn repositories_are_not_remembered_without_end() {
        let (mut kept, begin) = (Kept::new(KEEP, 10), now());
        for number in 0..MAX_KEPT {
            kept.look(&repository(&number.to_string()), begin);
        }
        assert!(!kept.look(&repository("one more"), begin).is_open());
        give(&mut kept, answer(1), begin);
        assert!(kept.look(&repository("one more"), begin).is_open());
        assert_eq!(kept.entries.len(), MAX_KEPT);
    }
}
