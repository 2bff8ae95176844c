//! The status listener: what is told to whoever can reach it, without a token.
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | every figure, for Prometheus |
//! | `/healthz` | 200: the daemon is there |
//! | `/readyz` | 200 if requests can be answered now, else 503 with the reason |
//!
//! It has a thread and connections of its own, so that it answers when all others are taken.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ostler_http::{HeadLimits, Http, Method, Request, Responder, Response, Router, Status};
use ostler_net::{Limits, Listener, Server};

use crate::state::State;

/// Threads: nothing here takes long.
const THREADS: usize = 1;
/// Connections.
const CONNECTIONS: usize = 64;
/// For a client to take its answer: none is long.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// No request has a body worth reading.
const MAX_BODY: usize = 1024;

/// Tells of `state` on these listeners.
pub(crate) fn start(state: &Arc<State>, listeners: Vec<Listener>) -> io::Result<Server> {
    let limits = Limits {
        max_connections: CONNECTIONS,
        max_unauthenticated: CONNECTIONS,
        max_request: MAX_BODY,
        write_deadline: WRITE_DEADLINE,
        ..Limits::default()
    };
    let on = |answer: fn(&State) -> Response| {
        let state = Arc::clone(state);
        move |_: &Request<'_>, mut responder: Responder| {
            // There is no token here: whoever asks sensibly is no stranger.
            responder.authenticated();
            responder.send_here(answer(&state).fresh());
        }
    };
    let router = Router::new()
        .route(Method::Get, "/metrics", on(State::figures))
        .and_then(|router| router.route(Method::Get, "/healthz", on(healthy)))
        .and_then(|router| router.route(Method::Get, "/readyz", on(ready)))
        .map_err(io::Error::other)?;
    Server::start(listeners, THREADS, limits, Arc::new(Http::new(router, HeadLimits::default())))
}

fn healthy(_: &State) -> Response {
    Response::text(Status::Ok, "ok\n")
}

fn ready(state: &State) -> Response {
    match state.unready() {
        None => Response::text(Status::Ok, "ready\n"),
        Some(why) => Response::text(Status::ServiceUnavailable, format!("{why}\n")),
    }
}
