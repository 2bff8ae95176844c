//! An HTTP/1.1 server on the threads, limits and deadlines of [`ostler_net`].
//!
//! ```text
//! bytes ─▶ framing   is a request whole, or can it be none?       ─┐ flaw: refused in words,
//!          head      method, path, query, headers                 ─┘ and the connection closed
//!          handler   request, responder ─▶ now, or kept and answered later
//!          router    a handler: path and method ─▶ handler           404, 405
//!          response  ─▶ head and body, the body not copied
//! ```
//!
//! An [`Http`] is a service of [`ostler_net::Server`], so TLS, Unix sockets, overload, deadlines,
//! keep-alive and pipelining (requests of a connection are answered in their order, one after the
//! other) are as they are there. Bodies are limited by [`ostler_net::Limits::max_request`], all
//! else of a request by [`HeadLimits`]. A client that nobody calls
//! [authenticated](Responder::authenticated) counts as a stranger between its requests too:
//! proxies belong to [`ostler_net::Limits::trusted`].
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use ostler_http::{HeadLimits, Http, Method, Response, Router, Status, at_once};
//! use ostler_net::{Address, Listener, Server};
//!
//! let greet = at_once(|request| {
//!     let name = request.parameter("name").unwrap_or_default();
//!     Response::text(Status::Ok, format!("Hello, {name}"))
//! });
//! let router = Router::new().route(Method::Get, "/greetings/{name}", greet)?;
//! let service = Arc::new(Http::new(router, HeadLimits::default()));
//! let listeners = Listener::bind(&Address::parse("127.0.0.1", 0)?)?;
//! let server = Server::start(listeners, 2, ostler_net::Limits::default(), service)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//!
//! - What a request is does not depend on how its bytes were cut, and two servers that follow
//!   RFC 9112 agree on it: whatever they might read differently is refused.
//! - Reading a request takes time in proportion to its length, however slowly its bytes come.
//! - A handler gets requests that are whole, and its answer is made fit for the request's method
//!   and version: `HEAD` has no body, `204` and `304` have none either.
//! - No value of a header can begin another line.
//! - Every error that this crate answers is JSON: `{"detail": "…"}`.
//!
//! # What a handler must not do
//!
//! Handlers run on the `conn` threads, of which there are few, and on the acceptor. None may wait
//! there: what takes longer than a moment goes elsewhere, such as to [`Errands`], together with its
//! [`Responder`].
//!
//! # Upgrades
//!
//! A handler whose request [asks for](Request::asks_for) another protocol may go on in it: it
//! [takes the connection over](Responder::upgrade), with its TLS session and whatever the client has
//! sent behind its request. The server has nothing to do with it any more. Where no handler does,
//! `Upgrade` is ignored, as RFC 9110 lets a server do.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod chunks;
pub mod endpoint;
mod errands;
pub mod exposition;
mod flaw;
pub mod foreign;
mod framing;
#[cfg(test)]
mod framing_cases;
#[doc(hidden)]
pub mod fuzzing;
mod head;
mod limits;
mod lines;
mod method;
pub mod percent;
mod query;
mod request;
mod responder;
mod response;
mod router;
mod service;
mod status;

pub use errands::{Busy, Errand, Errands};
pub use limits::{HeadLimits, MAX_HEADERS};
pub use method::Method;
pub use ostler_net::{Body, Upgraded};
pub use query::Query;
pub use request::Request;
pub use responder::{Observer, Responder};
pub use response::Response;
pub use router::{Handler, RouteError, Router, at_once};
pub use service::Http;
pub use status::Status;
