//! How a burp child is started.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError};

use ostler_pool::{Cause, Dialect, Incident, Launch};

use crate::burp_config::BurpConfig;
use crate::exchange::BurpAnswer;
use crate::facts::Facts;
use crate::flight::Flight;
use crate::plan::{Plan, Plans};
use crate::quickack::QuickAck;
use crate::relay::Relay;
use crate::runtime_dir::RuntimeDir;
use crate::session::{BurpSession, Origin};
use crate::transport::{Transport, TransportKind};
use crate::watched::Watched;

/// The burp client that all children run, and what is known of it.
pub(crate) struct Burp {
    plans: Arc<Plans>,
    runtime_dir: RuntimeDir,
    pub(crate) facts: Arc<Facts>,
    /// Who is told of incidents.
    watcher: OnceLock<Box<Watcher>>,
}

/// Is told of incidents, and must not wait.
type Watcher = dyn Fn(&Incident<'_>) + Send + Sync;

impl Burp {
    /// Children that follow `plan`; files for them go into `runtime_dir`.
    pub(crate) fn new(plan: Plan, runtime_dir: Option<&Path>) -> Self {
        Self {
            plans: Arc::new(Plans::new(plan)),
            runtime_dir: RuntimeDir::new(runtime_dir),
            facts: Arc::default(),
            watcher: OnceLock::new(),
        }
    }

    /// Has `watcher` called at every incident; only the first word counts.
    #[cfg(feature = "events")]
    pub(crate) fn watch_incidents(&self, watcher: impl Fn(&Incident<'_>) + Send + Sync + 'static) {
        let _ = self.watcher.set(Box::new(watcher));
    }

    /// Children that follow another plan are replaced.
    pub(crate) fn set_plan(&self, plan: Plan) {
        self.plans.set(plan);
    }

    /// The name of the transport in use.
    pub(crate) fn transport_used(&self) -> &'static str {
        self.plans.current().decision.used().name()
    }

    /// Looks into a binary that is new: which version it is, and whether its children may be looked
    /// into.
    fn look_at_binary(&self, plan: &Plan) {
        let mut versioned = plan.versioned.lock().unwrap_or_else(PoisonError::into_inner);
        if !versioned.as_ref().is_none_or(Watched::changed) {
            return;
        }
        if plan.decision.is_automatic() && versioned.is_none() {
            if let Err(error) = QuickAck::probe() {
                plan.decision.rule_out(TransportKind::QuickAck, &error);
            }
        }
        *versioned = Some(Watched::new([plan.binary.as_path()]));
        self.facts.ask_client_version(&plan.binary);
    }

    fn transport(&self, plan: &Plan) -> Result<Transport, Cause> {
        match plan.decision.next() {
            TransportKind::QuickAck => {
                return Ok(Transport::QuickAck(QuickAck::new(Arc::clone(&plan.decision))));
            }
            TransportKind::Plain | TransportKind::Undecided => {
                plan.decision.note_used(TransportKind::Plain);
                return Ok(Transport::Plain);
            }
            TransportKind::Relay => {}
        }
        let config = match BurpConfig::read(&plan.client_config) {
            Ok(config) => config,
            // burp itself will say what is wrong with its file.
            Err(error) if plan.decision.is_automatic() => {
                log::debug!("no relay this time: {error}");
                return Ok(Transport::Plain);
            }
            Err(error) => return Err(Cause::with_detail(NO_CONFIG, error)),
        };
        let relay = self
            .runtime_dir
            .path()
            .and_then(|directory| {
                Relay::new(&plan.decision, &config, &plan.client_config, &directory)
            })
            .map_err(|error| {
                Cause::with_detail("the relay to the burp server cannot be made", error)
            })?;
        Ok(Transport::Relay(Box::new(relay)))
    }
}

/// What clients are told when the configuration cannot be read.
const NO_CONFIG: &str = "the burp client's configuration cannot be read";

/// What a child depends on. The includes are watched too where they can be read; where not, burp
/// will say so itself.
fn watched(plan: &Plan) -> Watched {
    let includes = BurpConfig::read(&plan.client_config).map(|config| config.files);
    let includes = includes.unwrap_or_default();
    let own = [plan.binary.as_path(), plan.client_config.as_path()];
    Watched::new(own.into_iter().chain(includes.iter().skip(1).map(PathBuf::as_path)))
}

impl Dialect for Burp {
    type Request = Arc<Flight>;
    type Answer = BurpAnswer;
    type Session = BurpSession;

    fn prepare(&self) -> Result<(Launch, BurpSession), Cause> {
        let plan = self.plans.current();
        self.look_at_binary(&plan);
        let files = watched(&plan);
        let transport = self.transport(&plan)?;
        let mut arguments: Vec<OsString> = vec!["-c".into()];
        match &transport {
            Transport::Relay(relay) => {
                arguments.extend([relay.config().into(), "-a".into(), "m".into()]);
                // The wrapper's status_port leads to the relay; the main port is not used.
                arguments.extend(["-o".into(), "server=127.0.0.1:1".into()]);
            }
            Transport::QuickAck(_) | Transport::Plain => {
                arguments.extend([plan.client_config.clone().into(), "-a".into(), "m".into()]);
            }
        }
        let launch = Launch { program: plan.binary.clone(), arguments, variables: &[] };
        let origin = Origin { plans: Arc::clone(&self.plans), plan, files };
        Ok((launch, BurpSession::new(Arc::clone(&self.facts), origin, transport)))
    }

    fn incident(&self, incident: &Incident<'_>) {
        if let Some(watcher) = self.watcher.get() {
            watcher(incident);
        }
    }
}
