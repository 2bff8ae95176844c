//! The status listener of a daemon: what is told over HTTP to whoever can reach it, without a
//! password.
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | every figure, for Prometheus |
//! | `/healthz` | 200: the daemon is there |
//! | `/readyz` | 200 if it can do its work now, else 503 with the reason |
//!
//! A daemon may have more. It has a thread and connections of its own, so that it answers when all
//! others are taken.
//!
//! Where only this machine can reach it, it answers to the names of this machine only: a web page
//! may have its own name lead here. Where others reach it, so could a page under any name that leads
//! there, and the daemon does not know which are right. Health, of which there is little to learn, it
//! tells under any name, since those who check it say what they like.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ostler_net::{Address, Limits, Listener, Peer, Server};

use crate::foreign::OwnNames;
use crate::{
    Handler, HeadLimits, Http, Method, Request, Responder, Response, RouteError, Router, Status,
};

/// Threads: nothing here takes long.
const THREADS: usize = 1;
/// Connections beside those of viewers.
const CONNECTIONS: usize = 64;
/// For a client to take its answer: none is long.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// No request has a body worth reading.
const MAX_BODY: usize = 1024;

/// What is told under any name.
const HEALTH: [&str; 2] = ["/healthz", "/readyz"];

/// What a daemon tells of itself.
pub trait Told: Send + Sync + 'static {
    /// All figures.
    fn figures(&self) -> Response;

    /// Why it cannot do its work now, if it cannot.
    fn unready(&self) -> Option<&'static str>;
}

/// The paths that every daemon has.
pub fn routes(told: &Arc<impl Told>) -> Result<Router, RouteError> {
    Router::new()
        .route(Method::Get, "/metrics", on(told, Told::figures))?
        .route(Method::Get, "/healthz", on(told, |_| Response::text(Status::Ok, "ok\n")))?
        .route(Method::Get, "/readyz", on(told, |told| ready(told.unready())))
}

/// Answers with what is told now, and only now.
pub fn on<T: Send + Sync + 'static>(told: &Arc<T>, answer: fn(&T) -> Response) -> impl Handler {
    let told = Arc::clone(told);
    move |_: &Request<'_>, mut responder: Responder| {
        // There is no password here: whoever asks sensibly is no stranger.
        responder.authenticated();
        responder.send_here(answer(&told).fresh());
    }
}

/// Answers on the listeners of these addresses, beside viewers that keep their connections.
pub fn start(
    routes: Router,
    listeners: Vec<Listener>,
    addresses: &[Address],
    max_viewers: usize,
) -> io::Result<Server> {
    let is_near = |listener: &Listener| {
        listener.inet().is_none_or(|own| own.ip().to_canonical().is_loopback())
    };
    let own = listeners
        .iter()
        .all(is_near)
        .then(|| OwnNames::new(addresses.iter().filter_map(Address::host)));
    let connections = max_viewers.saturating_add(CONNECTIONS);
    let limits = Limits {
        max_connections: connections,
        max_unauthenticated: connections,
        max_request: MAX_BODY,
        write_deadline: WRITE_DEADLINE,
        ..Limits::default()
    };
    let door = Door { routes, own };
    Server::start(listeners, THREADS, limits, Arc::new(Http::new(door, HeadLimits::default())))
}

/// Lets through who asks for this machine.
struct Door {
    routes: Router,
    /// `None` where every name may be one of it.
    own: Option<OwnNames>,
}

impl Handler for Door {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        // Browsers reach no Unix socket, and who hands requests on to one says whatever he likes.
        let is_free = request.peer() == Peer::Unix || HEALTH.contains(&request.path());
        let is_asked = |own: &OwnNames| is_free || own.are_asked(request);
        if self.own.as_ref().is_none_or(is_asked) {
            return self.routes.handle(request, responder);
        }
        let words = "This is told under the names and addresses that it listens on only";
        responder.send_here(Response::error(Status::MisdirectedRequest, words).fresh());
    }
}

fn ready(unready: Option<&'static str>) -> Response {
    match unready {
        None => Response::text(Status::Ok, "ready\n"),
        Some(why) => Response::text(Status::ServiceUnavailable, format!("{why}\n")),
    }
}
