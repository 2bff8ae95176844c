//! Which endpoint answers which path and method, by the original's rules, which are Starlette's:
//! the first route in order whose path and method fit; else `405` with the methods of the first
//! whose path fits; else a redirection, if a path with one slash more or none at its end would fit.
//!
//! `HEAD` and `OPTIONS` are methods like others, for which there are no routes.

use ostler_http::{Method, Request, Response, Status, percent};

/// An endpoint's place.
#[derive(Clone, Copy, Debug)]
pub struct Route<E> {
    /// The method that it answers.
    pub method: Method,
    /// As `/v1/organisations/{organisation}`. A part in braces is any text but an empty one.
    pub pattern: &'static str,
    /// What answers.
    pub endpoint: E,
}

/// Routes in the order in which they are tried.
#[derive(Debug)]
pub struct Routes<E>(Vec<(Vec<Part>, Route<E>)>);

/// What stands between two slashes of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Fixed(&'static str),
    Any,
}

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Routed<'p, E> {
    /// To this endpoint, with what stands in the place of the parts in braces.
    Endpoint(E, Vec<&'p str>),
    /// To none.
    Answer(Unrouted),
}

/// Why a request goes to no endpoint.
#[derive(Debug, PartialEq, Eq)]
pub enum Unrouted {
    /// Another method would have gone there.
    NotAllowed(Method),
    /// This path would have.
    Elsewhere(String),
    /// Nothing fits.
    Nowhere,
}

impl<E: Copy> Routes<E> {
    /// Routes to be tried in this order.
    pub fn new(routes: impl IntoIterator<Item = Route<E>>) -> Self {
        let part = |text: &'static str| {
            if text.starts_with('{') { Part::Any } else { Part::Fixed(text) }
        };
        let parts = |route: Route<E>| (route.pattern.split('/').map(part).collect(), route);
        Self(routes.into_iter().map(parts).collect())
    }

    /// Finds the endpoint of a decoded path.
    pub fn find<'p>(&self, method: Method, path: &'p str) -> Routed<'p, E> {
        let mut allowed = None;
        for (_, route) in self.matching(path) {
            if route.method == method {
                let parameters = parameters(route.pattern, path);
                return Routed::Endpoint(route.endpoint, parameters);
            }
            allowed = allowed.or(Some(route.method));
        }
        if let Some(allowed) = allowed {
            return Routed::Answer(Unrouted::NotAllowed(allowed));
        }
        let other = match path.strip_suffix('/') {
            Some(shorter) => shorter.trim_end_matches('/').to_owned(),
            None => format!("{path}/"),
        };
        let known = self.matching(&other).next().is_some();
        Routed::Answer(if known { Unrouted::Elsewhere(other) } else { Unrouted::Nowhere })
    }

    fn matching<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a (Vec<Part>, Route<E>)> {
        self.0.iter().filter(move |(parts, _)| {
            let mut texts = path.split('/');
            parts.iter().all(|part| match (part, texts.next()) {
                (Part::Fixed(fixed), Some(text)) => *fixed == text,
                (Part::Any, Some(text)) => !text.is_empty(),
                (_, None) => false,
            }) && texts.next().is_none()
        })
    }
}

impl Unrouted {
    /// What such a request is answered.
    pub fn response(&self, request: &Request<'_>) -> Response {
        match self {
            Self::NotAllowed(method) => {
                Response::error(Status::MethodNotAllowed, "Method Not Allowed")
                    .header("Allow", method.as_str())
            }
            Self::Elsewhere(path) => redirection(&address(request, path)),
            Self::Nowhere => Response::error(Status::NotFound, "Not Found"),
        }
    }
}

/// An answer that sends the client elsewhere.
pub fn redirection(address: &str) -> Response {
    Response::new(Status::TemporaryRedirect).header("Location", address)
}

