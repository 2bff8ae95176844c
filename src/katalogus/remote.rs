//! Plugins of other catalogues, asked for under a short deadline and remembered for a moment.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ostler_runtime::threads::caught;
use ostler_runtime::{Deadline, now};

use crate::remote_client::Client;
use crate::{Generation, Json, Listed, Plugin, Repository};

/// Repositories that are remembered, at most.
const MAX_KEPT: usize = 256;
/// Plugins of one repository, at most.
pub(crate) const MAX_PLUGINS: usize = 1_000;

/// How remote repositories are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteSettings {
    /// Whose keys are answered.
    pub generation: Generation,
    /// How long an answer may take, from the look-up of the name to its last byte.
    pub timeout: Duration,
    /// How long an answer counts, and how long a failure does.
    pub keep: Duration,
    /// The file with the certificates of the authorities that count for `https`; the system's if
    /// there is none.
    pub authorities: Option<PathBuf>,
}

impl RemoteSettings {
    /// How long an answer may take, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(2);
    /// How long an answer counts, if nothing else is said.
    pub const KEEP: Duration = Duration::from_secs(10);

    /// With defaults.
    pub fn new(generation: Generation) -> Self {
        Self { generation, timeout: Self::TIMEOUT, keep: Self::KEEP, authorities: None }
    }
}

/// Those who ask remote repositories. Each repository is asked by one caller at a time, for whom
/// the others wait.
#[derive(Debug)]
pub struct Remotes {
    settings: RemoteSettings,
    client: Client,
    kept: Mutex<Kept>,
    /// Somebody has been answered.
    answered: Condvar,
}

/// How often repositories were asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RemoteStatistics {
    /// How often one was asked.
    pub asked: u64,
    /// How often one did not answer in time, or not with plugins.
    pub failed: u64,
}

/// The plugins of one repository.
type Remote = Arc<Vec<Arc<Listed>>>;

#[derive(Debug, Default)]
struct Kept {
    /// By id and address.
    remotes: HashMap<(String, String), State>,
    statistics: RemoteStatistics,
}

#[derive(Debug, Default)]
struct State {
    is_asked: bool,
    /// Until when the answer counts; `None` while there is no answer.
    until: Option<Instant>,
    plugins: Remote,
    failure: Option<String>,
}

impl Remotes {
    /// Nobody has been asked yet.
    pub fn new(settings: RemoteSettings) -> Self {
        let client = Client::new(settings.authorities.clone());
        Self { settings, client, kept: Mutex::default(), answered: Condvar::new() }
    }

    /// The plugins of `repository`, in its order; none if they cannot be had by `deadline`, which a
    /// line in the log tells. The local repository has none. To be called where others may be waited
    /// for.
    pub fn plugins(&self, repository: &Repository, deadline: Deadline) -> Remote {
        if repository.id == Repository::LOCAL {
            return Remote::default();
        }
        let deadline = deadline.earlier(Deadline::after(self.settings.timeout));
        let key = (repository.id.clone(), repository.base_url.clone());
        let mut kept = self.kept();
        loop {
            let state = kept.remotes.entry(key.clone()).or_default();
            if state.until.is_some_and(|until| now() < until) {
                return Arc::clone(&state.plugins);
            }
            if !state.is_asked {
                state.is_asked = true;
                break;
            }
            match deadline.remaining() {
                Some(left) if !left.is_zero() => {
                    let waited = self.answered.wait_timeout(kept, left);
                    kept = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                _ => return Remote::default(),
            }
        }
        drop(kept);
        let answer = caught("a remote repository", || self.ask(repository, deadline));
        let answer = answer.unwrap_or_else(|| Err("internal error".to_owned()));
        self.keep(key, answer)
    }

    /// How often repositories were asked.
    pub fn statistics(&self) -> RemoteStatistics {
        self.kept().statistics
    }

    fn ask(&self, repository: &Repository, deadline: Deadline) -> Result<Remote, String> {
        let url = format!("{}/plugins", repository.base_url.trim_end_matches('/'));
        let body = self.client.get(&url, deadline)?;
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
        Ok(Arc::new(listed))
    }

    /// Remembers an answer, and tells those who wait for it.
    fn keep(&self, key: (String, String), answer: Result<Remote, String>) -> Remote {
        let mut kept = self.kept();
        kept.statistics.asked += 1;
        kept.statistics.failed += u64::from(answer.is_err());
        let failure = answer.as_ref().err().cloned();
        let plugins = answer.unwrap_or_default();
        let state = State {
            is_asked: false,
            until: now().checked_add(self.settings.keep),
            plugins: Arc::clone(&plugins),
            failure,
        };
        let repository = key.0.clone();
        let failure = state.failure.clone();
        let before = kept.remotes.insert(key, state).and_then(|before| before.failure);
        kept.forget_some();
        drop(kept);
        self.answered.notify_all();
        match failure {
            Some(failure) if before.as_ref() != Some(&failure) => {
                log::warn!("repository {repository} does not answer with plugins: {failure}");
            }
            None if before.is_some() => log::info!("repository {repository} answers again"),
            _ => {}
        }
        plugins
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Forgets those whose answers no longer count, once there are too many.
    fn forget_some(&mut self) {
        if self.remotes.len() > MAX_KEPT {
            let moment = now();
            self.remotes.retain(|_, state| {
                state.is_asked || state.until.is_some_and(|until| moment < until)
            });
        }
        if self.remotes.len() > MAX_KEPT {
            self.remotes.retain(|_, state| state.is_asked);
        }
    }
}
