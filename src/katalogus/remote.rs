//! Plugins of other catalogues, asked for under a short deadline and remembered for a moment.

use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::{Generation, Listed, Repository};

/// How remote repositories are asked.
#[derive(Clone, Debug)]
pub struct RemoteSettings {
    /// Whose keys are answered.
    pub generation: Generation,
    /// How long an answer may take, from the look-up of the name to its last byte.
    pub timeout: Duration,
    /// How long an answer counts, and how long a failure does.
    pub keep: Duration,
}

impl RemoteSettings {
    /// How long an answer may take, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(2);
    /// How long an answer counts, if nothing else is said.
    pub const KEEP: Duration = Duration::from_secs(10);
}

/// Those who ask remote repositories.
#[derive(Debug)]
pub struct Remotes {}

impl Remotes {
    /// Nobody has been asked yet.
    pub fn new(_settings: RemoteSettings) -> Self {
        Self {}
    }

    /// The plugins of `repository`, in its order; none if it cannot be had by `deadline`, which a
    /// line in the log tells. The local repository has none.
    pub fn plugins(&self, _repository: &Repository, _deadline: Deadline) -> Arc<Vec<Arc<Listed>>> {
        Arc::default()
    }
}
