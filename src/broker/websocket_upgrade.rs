//! From an HTTP request to a WebSocket client (RFC 6455, section 4.2).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ostler_http::{Handler, Method, Request, Responder, Response, Status};
use ostler_net::{Guesses, Links, Origin};
use ostler_runtime::{Seldom, now};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::websocket_access::{Denied, SUBPROTOCOL, subprotocols};
use crate::websocket_link::{WebSocketHost, WebSocketLink};
use crate::websocket_places::{Place, Places};
use crate::{WebSocketAccess, WebSocketLimits};

/// The only path of the interface.
pub(crate) const PATH: &str = "/v1/messages/json";
/// The version of WebSocket.
const VERSION: &str = "13";
/// What RFC 6455 has hashed behind a client's key.
const MAGIC: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
/// Bytes of a client's key.
const KEY_BYTES: usize = 16;
/// Bytes of a client's own name, at most.
const MAX_NAME_BYTES: usize = 256;
/// The shortest time between two log lines of a kind that clients can provoke.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(60);

/// Answers requests, and makes clients of those that ask rightly.
pub(crate) struct WebSocketDoor {
    links: Arc<Links>,
    host: Arc<dyn WebSocketHost>,
    limits: WebSocketLimits,
    access: WebSocketAccess,
    places: Places,
    guesses: Guesses,
    strangers: Seldom,
    crowds: Seldom,
}

/// What a request that is no right one is answered.
struct Refusal {
    response: Response,
    /// Whether a token was guessed.
    guessed: bool,
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Self { response, guessed: false }
    }
}

/// What a right request has said.
struct Wish {
    accept: String,
    application: Option<String>,
    subprotocol: bool,
}

impl WebSocketDoor {
    pub(crate) fn new(
        links: Arc<Links>,
        host: Arc<dyn WebSocketHost>,
        limits: WebSocketLimits,
        access: WebSocketAccess,
    ) -> Self {
        Self {
            links,
            host,
            limits,
            access,
            places: Places::default(),
            guesses: Guesses::default(),
            strangers: Seldom::new(PAUSE),
            crowds: Seldom::new(PAUSE),
        }
    }

