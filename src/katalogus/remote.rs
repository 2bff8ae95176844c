//! Plugins of other catalogues, asked for under a short deadline and remembered for a moment.
//!
//! Only threads of their own ask, each question once. Whoever lists plugins waits for no repository
//! that has answered lately, or has failed to: what is known of it counts until somebody knows
//! better. For all others together there is one short wait.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, Thread, now};

use crate::remote_client::{Client, MAX_ANSWER_BYTES};
use crate::remote_kept::{Answer, Found, Kept, Question, Remote};
use crate::{Generation, Json, Listed, Plugin, Repository};

/// Repositories that are asked at the same time, at most.
const MAX_THREADS: usize = 16;
/// Plugins of one repository, at most.
pub(crate) const MAX_PLUGINS: usize = 1_000;

/// How remote repositories are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSettings {
    /// Whose keys are answered.
    pub generation: Generation,
    /// Whether they are asked at all.
    pub is_on: bool,
    /// How long an answer may take, from the look-up of the name to its last byte.
    pub timeout: Duration,
    /// After how long a repository is asked again.
    pub keep: Duration,
    /// Bytes of all answers that are remembered, at most.
    pub max_bytes: usize,
    /// The file with the certificates of the authorities that count for `https`; the system's if
    /// there is none.
    pub authorities: Option<PathBuf>,
}

impl RemoteSettings {
    /// How long an answer may take, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(2);
    /// After how long a repository is asked again, if nothing else is said.
    pub const KEEP: Duration = Duration::from_secs(10);
    /// Bytes of all answers, if nothing else is said.
    pub const MAX_BYTES: usize = 32 << 20;

    /// With defaults.
    pub fn new(generation: Generation) -> Self {
        Self {
            generation,
            is_on: true,
            timeout: Self::TIMEOUT,
            keep: Self::KEEP,
            max_bytes: Self::MAX_BYTES,
            authorities: None,
        }
    }
}

/// Those who ask remote repositories, and what they were told.
#[derive(Debug)]
pub struct Remotes(Arc<Shared>);

/// How often repositories were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteStatistics {
    /// How often one was asked.
    pub asked: u64,
    /// How often one did not answer in time, or not with plugins.
    pub failed: u64,
}

#[derive(Debug)]
struct Shared {
    settings: RemoteSettings,
    client: Client,
    kept: Mutex<Kept>,
    /// Somebody has been answered.
    answered: Condvar,
    /// There is a question, or the end has come.
    asked: Condvar,
    /// Held by who reads an answer, since that takes many times its bytes for a moment.
    reading: Mutex<()>,
}

impl Remotes {
    /// Nobody has been asked yet.
    pub fn new(settings: RemoteSettings) -> Self {
        let client = Client::new(settings.authorities.clone());
        let kept = Mutex::new(Kept::new(settings.keep, settings.max_bytes));
        let (answered, asked) = (Condvar::new(), Condvar::new());
        Self(Arc::new(Shared {
            settings,
            client,
            kept,
            answered,
            asked,
            reading: Mutex::default(),
        }))
    }

