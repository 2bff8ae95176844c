//! Where the program listens: for containers, and for whoever looks how it goes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use katalogus::{Catalogue, Kind, Plugins};
use ostler_net::opening::bind;
use ostler_net::{Address, Listener, Server};
use ostler_runtime::{Deadline, Exit};

use crate::boefje_api::{BoefjeApi, BoefjeApiSettings};
use crate::config::{Configuration, ContainerSettings};
use crate::container::{ContainerOptions, Containers};
use crate::crew::Crew;
use crate::endpoint;
use crate::rules::Version;
use crate::task::TaskKind;

/// So long the plugins may take to be looked at where somebody waits for it.
const LOOK: Duration = Duration::from_secs(10);

/// The sockets, which may need root's rights.
pub(crate) struct Sockets {
    containers: Vec<Listener>,
    /// Why containers cannot be answered, if it is so.
    fault: Option<Exit>,
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
        let (containers, fault) = match kind {
            TaskKind::Boefje => match bind(&config.containers.addresses) {
                Ok(listeners) => (listeners, None),
                // Perhaps nobody needs it.
                Err(fault @ Exit::Unavailable) if !config.containers.scheduler_proxy => {
                    (Vec::new(), Some(fault))
                }
                Err(exit) => return Err(exit),
            },
            TaskKind::Normalizer => (Vec::new(), None),
        };
        Ok(Self { containers, fault, status: bind(&config.status_addresses)? })
    }

    /// Looks whether those who cannot be answered are there at all.
    pub(crate) fn confirm(&self, plugins: &Plugins) -> Result<(), Exit> {
        let Some(fault) = self.fault else { return Ok(()) };
        if !plugins.wait_begun(Deadline::after(LOOK)) || has_images(&plugins.current()) {
            return Err(fault);
        }
        log::warn!("containers are not answered; no boefje here is one");
        Ok(())
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

    /// Answers; where no tasks are taken, about all that run elsewhere.
    pub(crate) fn serve(
        self,
        config: &Configuration,
        crew: &Arc<Crew>,
        takes_tasks: bool,
    ) -> io::Result<Doors> {
        let base = self.api(config);
        for listener in &self.containers {
            log::info!("listening on {} for containers", listener.name());
        }
        for listener in &self.status {
            log::info!("status on {}", listener.name());
        }
        let mut doors = Doors { api: None, endpoint: None };
        if let Some(base) = base {
            let generation = config.generation.map(Version::containers);
            let mut settings = BoefjeApiSettings::new(generation, base);
            settings.names = names(&config.containers);
            settings.proxies_scheduler = config.containers.scheduler_proxy;
            settings.answers_others = settings.proxies_scheduler || !takes_tasks;
            settings.limits.max_request = config.containers.max_body;
            settings.limits.max_incoming = config.containers.max_bodies;
            let api = BoefjeApi::start(settings, crew, self.containers)?;
            crew.state.count_by(api.meter());
            doors.api = Some(api);
        }
        if !self.status.is_empty() {
            let addresses = &config.status_addresses;
            doors.endpoint = Some(endpoint::start(&crew.state, self.status, addresses)?);
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

/// Whether a boefje is an image.
pub(crate) fn has_images(catalogue: &Catalogue) -> bool {
    catalogue.local().iter().any(|listed| {
        matches!(&listed.plugin().kind, Kind::Boefje(boefje) if boefje.oci_image.is_some())
    })
}

/// The names that containers know this machine by.
fn names(containers: &ContainerSettings) -> Vec<String> {
    let bound = containers.addresses.iter().filter_map(Address::host);
    let added = containers.hosts.iter().filter_map(|host| host.split(':').next());
    bound.chain(added).map(str::to_owned).collect()
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
