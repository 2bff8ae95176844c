//! The endpoints as a handler of HTTP: finds the one that is asked for, and takes its first step.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ostler_http::{Handler, Request, Responder};
use ostler_runtime::Deadline;

use crate::added::Added;
use crate::errands::Errands;
use crate::failure::{Failure, Stop};
use crate::openapi_catalogue::document;
use crate::routing::{Routed, Routes};
use crate::step::{Journey, Step};
use crate::{
    Cipher, Documents, Generation, Organisation, Pk, Plugins, Remotes, Session, Store, routes,
};

/// What the endpoints stand on.
#[derive(Debug)]
pub struct ApiSettings<'a> {
    /// Whose endpoints, keys and statuses they are.
    pub generation: Generation,
    /// The database. It must outlive the server: whoever holds it drops it behind the errands.
    pub store: &'a Arc<Store>,
    /// Threads for other waits. They must outlive the server too.
    pub errands: &'a Arc<Errands>,
    /// The plugins on disk.
    pub plugins: Arc<Plugins>,
    /// Those of other catalogues.
    pub remotes: Arc<Remotes>,
    /// How settings are stored.
    pub cipher: Arc<Cipher>,
    /// How long a request may take once it is whole.
    pub deadline: Duration,
}

impl ApiSettings<'_> {
    /// How long a request may take, if nothing else is said.
    pub const DEADLINE: Duration = Duration::from_secs(10);
}

/// Bytes of an answer that may grow with what a client has stored or repeats in its question.
pub(crate) const MAX_ANSWER: usize = 16 << 20;

/// The endpoints of one generation.
pub struct Api {
    core: Arc<Core>,
    routes: Routes<Endpoint>,
}

/// Says what is to be done for a request.
pub(crate) type Endpoint = fn(&Core, &Call<'_>) -> Result<Step, Failure>;

/// A request that has found its endpoint.
pub(crate) struct Call<'a> {
    pub(crate) request: &'a Request<'a>,
    /// What stands where the route's pattern has braces.
    parameters: Vec<&'a str>,
}

impl Call<'_> {
    /// The parameter in this place, from 0.
    pub(crate) fn parameter(&self, place: usize) -> &str {
        self.parameters.get(place).copied().unwrap_or_default()
    }

    /// The same to keep.
    pub(crate) fn owned(&self, place: usize) -> String {
        self.parameter(place).to_owned()
    }
}

/// What requests on their way share.
///
/// They may be what is left of a server that has stopped, and then they end on the very threads
/// that end with the store and the errands; so they know those only weakly.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) generation: Generation,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) remotes: Arc<Remotes>,
    pub(crate) cipher: Arc<Cipher>,
    pub(crate) documents: Documents,
    pub(crate) added: Arc<Added>,
    store: Weak<Store>,
    errands: Weak<Errands>,
    deadline: Duration,
}

impl Api {
    /// The endpoints of the generation.
    pub fn new(settings: ApiSettings<'_>) -> Self {
        let core = Core {
            generation: settings.generation,
            plugins: settings.plugins,
            remotes: settings.remotes,
            cipher: settings.cipher,
            documents: Documents::new(&document(settings.generation)),
            added: Arc::default(),
            store: Arc::downgrade(settings.store),
            errands: Arc::downgrade(settings.errands),
            deadline: settings.deadline,
        };
        let routes = Routes::new(routes::of(core.generation));
        Self { core: Arc::new(core), routes }
    }
}

impl Handler for Api {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        match self.routes.find(request.method(), request.path()) {
            Routed::Endpoint(endpoint, parameters) => {
                let call = Call { request, parameters };
                // An answer without plugins would be taken for one.
                let is_early =
                    below_an_organisation(&call).is_some() && !self.core.plugins.is_begun();
                let next =
                    if is_early { Err(Failure::Starting) } else { endpoint(&self.core, &call) };
                let core = Arc::clone(&self.core);
                let deadline = Deadline::after(core.deadline);
                let organisation = core.generation.comes_into_being(&call);
                Journey { core, responder, deadline, organisation }.go(next);
            }
            Routed::Answer(unrouted) => responder.send_here(unrouted.response(request)),
        }
    }
}

/// What of an organisation is asked for, if something is: there plugins matter.
fn below_an_organisation<'a>(call: &Call<'a>) -> Option<&'a str> {
    let path = call.request.path().strip_prefix("/v1/organisations/")?;
    path.contains('/').then_some(path)
}

impl Core {
    pub(crate) fn store(&self) -> Option<Arc<Store>> {
        self.store.upgrade()
    }

    pub(crate) fn errands(&self) -> Option<Arc<Errands>> {
        self.errands.upgrade()
    }
}

impl Generation {
    /// The organisation that comes into being because something of it is asked for, whatever becomes
    /// of the request.
    fn comes_into_being(self, call: &Call<'_>) -> Option<String> {
        below_an_organisation(call)?;
        (self == Self::V1_15).then(|| call.owned(0))
    }

    /// The organisation that a path names, where something of it is asked for: in generation 1.15
    /// there is always one, because it comes into being.
    pub(crate) fn organisation(
        self,
        session: &mut Session<'_>,
        id: &str,
    ) -> Result<Option<Pk>, Stop> {
        match self {
            Self::V1_15 => {
                let (id, name) = (id.to_owned(), id.to_owned());
                let new = Organisation { id, name, deduplicate: true };
                Ok(Some(session.ensure_organisation(&new)?))
            }
            Self::V1_20 => Ok(session.organisation(id)?.map(|(pk, _)| pk)),
        }
    }

    /// The same where there must be one.
    pub(crate) fn known_organisation(
        self,
        session: &mut Session<'_>,
        id: &str,
    ) -> Result<Pk, Stop> {
        let found = self.organisation(session, id)?;
        found.ok_or_else(|| Failure::NoOrganisation(id.to_owned()).into())
    }
}