    /// The plugins of each repository, in its order; none of those that do not give them, which a
    /// line in the log tells. The local repository has none here. Waits for repositories of which
    /// nothing is known, but no longer than one may take for its answer.
    pub fn plugins(&self, repositories: &[Repository], deadline: Deadline) -> Vec<Remote> {
        let patience = Deadline::after(self.0.settings.timeout);
        let until = deadline.earlier(patience);
        let mut kept = self.0.kept();
        let found = self.look(&mut kept, repositories);
        while found.iter().any(Found::is_open) && !until.passed() && !kept.is_over {
            let left = until.remaining().unwrap_or(Duration::MAX);
            let waited = self.0.answered.wait_timeout(kept, left);
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if patience.passed() {
            for (repository, _) in repositories.iter().zip(&found).filter(|(_, it)| it.is_open()) {
                kept.wait_no_more(repository);
            }
        }
        drop(kept);
        found.iter().map(Found::plugins).collect()
    }

    /// The same at once; `None` if somebody has to be waited for.
    pub(crate) fn known(&self, repositories: &[Repository]) -> Option<Vec<Remote>> {
        let found = self.look(&mut self.0.kept(), repositories);
        let is_known = !found.iter().any(Found::is_open);
        is_known.then(|| found.iter().map(Found::plugins).collect())
    }

    /// Nobody is asked any more, and nobody waits for an answer.
    pub fn end(&self) {
        self.0.kept().is_over = true;
        self.0.asked.notify_all();
        self.0.answered.notify_all();
    }

    /// How often repositories were asked.
    pub fn statistics(&self) -> RemoteStatistics {
        self.0.kept().statistics
    }

    /// What is known of repositories, and sees to it that those are asked that have to be.
    fn look(&self, kept: &mut Kept, repositories: &[Repository]) -> Vec<Found> {
        let moment = now();
        let look = |repository: &Repository| {
            if repository.id == Repository::LOCAL || !self.0.settings.is_on {
                return Found::default();
            }
            kept.look(repository, moment)
        };
        let found = repositories.iter().map(look).collect();
        for _ in 0..kept.queue.len() {
            self.0.asked.notify_one();
        }
        while kept.queue.len() > kept.idle + kept.starting && kept.threads.len() < MAX_THREADS {
            let shared = Arc::clone(&self.0);
            let name = format!("remote:{}", kept.threads.len() + 1);
            match Thread::spawn(&name, move || shared.work()) {
                Ok(thread) => kept.threads.push(thread),
                Err(error) => {
                    log::error!("cannot start a thread: {error}");
                    break;
                }
            }
            kept.starting += 1;
        }
        found
    }
}

impl Drop for Remotes {
    fn drop(&mut self) {
        self.end();
        let mut kept = self.0.kept();
        let (threads, is_asking) = (std::mem::take(&mut kept.threads), kept.asking > 0);
        drop(kept);
        for thread in threads {
            // Whoever is being asked is waited for by nobody any more, and cannot be interrupted.
            if is_asking { thread.detach() } else { thread.join() }
        }
    }
}

impl Shared {
    /// Asks, until the end.
    fn work(&self) {
        self.kept().starting -= 1;
        while let Some((repository, question)) = self.next() {
            let answer = caught("a remote repository", || self.ask(&repository));
            let answer = answer.unwrap_or_else(|| Err("internal error".to_owned()));
            self.keep(&repository, &question, answer);
        }
    }

    /// Waits for a question, and forgets meanwhile what has become too old.
    fn next(&self) -> Option<(Repository, Arc<Question>)> {
        let mut kept = self.kept();
        loop {
            if kept.is_over {
                return None;
            }
            let moment = now();
            let until = kept.forget(moment);
            if let Some(next) = kept.queue.pop_front() {
                kept.asking += 1;
                return Some(next);
            }
            kept.idle += 1;
            let left = until.map(|until| until.saturating_duration_since(moment));
            let waited = self.asked.wait_timeout(kept, left.unwrap_or(Duration::MAX));
            kept = waited.unwrap_or_else(PoisonError::into_inner).0;
            kept.idle -= 1;
        }
    }

    fn ask(&self, repository: &Repository) -> Result<Answer, String> {
        let url = format!("{}/plugins", repository.base_url.trim_end_matches('/'));
        let limit = self.settings.max_bytes.min(MAX_ANSWER_BYTES);
        let body = self.client.get(&url, limit, Deadline::after(self.settings.timeout))?;
        let _reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        let json = Json::parse_bytes(&body).map_err(|fault| fault.to_string())?;
        let Json::Object(plugins) = json else { return Err("the answer is no object".to_owned()) };
        if plugins.len() > MAX_PLUGINS {
            return Err(format!("the answer has more than {MAX_PLUGINS} plugins"));
        }
        let generation = self.settings.generation;
        let mut listed = Vec::with_capacity(plugins.len());
        for (id, json) in plugins.iter() {
            match Plugin::from_json(json, generation) {
                Ok(plugin) => {
                    let repository_id = repository.id.clone();
                    let plugin = Plugin { repository_id, added: false, ..plugin };
                    listed.push(Arc::new(Listed::new(plugin, generation)));
                }
                Err(fault) => {
                    log::warn!("repository {}: plugin {id:?}: {fault}; skipped", repository.id);
                }
            }
        }
        Ok(Answer { plugins: Arc::new(listed), bytes: body.len() })
    }

    /// Remembers an answer, and tells those who wait for it.
    fn keep(&self, repository: &Repository, question: &Question, answer: Result<Answer, String>) {
        let mut kept = self.kept();
        kept.asking -= 1;
        let (failure, before) = kept.keep(repository, question, answer, now());
        drop(kept);
        self.answered.notify_all();
        let id = &repository.id;
        match failure {
            Some(failure) if before.as_ref() != Some(&failure) => {
                log::warn!("repository {id} does not answer with plugins: {failure}");
            }
            None if before.is_some() => log::info!("repository {id} answers again"),
            _ => {}
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
