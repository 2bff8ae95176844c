//! The API for containers: a boefje that runs elsewhere fetches its job here, and brings its results.
//!
//! | path | what |
//! | --- | --- |
//! | `GET /healthz` | the program is there |
//! | `GET /api/v0/tasks/{id}` | the job of a task that runs |
//! | `POST /api/v0/tasks/{id}` | its results, which end it |
//! | `GET /openapi.json`, `/docs` | what there is, for programs and on a page |
//! | `/api/v0/scheduler/…` | the scheduler, if it is wanted: see [`boefje_api_scheduler`](crate::boefje_api_scheduler) |
//!
//! As with the original, whoever reaches it and knows the id of a running task is taken for that
//! task's container, if it has one; but not the web page of somebody else, nor whoever asks for another name.
//! Requests wait for other services on threads of their own.

use std::io;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

use katalogus::body::Malformed;
use katalogus::routing::{Route, Routed, Routes};
use katalogus::validation::{Complaint, Problem};
use katalogus::{Documents, Generation, Json};
use ostler_http::foreign::{OwnNames, is_for_another_page};
use ostler_http::{Errands, Handler, HeadLimits, Http, Method, Request, Responder};
use ostler_net::{Drained, Limits, Listener, Meter, Server};
use ostler_runtime::Deadline;
use uuid::Uuid;

use crate::boefje_api_answer::{Answer, Refusal, healthy};
use crate::boefje_api_document::document;
use crate::boefje_api_reports::Reports;
use crate::boefje_api_scheduler as scheduler;
use crate::boefje_api_tasks as tasks;
use crate::crew::Crew;
use crate::rules::Version;
use crate::runner::Runner;
use crate::task::Task;
use crate::uuid_fault;

/// How the API is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BoefjeApiSettings {
    /// As which generation it answers; `None` is that of the scheduler.
    pub(crate) generation: Option<Generation>,
    /// The address of the API as containers see it: `BOEFJES_API`.
    pub(crate) base: String,
    /// The names that it is reached under, beside addresses, `localhost` and that in `base`.
    pub(crate) names: Vec<String>,
    /// Whether workers elsewhere get tasks here, which makes everybody who reaches it one of them.
    pub(crate) proxies_scheduler: bool,
    /// Whether tasks that this program does not have are answered whatever their boefje is, for
    /// workers elsewhere. Else only containers are.
    pub(crate) answers_others: bool,
    /// How long a request may wait for its turn once it is whole. What is begun then is done.
    pub(crate) deadline: Duration,
    /// Threads for requests that wait for other services.
    pub(crate) threads: usize,
    /// The limits of connections and requests.
    pub(crate) limits: Limits,
}

impl BoefjeApiSettings {
    /// How long a request may wait for its turn, if nothing else is said.
    pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
    /// Threads that wait, if nothing else is said.
    pub(crate) const THREADS: usize = 4;
    /// Bytes of a body, if nothing else is said. Raw files come in base64, so that three quarters
    /// of it are theirs; and one body is held several times over while it is read.
    pub(crate) const MAX_BODY: usize = 64 << 20;
    /// Bytes of all bodies that are not answered yet, if nothing else is said.
    pub(crate) const MAX_BODIES: usize = 128 << 20;
    /// Connections, if nothing else is said: each may hold a body.
    pub(crate) const MAX_CONNECTIONS: usize = 64;

    /// As most need it, for containers that see the API at `base`.
    pub(crate) fn new(generation: Option<Generation>, base: impl Into<String>) -> Self {
        let limits = Limits {
            max_connections: Self::MAX_CONNECTIONS,
            max_unauthenticated: Self::MAX_CONNECTIONS,
            max_request: Self::MAX_BODY,
            max_incoming: Self::MAX_BODIES,
            request_deadline: Duration::from_secs(60),
            ..Limits::default()
        };
        Self {
            generation,
            base: base.into(),
            names: Vec::new(),
            proxies_scheduler: false,
            answers_others: false,
            deadline: Self::DEADLINE,
            threads: Self::THREADS,
            limits,
        }
    }
}

/// The API while it is served. Dropping it ends it, after what has been begun.
pub(crate) struct BoefjeApi {
    // Requests wait for the errands: the server ends first.
    server: Server,
    errands: Arc<Errands>,
}

/// Connection threads: none of them waits for another service.
const CONNECTION_THREADS: usize = 2;
/// What engines call the machine that containers run on.
const CONTAINERS_NAMES: [&str; 2] = ["host.docker.internal", "host.containers.internal"];
/// Requests that wait for a thread.
const MAX_QUEUED: usize = BoefjeApiSettings::MAX_CONNECTIONS;

