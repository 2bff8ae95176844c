//! Who may ask: before anything else a request passes here.
//!
//! Without a token everybody may, as in the original. With one, `/health`, `/metrics`, the pages
//! of the documentation and the document that they show stay open, and everything else needs it:
//! `Authorization: Bearer TOKEN`. Wrong tokens of one address are answered later and later. What a
//! web page of somebody else would have changed is refused with a token or without.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ostler_http::foreign::changes_for_another_page;
use ostler_http::{Handler, Method, Observer, Request, Responder, Response, Status};
use ostler_net::Guesses;
use ostler_runtime::secret::Secret;
use ostler_runtime::{Seldom, now};

use crate::area::Area;
use crate::metrics::Metrics;

/// The shortest time between two log lines about strangers.
const PAUSE: Duration = Duration::from_secs(10);

/// What answers `/metrics`.
pub(crate) type Figures = Box<dyn Fn() -> Response + Send + Sync>;

/// See the module.
pub(crate) struct Gate {
    inner: Box<dyn Handler>,
    figures: Figures,
    token: Arc<RwLock<Option<Secret>>>,
    guesses: Guesses,
    metrics: Arc<Metrics>,
    strangers: Seldom,
}

/// How a request stands to the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Right,
    Wrong,
    Missing,
}

impl Gate {
    /// Lets through to `inner` who may ask; `token` may be changed meanwhile.
    pub(crate) fn new(
        inner: impl Handler,
        figures: Figures,
        token: Arc<RwLock<Option<Secret>>>,
        metrics: Arc<Metrics>,
    ) -> Self {
        let (guesses, strangers) = (Guesses::default(), Seldom::new(PAUSE));
        Self { inner: Box::new(inner), figures, token, guesses, metrics, strangers }
    }

    fn standing(&self, request: &Request<'_>) -> Standing {
        let token = self.token.read().unwrap_or_else(PoisonError::into_inner);
        let Some(token) = token.as_ref() else { return Standing::Right };
        match request.header("Authorization").and_then(bearer) {
            Some(given) if token.is(given.as_bytes()) => Standing::Right,
            Some(_) => Standing::Wrong,
            None => Standing::Missing,
        }
    }

    fn refuse(&self, standing: Standing, mut responder: Responder) {
        let count = |counter: &AtomicU64| counter.fetch_add(1, Ordering::Relaxed);
        if standing == Standing::Missing {
            count(&self.metrics.missing_tokens);
            return responder.send_here(refusal("Not authenticated", "Bearer"));
        }
        count(&self.metrics.wrong_tokens);
        if let Some(more) = self.strangers.allow() {
            log::warn!("wrong token from {} ({more} more before)", responder.peer());
        }
        // A kept connection is for those who know the token, not for guessing it.
        responder.close_after();
        let delay = responder.origin().map(|origin| self.guesses.count(origin, now()));
        let response = refusal("Invalid token", "Bearer error=\"invalid_token\"");
        match delay.filter(|delay| !delay.is_zero()) {
            Some(delay) => responder.send_after(delay, response),
            None => responder.send_here(response),
        }
    }
}

impl Handler for Gate {
    fn handle(&self, request: &Request<'_>, mut responder: Responder) {
        let area = Area::of(request.path());
        let observer = Arc::clone(&self.metrics) as Arc<dyn Observer>;
        responder.observe(observer, area as usize);
        if changes_for_another_page(request) {
            let words = "Web pages from elsewhere may change nothing here";
            return responder.send_here(Response::error(Status::Forbidden, words));
        }
        match self.standing(request) {
            Standing::Right => responder.authenticated(),
            _ if area.is_open() => {}
            standing => return self.refuse(standing, responder),
        }
        if area != Area::Metrics {
            return self.inner.handle(request, responder);
        }
        responder.send_here(if matches!(request.method(), Method::Get | Method::Head) {
            (self.figures)().fresh()
        } else {
            let words = "Method Not Allowed";
            Response::error(Status::MethodNotAllowed, words).header("Allow", "GET, HEAD")
        });
    }
}

/// The token of a header `Authorization`.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

fn refusal(detail: &str, challenge: &str) -> Response {
    Response::error(Status::Unauthorized, detail).header("WWW-Authenticate", challenge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_its_scheme() {
        for (header, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  a b ", Some("a b")),
            ("Basic abc", None),
            ("Bearer", None),
            ("Bearerabc", None),
            ("", None),
        ] {
            assert_eq!(bearer(header), token, "{header:?}");
        }
    }
}