/// What of `path` stands where `pattern` has braces.
fn parameters<'p>(pattern: &str, path: &'p str) -> Vec<&'p str> {
    let pairs = pattern.split('/').zip(path.split('/'));
    pairs.filter(|(part, _)| part.starts_with('{')).map(|(_, text)| text).collect()
}

/// The whole address of `path` on the host that was asked, with the query that was asked with.
fn address(request: &Request<'_>, path: &str) -> String {
    let scheme = if request.is_secured() { "https" } else { "http" };
    let host = request.header("Host").unwrap_or_default();
    let mut address = format!("{scheme}://{host}");
    percent::encode(path, PLAIN, &mut address);
    let query = request.query().as_str();
    if !query.is_empty() {
        address.push('?');
        percent::encode(query, PLAIN, &mut address);
    }
    address
}

/// What stands in an address as it is, percent signs too, as with the original.
const PLAIN: &str = "_.-~:/%#?=@[]!$&'()*+,;";

#[cfg(test)]
mod tests {
    use super::*;

    fn routes() -> Routes<u8> {
        let route = |method, pattern, endpoint| Route { method, pattern, endpoint };
        Routes::new([
            route(Method::Get, "/", 0),
            route(Method::Get, "/o", 1),
            route(Method::Get, "/o/{o}", 2),
            route(Method::Post, "/o/", 3),
            route(Method::Put, "/o/", 4),
            route(Method::Delete, "/o/{o}", 5),
            route(Method::Get, "/o/{o}/s/{s}", 6),
            route(Method::Get, "/o/{o}/{p}/x", 7),
            route(Method::Put, "/o/{o}/{p}/x", 8),
        ])
    }

    #[test]
    fn the_first_route_with_path_and_method_answers() {
        for (method, path, endpoint, parameters) in [
            (Method::Get, "/", 0, vec![]),
            (Method::Get, "/o", 1, vec![]),
            (Method::Post, "/o/", 3, vec![]),
            (Method::Put, "/o/", 4, vec![]),
            (Method::Delete, "/o/a b", 5, vec!["a b"]),
            (Method::Get, "/o/a/s/x", 6, vec!["a", "x"]),
            (Method::Put, "/o/a/s/x", 8, vec!["a", "s"]),
            (Method::Get, "/o/a/b/x", 7, vec!["a", "b"]),
        ] {
            let routed = routes().find(method, path);
            assert_eq!(routed, Routed::Endpoint(endpoint, parameters), "{method} {path}");
        }
    }

    #[test]
    fn another_method_is_refused_with_that_of_the_first_route() {
        for (method, path, allowed) in [
            (Method::Get, "/o/", Method::Post),
            (Method::Post, "/o", Method::Get),
            (Method::Head, "/", Method::Get),
            (Method::Options, "/o/a", Method::Get),
            (Method::Delete, "/o/a/s/x", Method::Get),
        ] {
            let expected = Routed::Answer(Unrouted::NotAllowed(allowed));
            assert_eq!(routes().find(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn a_slash_at_the_end_is_put_or_taken_where_that_helps() {
        for (path, other) in [
            ("/o/a/", Some("/o/a")),
            ("/o/a///", Some("/o/a")),
            ("/o/a/s/b/", Some("/o/a/s/b")),
            ("/x", None),
            ("/x/", None),
            ("/o//", Some("/o")),
            ("/o//s/b", None),
            ("//", None),
            ("", Some("/")),
            ("*", None),
        ] {
            let expected =
                other.map_or(Unrouted::Nowhere, |other| Unrouted::Elsewhere(other.into()));
            assert_eq!(routes().find(Method::Get, path), Routed::Answer(expected), "{path}");
        }
    }

    #[test]
    fn an_address_has_no_character_that_it_cannot_have() {
        let mut quoted = String::new();
        percent::encode("/a b/ä\"<%20>", PLAIN, &mut quoted);
        assert_eq!(quoted, "/a%20b/%C3%A4%22%3C%20%3E");
    }
}
