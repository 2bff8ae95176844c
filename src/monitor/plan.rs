//! What children are started with, and the one that is in force.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use crate::transport::{Decision, TransportChoice};
use crate::watched::Watched;

/// The burp client, its configuration and the way to its server.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) binary: PathBuf,
    pub(crate) client_config: PathBuf,
    pub(crate) decision: Arc<Decision>,
    /// The binary whose version is known.
    pub(crate) versioned: Mutex<Option<Watched>>,
}

impl Plan {
    pub(crate) fn new(binary: &Path, client_config: &Path, transport: TransportChoice) -> Self {
        Self {
            binary: binary.to_owned(),
            client_config: client_config.to_owned(),
            decision: Arc::new(Decision::new(transport)),
            versioned: Mutex::new(None),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.binary == other.binary
            && self.client_config == other.client_config
            && self.decision.choice() == other.decision.choice()
    }
}

/// The plan in force. A child that was started with another one is out of date.
#[derive(Debug)]
pub(crate) struct Plans(RwLock<Arc<Plan>>);

impl Plans {
    pub(crate) fn new(plan: Plan) -> Self {
        Self(RwLock::new(Arc::new(plan)))
    }

    pub(crate) fn current(&self) -> Arc<Plan> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn is_current(&self, plan: &Arc<Plan>) -> bool {
        Arc::ptr_eq(&self.0.read().unwrap_or_else(PoisonError::into_inner), plan)
    }

    /// Puts another plan in force, unless it says the same.
    pub(crate) fn set(&self, plan: Plan) {
        let mut current = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !current.is_same(&plan) {
            *current = Arc::new(plan);
        }
    }
}
