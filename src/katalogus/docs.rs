//! What the service says of itself: its OpenAPI document, and one page that shows it and lets
//! whoever reads it try the operations.
//!
//! The page is one file, which asks nobody but this service. Its policy names the digests of its
//! own style and script, so that nothing that it shows can become either.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ostler_http::{Response, Status};
use sha2::{Digest, Sha256};

use crate::Json;

const PAGE: &str = include_str!("docs.html");

/// The documents of a service.
#[derive(Clone, Debug)]
pub struct Documents {
    openapi: Arc<Vec<u8>>,
    policy: String,
}

impl Documents {
    /// Those of the service with this OpenAPI document.
    pub fn new(document: &Json) -> Self {
        let openapi = Arc::new(document.compact().into_bytes());
        let policy = format!(
            "default-src 'none'; connect-src 'self'; img-src blob:; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'; style-src '{}'; script-src '{}'",
            source("<style>", "</style>"),
            source("<script>", "</script>"),
        );
        Self { openapi, policy }
    }

    /// The OpenAPI document.
    pub fn openapi(&self) -> Response {
        Response::json(Status::Ok, Arc::clone(&self.openapi))
    }

    /// The page.
    pub fn page(&self) -> Response {
        Response::with_body(Status::Ok, "text/html; charset=utf-8", PAGE.as_bytes())
            .header("Content-Security-Policy", &*self.policy)
            .header("Referrer-Policy", "no-referrer")
            .header("X-Content-Type-Options", "nosniff")
    }
}

/// What a policy calls the part of the page between two marks.
fn source(begin: &str, end: &str) -> String {
    let part = PAGE.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let digest = Sha256::digest(part.map_or("", |(part, _)| part));
    format!("sha256-{}", STANDARD.encode(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_one_file_that_makes_no_markup_of_what_it_shows() {
        for (mark, times) in [("<style>", 1), ("<script>", 1), ("</script>", 1)] {
            assert_eq!(PAGE.matches(mark).count(), times, "{mark}");
        }
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            " style=",
            " onclick",
            "src=\"",
            "@import",
            "url(",
            "https://",
            "localStorage",
        ] {
            assert!(!PAGE.contains(forbidden), "{forbidden}");
        }
    }
}
