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
//! The rest of it is every daemon's: see [`ostler_http::endpoint`].

use std::io;
use std::sync::Arc;

use ostler_http::endpoint::{self, Told, on};
use ostler_http::{Method, Request, Responder, Response, Status, exposition};
use ostler_net::{Address, Listener, Server};
use serde_json::{Map, Value};

use crate::request::Live;
use crate::service::Monitor;
use crate::watcher::Audience;

const PAGE: &str = include_str!("page.html");
/// What the page may do: its own style and script, by their digests, and questions to this listener.
const POLICY: &str = concat!(
    "default-src 'none'; connect-src 'self'; base-uri 'none'; form-action 'none'; ",
    "frame-ancestors 'none'; style-src 'sha256-pyfPHzmgD7EZ6NmwyzDFpsm3efzCDnOKPIV8Z3ylv4o='; ",
    "script-src 'sha256-efUX2OvXQdQ2HO04scAaUKHXKLP6MDk/vnOg67VRnEw='"
);

/// Serves `monitor`'s state on the listeners of these addresses.
pub(crate) fn start(
    monitor: &Arc<Monitor>,
    listeners: Vec<Listener>,
    addresses: &[Address],
    max_viewers: usize,
) -> io::Result<Server> {
    let watched = Arc::clone(monitor);
    let live =
        move |request: &Request<'_>, responder: Responder| live(&watched, request, responder);
    let routes = endpoint::routes(monitor)
        .and_then(|routes| routes.route(Method::Get, "/", on(monitor, |_| page())))
        .and_then(|routes| routes.route(Method::Get, "/v1/status", on(monitor, status)))
        .and_then(|routes| routes.route(Method::Get, "/v1/live", live))
        .map_err(io::Error::other)?;
    endpoint::start(routes, listeners, addresses, max_viewers)
}

impl Told for Monitor {
    fn figures(&self) -> Response {
        exposition::response("bui_monitor", self.exposition())
    }

    fn unready(&self) -> Option<&'static str> {
        self.unready()
    }
}

fn page() -> Response {
    Response::with_body(Status::Ok, "text/html; charset=utf-8", PAGE.as_bytes())
        .header("Content-Security-Policy", POLICY)
        .header("Referrer-Policy", "no-referrer")
}

fn status(monitor: &Monitor) -> Response {
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
