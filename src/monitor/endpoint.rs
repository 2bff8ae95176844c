//! The status listener: what is told over HTTP to whoever can reach it, without a password.
//!
//! | path | answer |
//! | --- | --- |
//! | `/` | a page that shows the pool live |
//! | `/metrics` | every figure, for Prometheus |
//! | `/healthz` | 200: the daemon is there |
//! | `/readyz` | 200 if queries can be answered now, else 503 with the reason |
//! | `/v1/status` | the answer of the function `status` |
//! | `/v1/live` | the answer of the function `live`, with `after`, `interval` and so on as a query |
//!
//! It has threads and connections of its own, so that it answers when all others are taken.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ostler_http::exposition;
use ostler_http::{HeadLimits, Http, Method, Request, Responder, Response, Router, Status};
use ostler_net::{Limits, Listener, Server};
use serde_json::{Map, Value};

use crate::request::Live;
use crate::service::Monitor;
use crate::watcher::Audience;

/// Threads: nothing here takes long.
const THREADS: usize = 1;
/// Connections beside those of the viewers.
const CONNECTIONS: usize = 64;
/// For a client to take its answer: none is long.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// No request has a body worth reading.
const MAX_BODY: usize = 1024;

const PAGE: &str = include_str!("page.html");
/// What the page may do: its own style and script, by their digests, and questions to this listener.
const POLICY: &str = concat!(
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; ",
    "frame-ancestors 'none'; style-src 'sha256-pyfPHzmgD7EZ6NmwyzDFpsm3efzCDnOKPIV8Z3ylv4o='; ",
    "script-src 'sha256-efUX2OvXQdQ2HO04scAaUKHXKLP6MDk/vnOg67VRnEw='"
);

/// Serves `monitor`'s state on these listeners.
pub(crate) fn start(
    monitor: &Arc<Monitor>,
    listeners: Vec<Listener>,
    max_viewers: usize,
) -> io::Result<Server> {
    let connections = max_viewers.saturating_add(CONNECTIONS);
    let limits = Limits {
        max_connections: connections,
        max_unauthenticated: connections,
        max_request: MAX_BODY,
        write_deadline: WRITE_DEADLINE,
        ..Limits::default()
    };
    let http = Http::new(routes(monitor)?, HeadLimits::default());
    Server::start(listeners, THREADS, limits, Arc::new(http))
}

fn routes(monitor: &Arc<Monitor>) -> io::Result<Router> {
    let on = |answer: fn(&Arc<Monitor>) -> Response| {
        let monitor = Arc::clone(monitor);
        move |_: &Request<'_>, mut responder: Responder| {
            // There is no password here: whoever asks sensibly is no stranger.
            responder.authenticated();
            responder.send_here(answer(&monitor).fresh());
        }
    };
    let watched = Arc::clone(monitor);
    let live =
        move |request: &Request<'_>, responder: Responder| live(&watched, request, responder);
    Router::new()
        .route(Method::Get, "/", on(|_| page()))
        .and_then(|router| router.route(Method::Get, "/metrics", on(metrics)))
        .and_then(|router| router.route(Method::Get, "/healthz", on(|_| healthy())))
        .and_then(|router| router.route(Method::Get, "/readyz", on(ready)))
        .and_then(|router| router.route(Method::Get, "/v1/status", on(status)))
        .and_then(|router| router.route(Method::Get, "/v1/live", live))
        .map_err(io::Error::other)
}

fn page() -> Response {
    Response::with_body(Status::Ok, "text/html; charset=utf-8", PAGE.as_bytes())
        .header("Content-Security-Policy", POLICY)
        .header("Referrer-Policy", "no-referrer")
}

fn metrics(monitor: &Arc<Monitor>) -> Response {
    exposition::response("bui_monitor", monitor.exposition())
}

fn healthy() -> Response {
    Response::text(Status::Ok, "ok\n")
}

fn ready(monitor: &Arc<Monitor>) -> Response {
    match monitor.unready() {
        None => Response::text(Status::Ok, "ready\n"),
        Some(why) => Response::text(Status::ServiceUnavailable, format!("{why}\n")),
    }
}

fn status(monitor: &Arc<Monitor>) -> Response {
    Response::json(Status::Ok, monitor.status().to_string().into_bytes())
}

fn live(monitor: &Arc<Monitor>, request: &Request<'_>, mut responder: Responder) {
    responder.authenticated();
    match question(request) {
        Ok(live) => {
            // Nothing comes back of those who are answered over HTTP.
            let _ = monitor.watch(Audience::Page(responder), live);
        }
        Err(words) => responder.send_here(Response::error(Status::BadRequest, &words).fresh()),
    }
}

/// What somebody has seen and wants to see, as the query of the path says it.
fn question(request: &Request<'_>) -> Result<Live, String> {
    let mut fields = Map::new();
    for (key, value) in request.query().pairs() {
        // Numbers and booleans are written as in JSON; what is neither stays a text, and is refused.
        let value = serde_json::from_str(&value).unwrap_or_else(|_| Value::from(value.as_ref()));
        fields.insert(key.into_owned(), value);
    }
    Live::read(&fields).map_err(|error| error.to_string())
}