    /// What the request wishes for, if it may.
    fn wish(&self, request: &Request<'_>) -> Result<Wish, Refusal> {
        if request.method() != Method::Get {
            return Err(no_handshake().into());
        }
        if request.path() != PATH {
            let words = format!(r#"caf::sec::invalid_argument("invalid path; try {PATH}")"#);
            return Err(Response::text(Status::BadRequest, words).into());
        }
        self.access.check(request).map_err(|denied| self.denial(denied, request))?;
        if !request.asks_for("websocket") {
            let words = "Expected a WebSocket handshake.";
            let response = Response::text(Status::UpgradeRequired, words);
            return Err(response.header("Upgrade", "websocket").into());
        }
        if request.header("Sec-WebSocket-Version").is_none_or(|version| version.trim() != VERSION) {
            let words = "Only version 13 of WebSocket is known here.";
            let response = Response::text(Status::UpgradeRequired, words);
            return Err(response.header("Sec-WebSocket-Version", VERSION).into());
        }
        let Some(accept) = request.header("Sec-WebSocket-Key").and_then(accept_key) else {
            let words = "Mandatory field Sec-WebSocket-Key missing or invalid.";
            return Err(Response::text(Status::BadRequest, words).into());
        };
        let application = request.header("X-Application-Name").map(str::trim);
        if application.is_some_and(|name| !is_name(name)) {
            let words = "X-Application-Name is not one of letters, digits and -/_.=:*@.";
            return Err(Response::text(Status::BadRequest, words).into());
        }
        let subprotocol = subprotocols(request).any(|offer| offer == SUBPROTOCOL);
        Ok(Wish { accept, application: application.map(str::to_owned), subprotocol })
    }

    fn denial(&self, denied: Denied, request: &Request<'_>) -> Refusal {
        if let Some(more) = self.strangers.allow() {
            let why = match denied {
                Denied::Origin => "a page of another origin",
                Denied::NoToken => "no token",
                Denied::WrongToken => "a wrong token",
            };
            log::warn!("{} is refused: {why} ({more} refused before)", request.peer());
        }
        let response = match denied {
            Denied::Origin => {
                Response::text(Status::Forbidden, "Pages of this origin are not allowed here.")
            }
            Denied::NoToken => Response::text(Status::Unauthorized, "A token is needed.")
                .header("WWW-Authenticate", "Bearer"),
            Denied::WrongToken => Response::text(Status::Unauthorized, "The token is wrong.")
                .header("WWW-Authenticate", "Bearer error=\"invalid_token\""),
        };
        Refusal { response, guessed: denied == Denied::WrongToken }
    }

    /// A place for one more client.
    fn place(&self, origin: Option<Origin>) -> Result<Place, Refusal> {
        self.places.take(origin, self.limits.max_clients).map_err(|crowded| {
            if let Some(more) = self.crowds.allow() {
                let limit = self.limits.max_clients;
                log::warn!(
                    "a WebSocket client is refused, of at most {limit}: {crowded} ({more} refused \
                     before)"
                );
            }
            Response::text(Status::ServiceUnavailable, crowded.to_string()).into()
        })
    }

    fn let_in(&self, wish: Wish, place: Place, responder: Responder) {
        let mut response =
            Response::switching("websocket").header("Sec-WebSocket-Accept", wish.accept);
        if wish.subprotocol {
            response = response.header("Sec-WebSocket-Protocol", SUBPROTOCOL);
        }
        let Some(upgraded) = responder.upgrade(response) else { return };
        let (peer, host) = (upgraded.peer(), Arc::clone(&self.host));
        let name = wish.application.as_deref().unwrap_or("without a name").to_owned();
        let link = WebSocketLink::new(host, wish.application, self.limits.clone(), place);
        match self.links.adopt(upgraded, Box::new(link)) {
            Ok(_) => log::debug!("{peer} is a WebSocket client {name}"),
            Err(error) => log::warn!("cannot serve the WebSocket client {peer}: {error}"),
        }
    }
}

impl Drop for WebSocketDoor {
    fn drop(&mut self) {
        self.host.end();
    }
}

impl Handler for WebSocketDoor {
    fn handle(&self, request: &Request<'_>, mut responder: Responder) {
        let origin = responder.origin();
        let wish = self.wish(request).and_then(|wish| Ok((wish, self.place(origin)?)));
        let refusal = match wish {
            Ok((wish, place)) => return self.let_in(wish, place, responder),
            Err(refusal) => refusal,
        };
        responder.close_after();
        let delay =
            origin.filter(|_| refusal.guessed).map(|origin| self.guesses.count(origin, now()));
        let response = refusal.response.fresh();
        match delay.filter(|delay| !delay.is_zero()) {
            Some(delay) => responder.send_after(delay, response),
            None => responder.send_here(response),
        }
    }
}

fn no_handshake() -> Response {
    Response::text(Status::BadRequest, "Expected a WebSocket handshake.")
}

/// The proof that the client's `key` was read; `None` if it is no key.
fn accept_key(key: &str) -> Option<String> {
    let key = key.trim();
    STANDARD.decode(key).ok().filter(|bytes| bytes.len() == KEY_BYTES)?;
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, [key, MAGIC].concat().as_bytes());
    Some(STANDARD.encode(digest))
}

/// Whether a client may call itself so: it stands in logs and figures.
fn is_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_.=:*@".contains(&byte);
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_answered_as_the_standard_says() {
        let answer = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
        assert_eq!(accept_key("dGhlIHNhbXBsZSBub25jZQ==").as_deref(), Some(answer));
        for wrong in ["", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZTE=", "a?b"] {
            assert_eq!(accept_key(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_name_has_letters_digits_and_few_signs() {
        assert!(is_name("zeek-client/1.5_0@host:*=a.b"));
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        for wrong in ["", "a b", "a\"b", "é", long.as_str()] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}