impl BoefjeApi {
    /// Serves it on these listeners, for the tasks of `crew` and others that run.
    pub(crate) fn start(
        settings: BoefjeApiSettings,
        crew: &Arc<Crew>,
        listeners: Vec<Listener>,
    ) -> io::Result<Self> {
        let errands = Arc::new(Errands::start("api", settings.threads, MAX_QUEUED)?);
        let names = settings.names.iter().map(String::as_str);
        let own = names.chain(CONTAINERS_NAMES).chain(host_of(&settings.base));
        let own = OwnNames::new(own);
        let core = Core {
            generation: settings.generation,
            crew: Arc::clone(crew),
            reading: Mutex::new(()),
            base: settings.base.trim_end_matches('/').to_owned(),
            proxies_scheduler: settings.proxies_scheduler,
            answers_others: settings.answers_others,
            deadline: settings.deadline,
            reports: Reports::default(),
        };
        let routes = Routes::new(routes(settings.proxies_scheduler));
        let errands_known = Arc::downgrade(&errands);
        let handler = Endpoints { core: Arc::new(core), errands: errands_known, routes, own };
        let service = Arc::new(Http::new(handler, HeadLimits::default()));
        let server = Server::start(listeners, CONNECTION_THREADS, settings.limits, service)?;
        Ok(Self { server, errands })
    }

    /// Where its connections are counted.
    pub(crate) fn meter(&self) -> Meter {
        self.server.meter()
    }

    /// Takes no more requests, and waits until `deadline` for the answers of those that came. What
    /// still waits for another service then goes on without anybody who waits for it.
    pub(crate) fn stop(mut self, deadline: Deadline) {
        self.server.stop_accepting();
        let drained = self.server.drain(deadline);
        self.server.stop();
        if drained != Drained::Whole {
            // The end of the process ends them.
            std::mem::forget(self.errands);
        }
    }
}

/// The host in a URL.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    authority.rsplit_once(':').map_or(Some(authority), |(host, _)| Some(host))
}

/// What all requests share.
pub(crate) struct Core {
    generation: Option<Generation>,
    pub(crate) crew: Arc<Crew>,
    /// Held while a long body is read, which takes many times its memory.
    pub(crate) reading: Mutex<()>,
    pub(crate) base: String,
    proxies_scheduler: bool,
    answers_others: bool,
    pub(crate) reports: Reports,
    deadline: Duration,
}

impl Core {
    /// Who prepares and saves jobs now.
    pub(crate) fn runner(&self) -> Arc<Runner> {
        Arc::clone(&self.crew.live().runner)
    }

    /// Whether somebody else may have the job of this task: it is done by a container, or nobody here
    /// does it and those elsewhere are answered. A plugin host gets its jobs from this program itself.
    pub(crate) fn is_done_elsewhere(
        &self,
        task: &Task,
        deadline: Deadline,
    ) -> Result<bool, Refusal> {
        if self.answers_others && self.crew.settler.ledger.task(task.id).is_none() {
            return Ok(true);
        }
        let runner = self.runner();
        if !runner.plugins.wait_begun(deadline) {
            return Err(Refusal::Busy);
        }
        Ok(runner.is_container(&task.data))
    }

    /// As which generation it answers, as far as is known.
    fn known_generation(&self) -> Generation {
        let scheduler = &self.crew.services.scheduler;
        let told = || scheduler.tells_version().map(Version::containers);
        self.generation.or_else(told).unwrap_or_default()
    }

    /// The same; if it is not known, the scheduler is asked.
    pub(crate) fn generation(&self) -> Result<Generation, Refusal> {
        if let Some(generation) = self.generation {
            return Ok(generation);
        }
        let version = self.crew.services.scheduler.find_version()?;
        Ok(version.unwrap_or_default().containers())
    }

    /// What it says of itself, as far as its generation is known.
    fn documents(&self) -> Documents {
        let generation = self.generation().unwrap_or_else(|_| self.known_generation());
        Documents::new(&document(generation, self.proxies_scheduler))
    }
}

