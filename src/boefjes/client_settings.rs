//! The services of other machines.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use zeroize::Zeroizing;

use crate::base_url::BaseUrl;
use crate::bytes_client::BytesClient;
use crate::http_client::HttpClient;
use crate::katalogus_client::KatalogusClient;
use crate::octopoes_client::OctopoesClient;
use crate::scheduler_client::SchedulerClient;
use crate::services::Services;
use crate::stopping::Stopping;

/// Where the services are, and how they are asked.
pub struct ClientSettings {
    /// The scheduler.
    pub scheduler: BaseUrl,
    /// Bytes.
    pub bytes: BaseUrl,
    /// Octopoes.
    pub octopoes: BaseUrl,
    /// KATalogus.
    pub katalogus: BaseUrl,
    /// Who logs in at Bytes.
    pub bytes_username: String,
    /// With which password.
    pub bytes_password: Zeroizing<String>,
    /// How long a call may take, from the look-up of the name to the last byte of the answer; each
    /// try anew.
    pub timeout: Duration,
    /// The waits before each further try, if nobody can be reached.
    pub back_off: Vec<Duration>,
    /// The file with the certificates of the authorities that count for `https`; the system's if
    /// there is none.
    pub authorities: Option<PathBuf>,
}

impl ClientSettings {
    /// How long a call may take, if nothing else is said.
    pub const TIMEOUT: Duration = Duration::from_secs(30);
    /// The waits before each further try, if nothing else is said.
    pub const BACK_OFF: [Duration; 6] = [
        Duration::ZERO,
        Duration::from_secs(2),
        Duration::from_secs(4),
        Duration::from_secs(8),
        Duration::from_secs(16),
        Duration::from_secs(32),
    ];
}

impl Services {
    /// Those of other machines, asked over HTTP. Nobody is asked yet.
    pub fn remote(settings: &ClientSettings, stopping: &Arc<Stopping>) -> Self {
        let client = |service, url: &BaseUrl| {
            HttpClient::new(service, url.clone(), settings, Arc::clone(stopping))
        };
        let (name, password) = (&settings.bytes_username, &settings.bytes_password);
        let bytes = BytesClient::new(client("Bytes", &settings.bytes), name, password);
        Self {
            scheduler: Arc::new(SchedulerClient::new(client("the scheduler", &settings.scheduler))),
            bytes: Arc::new(bytes),
            octopoes: Arc::new(OctopoesClient::new(client("Octopoes", &settings.octopoes))),
            settings: Arc::new(KatalogusClient::new(client("KATalogus", &settings.katalogus))),
        }
    }
}
