//! Which handler answers which path and method.

use std::collections::HashMap;

use matchit::{InsertError, Params};

use crate::{Method, Request, Responder, Response, Status};

/// Answers requests. It is called on the threads that read them, and must not wait there: what takes
/// longer than a moment goes elsewhere, together with its [`Responder`].
pub trait Handler: Send + Sync + 'static {
    /// Answers now, or keeps `responder` for later.
    fn handle(&self, request: &Request<'_>, responder: Responder);
}

impl Handler for Box<dyn Handler> {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        (**self).handle(request, responder);
    }
}

impl<F: Fn(&Request<'_>, Responder) + Send + Sync + 'static> Handler for F {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        self(request, responder);
    }
}

/// A handler that has its answer at hand.
pub fn at_once(answer: impl Fn(&Request<'_>) -> Response + Send + Sync + 'static) -> impl Handler {
    move |request: &Request<'_>, responder: Responder| responder.send_here(answer(request))
}

/// Hands each request to the handler of its path and method.
///
/// `HEAD` is answered by the handler of `GET` unless there is one of its own, `OPTIONS` with the
/// methods of its path likewise.
#[derive(Default)]
pub struct Router {
    paths: matchit::Router<usize>,
    numbers: HashMap<String, usize>,
    routes: Vec<Route>,
}

/// The handlers of one path.
#[derive(Default)]
struct Route(Vec<(Method, Box<dyn Handler>)>);

/// Why a route cannot be added.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RouteError {
    /// The pattern is none, or means the same as another.
    #[error("route {pattern}: {source}")]
    Pattern {
        /// As it was given.
        pattern: String,
        /// What is wrong with it.
        source: InsertError,
    },
    /// There is a handler for this already.
    #[error("route {pattern}: there is a handler for {method} already")]
    Taken {
        /// As it was given.
        pattern: String,
        /// The method.
        method: Method,
    },
}

/// What is known of a path and a method.
enum Found<'r, 'p> {
    Handler(&'r dyn Handler, Params<'r, 'p>),
    /// An answer that needs no handler.
    Answer(Response),
}

impl Router {
    /// Without a route.
    pub fn new() -> Self {
        Self::default()
    }

    /// Has `handler` answer requests with this method for paths of this pattern, as `/plugins`,
    /// `/plugins/{id}` or `/files/{*path}`.
    pub fn route(
        mut self,
        method: Method,
        pattern: &str,
        handler: impl Handler,
    ) -> Result<Self, RouteError> {
        let number = self.number(pattern)?;
        if let Some(Route(handlers)) = self.routes.get_mut(number) {
            if handlers.iter().any(|(other, _)| *other == method) {
                return Err(RouteError::Taken { pattern: pattern.to_owned(), method });
            }
            handlers.push((method, Box::new(handler)));
        }
        Ok(self)
    }

    /// The place of the route with this pattern, which is new or known.
    fn number(&mut self, pattern: &str) -> Result<usize, RouteError> {
        if let Some(number) = self.numbers.get(pattern) {
            return Ok(*number);
        }
        let number = self.routes.len();
        let pattern = pattern.to_owned();
        match self.paths.insert(pattern.clone(), number) {
            Ok(()) => {
                self.numbers.insert(pattern, number);
                self.routes.push(Route::default());
                Ok(number)
            }
            Err(source) => Err(RouteError::Pattern { pattern, source }),
        }
    }

    /// Who answers, or what is answered where nobody does.
    fn find<'r, 'p>(&'r self, method: Method, path: &'p str) -> Found<'r, 'p> {
        let found = self.paths.at(path).ok();
        let route = found.as_ref().and_then(|found| self.routes.get(*found.value));
        let (Some(found), Some(route)) = (found, route) else {
            return Found::Answer(if path == "*" {
                allowed(
                    Status::NoContent,
                    Method::ALL
                        .into_iter()
                        .filter(|one| !matches!(one, Method::Trace | Method::Query)),
                )
            } else {
                Response::error(Status::NotFound, "Not Found")
            });
        };
        match route.handler(method) {
            Some(handler) => Found::Handler(handler, found.params),
            None if method == Method::Options => {
                Found::Answer(allowed(Status::NoContent, route.methods()))
            }
            None => Found::Answer(allowed(Status::MethodNotAllowed, route.methods())),
        }
    }
}

impl Handler for Router {
    fn handle(&self, request: &Request<'_>, responder: Responder) {
        let &Request { head, body, peer, secured, .. } = request;
        match self.find(head.method, &head.path) {
            Found::Handler(handler, parameters) => {
                let parameters = Some(parameters);
                handler.handle(&Request { head, parameters, body, peer, secured }, responder);
            }
            Found::Answer(response) => responder.send_here(response),
        }
    }
}

impl Route {
    fn handler(&self, method: Method) -> Option<&dyn Handler> {
        let of = |wanted: Method| {
            self.0.iter().find_map(|(method, handler)| (*method == wanted).then_some(&**handler))
        };
        of(method).or_else(|| if method == Method::Head { of(Method::Get) } else { None })
    }

    /// Those that are answered.
    fn methods(&self) -> impl Iterator<Item = Method> {
        let answers =
            |method: &Method| *method == Method::Options || self.handler(*method).is_some();
        Method::ALL.into_iter().filter(answers)
    }
}

/// An answer that names the methods of a path.
fn allowed(status: Status, methods: impl Iterator<Item = Method>) -> Response {
    let names: Vec<&str> = methods.map(Method::as_str).collect();
    let response = if status == Status::MethodNotAllowed {
        Response::error(status, "Method Not Allowed")
    } else {
        Response::new(status)
    };
    response.header("Allow", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nothing(_: &Request<'_>, _: Responder) {}

    #[test]
    fn a_route_that_cannot_be_told_from_another_is_an_error_that_names_it() {
        let router = Router::new().route(Method::Get, "/a/{b}", nothing).unwrap();
        let router = router.route(Method::Put, "/a/{b}", nothing).unwrap();
        let router = router.route(Method::Get, "/a/b", nothing).unwrap();
        let taken = router.route(Method::Put, "/a/{b}", nothing).err().unwrap();
        assert_eq!(taken.to_string(), "route /a/{b}: there is a handler for PUT already");
        for pattern in ["/a/{c}", "/a/{", "/a/{*b}/c"] {
            let router = Router::new().route(Method::Get, "/a/{b}", nothing).unwrap();
            let error = router.route(Method::Get, pattern, nothing).err().unwrap();
            assert!(matches!(error, RouteError::Pattern { .. }), "{pattern}: {error}");
            assert!(error.to_string().starts_with(&format!("route {pattern}: ")), "{error}");
        }
    }

    #[test]
    fn the_plainest_route_wins_and_names_its_parameters() {
        let patterns = ["/a/{b}", "/a/b", "/files/{*path}"];
        let router = patterns.into_iter().fold(Router::new(), |router, pattern| {
            router.route(Method::Get, pattern, nothing).unwrap()
        });
        for (path, parameters) in [
            ("/a/b", Some(vec![])),
            ("/a/c", Some(vec![("b", "c")])),
            ("/files/x/y", Some(vec![("path", "x/y")])),
            ("/files/", None),
            ("/a", None),
            ("", None),
        ] {
            let found = match router.find(Method::Head, path) {
                Found::Handler(_, parameters) => Some(parameters.iter().collect()),
                Found::Answer(response) => {
                    assert_eq!(response.status(), Status::NotFound, "{path}");
                    None
                }
            };
            assert_eq!(found, parameters, "{path}");
        }
    }
}
