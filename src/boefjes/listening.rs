//! Where the program listens: for containers, and for whoever looks how it goes.

use std::io;
use std::sync::Arc;

use ostler_net::opening::bind;
use ostler_net::{Address, Listener, Server};
use ostler_runtime::{Deadline, Exit};

use crate::boefje_api::{BoefjeApi, BoefjeApiSettings};
use crate::config::{Configuration, ContainerSettings};
use crate::container::{ContainerOptions, Containers};
use crate::crew::Crew;
use crate::endpoint;
use crate::task::TaskKind;

/// The sockets, which may need root's rights.
pub(crate) struct Sockets {
    containers: Vec<Listener>,
    status: Vec<Listener>,
}

/// Those who answer on them.
pub(crate) struct Doors {
    api: Option<BoefjeApi>,
    endpoint: Option<Server>,
}

impl Sockets {
    /// Listens, so that a port that is taken is known at once. Only boefjes are containers.
    pub(crate) fn bind(config: &Configuration, kind: TaskKind) -> Result<Self, Exit> {
        let containers = match kind {
            TaskKind::Boefje => bind(&config.containers.addresses)?,
            TaskKind::Normalizer => Vec::new(),
        };
        Ok(Self { containers, status: bind(&config.status_addresses)? })
    }

    /// Who runs containers: they are told where to ask.
    pub(crate) fn containers(&self, config: &Configuration) -> io::Result<Option<Containers>> {
        let Some(api) = self.api(config) else { return Ok(None) };
        let options = ContainerOptions {
            engine: config.containers.engine.clone(),
            network: config.containers.network.clone(),
            volumes: config.containers.volumes.clone(),
            hosts: config.containers.hosts.clone(),
            api,
        };
        Containers::new(options).map(Some)
    }

    /// Answers.
    pub(crate) fn serve(self, config: &Configuration, crew: &Arc<Crew>) -> io::Result<Doors> {
        let base = self.api(config);
        for listener in &self.containers {
            log::info!("listening on {} for containers", listener.name());
        }
        for listener in &self.status {
            log::info!("status on {}", listener.name());
        }
        let mut doors = Doors { api: None, endpoint: None };
        if let Some(base) = base {
            let generation = config.generation.unwrap_or_default().containers();
            let mut settings = BoefjeApiSettings::new(generation, base);
            settings.names = names(&config.containers);
            settings.proxies_scheduler = config.containers.scheduler_proxy;
            settings.limits.max_request = config.containers.max_body;
            let asked = Arc::clone(crew);
            let runner = move || Arc::clone(&asked.live().runner);
            let api = BoefjeApi::start(settings, runner, self.containers)?;
            crew.state.count_by(api.meter());
            doors.api = Some(api);
        }
        if !self.status.is_empty() {
            doors.endpoint = Some(endpoint::start(&crew.state, self.status)?);
        }
        Ok(doors)
    }

    /// The address of the API as containers see it: as it is configured, else that of the socket.
    fn api(&self, config: &Configuration) -> Option<String> {
        let own = self.containers.iter().find_map(Listener::inet)?;
        let api = config.containers.api.as_ref();
        Some(api.map_or_else(|| format!("http://{own}"), ToString::to_string))
    }
}

/// The names that containers know this machine by.
fn names(containers: &ContainerSettings) -> Vec<String> {
    let bound = containers.addresses.iter().filter_map(|address| match address {
        Address::Inet { host, .. } => Some(host.clone()),
        Address::Unix(_) => None,
    });
    let added = containers.hosts.iter().filter_map(|host| host.split(':').next());
    bound.chain(added.map(str::to_owned)).collect()
}

impl Doors {
    /// Closes them; containers that are being answered have until `deadline`.
    pub(crate) fn close(self, deadline: Deadline) {
        if let Some(api) = self.api {
            api.stop(deadline);
        }
        drop(self.endpoint);
    }
}
