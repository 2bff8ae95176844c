//! The status listener: what is told to whoever can reach it, without a password.
//!
//! | path | answer |
//! | --- | --- |
//! | `/metrics` | every figure, for Prometheus |
//! | `/healthz` | 200: the daemon is there |
//! | `/readyz` | 200 if tasks can be done now, else 503 with the reason |
//! | `/v1/status` | what each worker and host is at, and what has become of tasks: JSON |
//!
//! The rest of it is every daemon's: see [`ostler_http::endpoint`].

use std::io;
use std::sync::Arc;

use ostler_http::endpoint::{self, Told, on};
use ostler_http::{Method, Response, Status, exposition};
use ostler_net::{Address, Listener, Server};

use crate::exposition::Exposition;
use crate::state::State;
use crate::status;

/// Tells of `state` on the listeners of these addresses.
pub(crate) fn start(
    state: &Arc<State>,
    listeners: Vec<Listener>,
    addresses: &[Address],
) -> io::Result<Server> {
    let routes = endpoint::routes(state)
        .and_then(|routes| routes.route(Method::Get, "/v1/status", on(state, shown)))
        .map_err(io::Error::other)?;
    endpoint::start(routes, listeners, addresses, 0)
}

impl Told for State {
    fn figures(&self) -> Response {
        let figures = Exposition { snapshot: self.snapshot(), connections: self.connections() };
        exposition::response("boefjes", figures)
    }

    fn unready(&self) -> Option<&'static str> {
        self.unready()
    }
}

fn shown(state: &State) -> Response {
    let status = status::of(&state.snapshot(), state.connections().as_ref());
    Response::json(Status::Ok, status.to_string().into_bytes())
}