/// Says what is to be done for a request, with the parts of its path that have names.
type Endpoint = fn(&Request<'_>, &[&str]) -> Result<Next, Refusal>;

/// What is done on a thread that may wait.
pub(crate) type Wait = Box<dyn FnOnce(&Core, Deadline) -> Result<Answer, Refusal> + Send>;

/// What is done next.
pub(crate) enum Next {
    /// It is answered.
    Answer(Answer),
    /// Something is waited for.
    Wait(Wait),
}

impl Next {
    pub(crate) fn waits(
        wait: impl FnOnce(&Core, Deadline) -> Result<Answer, Refusal> + Send + 'static,
    ) -> Self {
        Self::Wait(Box::new(wait))
    }

    /// Shows a part of what the API says of itself.
    fn shows(part: fn(&Documents) -> Answer) -> Self {
        Self::waits(move |core, _| Ok(part(&core.documents())))
    }
}

fn routes(proxies_scheduler: bool) -> Vec<Route<Endpoint>> {
    let route = |method, pattern, endpoint: Endpoint| Route { method, pattern, endpoint };
    let mut routes: Vec<Route<Endpoint>> = vec![
        route(Method::Get, "/healthz", |_, _| Ok(Next::Answer(healthy()))),
        route(Method::Get, "/openapi.json", |_, _| Ok(Next::shows(Documents::openapi))),
        route(Method::Get, "/docs", |_, _| Ok(Next::shows(Documents::page))),
        route(Method::Get, "/redoc", |_, _| Ok(Next::shows(Documents::page))),
        route(Method::Get, "/api/v0/tasks/{task_id}", tasks::input),
        route(Method::Post, "/api/v0/tasks/{task_id}", tasks::output),
    ];
    if proxies_scheduler {
        routes.extend([
            route(Method::Post, "/api/v0/scheduler/{queue}/pop", scheduler::pop),
            route(Method::Post, "/api/v0/scheduler/{queue}/push", scheduler::push),
            route(Method::Get, "/api/v0/scheduler/tasks/{task_id}", scheduler::task),
            route(Method::Patch, "/api/v0/scheduler/tasks/{task_id}", scheduler::patch),
        ]);
    }
    routes
}

/// The endpoints as a handler of HTTP.
struct Endpoints {
    core: Arc<Core>,
    /// Known weakly, since errands hold responders.
    errands: Weak<Errands>,
    routes: Routes<Endpoint>,
    /// For whom it is asked.
    own: OwnNames,
}

impl Handler for Endpoints {
    fn handle(&self, request: &Request<'_>, mut responder: Responder) {
        // Nobody has a password here: whoever asks in order is no stranger.
        responder.authenticated();
        let generation = self.core.known_generation();
        if is_for_another_page(request) || !self.own.are_asked(request) {
            return responder.send_here(Refusal::Elsewhere.response(generation));
        }
        let next = match self.routes.find(request.method(), request.path()) {
            Routed::Endpoint(endpoint, parameters) => endpoint(request, &parameters),
            Routed::Answer(unrouted) => return responder.send_here(unrouted.response(request)),
        };
        let wait = match next {
            Ok(Next::Answer(answer)) => return responder.send_here(answer),
            Err(refusal) => return responder.send_here(refusal.response(generation)),
            Ok(Next::Wait(wait)) => wait,
        };
        let Some(errands) = self.errands.upgrade() else {
            return responder.send_here(Refusal::Busy.response(generation));
        };
        let core = Arc::clone(&self.core);
        let deadline = Deadline::after(core.deadline);
        errands.submit(Box::new(move |taken| {
            let done = match taken {
                Ok(()) if !deadline.passed() => wait(&core, deadline),
                _ => Err(Refusal::Busy),
            };
            let answer = done.unwrap_or_else(|refusal| refusal.response(core.known_generation()));
            responder.send_here(answer);
        }));
    }
}

/// The id of a task in a path.
pub(crate) fn task_id(parameters: &[&str]) -> Result<Uuid, Problem> {
    let text = parameters.first().copied().unwrap_or_default();
    uuid_fault::read(text).map_err(|complaint| Problem {
        complaint,
        place: vec!["path".into(), "task_id".into()],
        input: Json::from(text),
    })
}

/// Both, or all that is wrong with either. A body that cannot be read hides the rest.
pub(crate) fn both<T>(
    id: Result<Uuid, Problem>,
    body: Result<T, Malformed>,
) -> Result<(Uuid, T), Refusal> {
    match (id, body) {
        (Ok(id), Ok(body)) => Ok((id, body)),
        (Err(problem), Ok(_)) => Err(problem.into()),
        (Err(problem), Err(Malformed::Invalid(problems))) if !is_no_json(&problems) => {
            Err(Refusal::Invalid([vec![problem], problems].concat()))
        }
        (_, Err(malformed)) => Err(malformed.into()),
    }
}

fn is_no_json(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| matches!(problem.complaint, Complaint::NoJson(_)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::boefje_api_document::operations;

    /// What shows the document is not in it.
    const UNDOCUMENTED: [&str; 3] = ["/openapi.json", "/docs", "/redoc"];

    #[test]
    fn each_endpoint_is_documented_and_nothing_else() {
        for (_, generation) in Generation::NAMES {
            for proxies_scheduler in [false, true] {
                let answered = routes(proxies_scheduler).into_iter();
                let answered: BTreeSet<_> = answered
                    .map(|route| (route.pattern, route.method))
                    .filter(|(pattern, _)| !UNDOCUMENTED.contains(pattern))
                    .collect();
                let documented = operations(generation, proxies_scheduler).into_iter();
                let documented: BTreeSet<_> =
                    documented.map(|operation| (operation.path, operation.method)).collect();
                assert_eq!(answered, documented);
            }
        }
    }
}
