//! Who may become a WebSocket client: the rules on origins and on the token.
//!
//! # Origins
//!
//! A browser opens a WebSocket to wherever a page wants, and sends no question before. So the
//! page's origin is looked at, which browsers send and pages cannot forge: it must be the place that
//! is asked, or be allowed by name. Clients that are no browsers send none and pass. A name that is
//! not known as the service's own must be allowed too: a page could have its own name lead here and
//! pass for the service's.
//!
//! # Token
//!
//! `Authorization: Bearer TOKEN`. Browsers cannot send that, so a page offers two subprotocols
//! instead: [`SUBPROTOCOL`] and `bearer.` with the token in base64url. A query would do too, but
//! stays in histories and logs.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ostler_http::Request;
use ostler_http::foreign::{OwnNames, is_for_another_page};
use ostler_runtime::secret::Secret;

/// The subprotocol that is agreed on with whoever offers it.
pub(crate) const SUBPROTOCOL: &str = "v1.messages.json";
/// Begins the subprotocol that carries the token.
const BEARER: &str = "bearer.";
/// Allows every origin.
const ANY: &str = "*";

/// Who may become a WebSocket client. By default: whoever is no page of another origin.
#[derive(Clone, Debug, Default)]
pub struct WebSocketAccess {
    /// Origins that are allowed beside the service's own, such as `https://example.org:8080`; `*`
    /// allows all of them.
    pub origins: Vec<String>,
    /// The names under which pages are the service's own, beside addresses and `localhost`.
    pub names: OwnNames,
    /// What clients must know; `None` lets everybody in.
    pub token: Option<Secret>,
}

/// Why somebody may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    Origin,
    NoToken,
    WrongToken,
}

impl WebSocketAccess {
    pub(crate) fn check(&self, request: &Request<'_>) -> Result<(), Denied> {
        if let Some(origin) = request.header("Origin") {
            let is_named =
                |allowed: &String| allowed == ANY || allowed.eq_ignore_ascii_case(origin);
            if !self.origins.iter().any(is_named) && !self.is_own(request) {
                return Err(Denied::Origin);
            }
        }
        let Some(token) = &self.token else { return Ok(()) };
        match given(request) {
            Some(given) if token.is(&given) => Ok(()),
            Some(_) => Err(Denied::WrongToken),
            None => Err(Denied::NoToken),
        }
    }

    fn is_own(&self, request: &Request<'_>) -> bool {
        !is_for_another_page(request) && self.names.are_asked(request)
    }
}

/// The subprotocols that are offered.
pub(crate) fn subprotocols<'a>(request: &'a Request<'_>) -> impl Iterator<Item = &'a str> {
    let offers =
        request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("Sec-WebSocket-Protocol"));
    offers
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(',').map(str::trim))
}

/// The token that is given, in whatever way.
fn given(request: &Request<'_>) -> Option<Vec<u8>> {
    if let Some(header) = request.header("Authorization") {
        let (scheme, token) = header.trim().split_once(' ')?;
        let is_bearer = scheme.eq_ignore_ascii_case("Bearer");
        return is_bearer.then(|| token.trim().as_bytes().to_vec());
    }
    let encoded = subprotocols(request).find_map(|offer| offer.strip_prefix(BEARER))?;
    // What cannot be decoded is a wrong token.
    Some(URL_SAFE_NO_PAD.decode(encoded).unwrap_or_default())
}
