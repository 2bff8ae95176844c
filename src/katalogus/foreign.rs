//! Requests that a web page of somebody else has a browser send.
//!
//! A browser sends whatever any page asks for, also to services that only this machine can reach. It
//! shows the page no answer, but a request that changes something has done so by then. What clients
//! that are no browsers send has none of these headers.

use ostler_http::{Method, Request};

/// Whether it would change something for a page that does not come from here.
pub(crate) fn changes_for_another_page(request: &Request<'_>) -> bool {
    if matches!(request.method(), Method::Get | Method::Head | Method::Options) {
        return false;
    }
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
}
