//! Requests that a web page of somebody else has a browser send.
//!
//! A browser sends whatever any page asks for, also to services that only this machine can reach. It
//! shows the page no answer, but a request that changes something has done so by then. What clients
//! that are no browsers send has none of these headers.

use std::net::IpAddr;

use crate::{Method, Request};

/// Whether it would change something for a page that does not come from here.
pub fn changes_for_another_page(request: &Request<'_>) -> bool {
    !matches!(request.method(), Method::Get | Method::Head | Method::Options)
        && is_for_another_page(request)
}

/// Whether it was sent for a page that does not come from here.
pub fn is_for_another_page(request: &Request<'_>) -> bool {
    // Browsers tell the first only where they trust the way, which is over TLS or to this machine.
    match (request.header("Sec-Fetch-Site"), request.header("Origin")) {
        (Some(site), _) => !matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => is_other(origin, request.header("Host").unwrap_or_default()),
        (None, None) => false,
    }
}

/// Whether an origin is at another host or port than the one that is asked. One that is not told is.
fn is_other(origin: &str, host: &str) -> bool {
    origin.split_once("://").is_none_or(|(_, place)| !place.eq_ignore_ascii_case(host))
}

/// The names under which a service is reached.
///
/// A page may have its own name lead here, and is then no page of somebody else: but its requests
/// still say the name. Addresses cannot be had so, and are always right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnNames(Vec<String>);

impl OwnNames {
    /// These, beside `localhost`.
    pub fn new(names: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let names = names.into_iter().map(|name| bare(name.as_ref()).to_ascii_lowercase());
        Self(names.collect())
    }

    /// Whether a request is for one of them, or does not say for whom it is, which browsers do.
    pub fn are_asked(&self, request: &Request<'_>) -> bool {
        request.header("Host").is_none_or(|host| self.have(host))
    }

    fn have(&self, host: &str) -> bool {
        let (name, rest) = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap_or((host, "")),
            None => host.split_at_checked(host.find(':').unwrap_or(host.len())).unwrap_or_default(),
        };
        let name = bare(name);
        let is_known = || self.0.iter().any(|known| known.eq_ignore_ascii_case(name));
        (rest.is_empty() || rest.starts_with(':'))
            && (name.parse::<IpAddr>().is_ok()
                || name.eq_ignore_ascii_case("localhost")
                || is_known())
    }
}

/// A name without the dot that may end it.
fn bare(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_a_host_and_a_port() {
        assert!(!is_other("http://127.0.0.1:8003", "127.0.0.1:8003"));
        assert!(!is_other("https://Catalogue.example", "catalogue.example"));
        for other in ["http://127.0.0.1:3000", "https://127.0.0.1", "null", ""] {
            assert!(is_other(other, "127.0.0.1:8003"), "{other}");
        }
    }

    #[test]
    fn addresses_and_own_names_are_asked_with_or_without_a_port() {
        let own = OwnNames::new(["Boefje", "host.docker.internal."]);
        for host in [
            "127.0.0.1",
            "172.17.0.1:8000",
            "[::1]:8000",
            "LOCALHOST:8000",
            "localhost.",
            "boefje:8000",
            "BOEFJE.",
            "host.docker.internal:1",
        ] {
            assert!(own.have(host), "{host}");
        }
        for other in ["", "evil.example", "127.0.0.1.evil.example", "[::1", "[::1]x", "boefje.x:80"]
        {
            assert!(!own.have(other), "{other}");
        }
    }
}
