//! What is answered to a request, and its bytes on the wire.

use std::fmt::Write as _;

use ostler_net::{Answer, Body, Head};
use ostler_runtime::utc::HttpDate;
use serde_json::json;

use crate::Status;

/// A status, headers and a body. `Content-Length`, `Date` and `Connection` are added when it is
/// sent.
#[derive(Clone, Debug)]
pub struct Response {
    status: Status,
    headers: Vec<(&'static str, String)>,
    body: Body,
}

/// How a response goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Manner {
    /// Only the head, as `HEAD` wants it.
    pub(crate) head_only: bool,
    /// Whether the client is told that the connection ends.
    pub(crate) closes: bool,
}

impl Response {
    /// One without a body.
    pub fn new(status: Status) -> Self {
        Self { status, headers: Vec::new(), body: Body::Empty }
    }

    /// One with a body of this media type. A shared or static body is never copied.
    pub fn with_body(status: Status, media_type: &'static str, body: impl Into<Body>) -> Self {
        let mut response = Self::new(status).header("Content-Type", media_type);
        response.body = body.into();
        response
    }

    /// One with a body of a media type that nobody says.
    pub fn untyped(status: Status, body: impl Into<Body>) -> Self {
        Self { body: body.into(), ..Self::new(status) }
    }

    /// Plain text.
    pub fn text(status: Status, text: impl Into<String>) -> Self {
        Self::with_body(status, "text/plain; charset=utf-8", text.into().into_bytes())
    }

    /// JSON that is written already.
    pub fn json(status: Status, json: impl Into<Body>) -> Self {
        Self::with_body(status, "application/json", json)
    }

    /// An error in words: `{"detail": "…"}`. This is how each error of this crate is worded, too.
    pub fn error(status: Status, detail: &str) -> Self {
        Self::json(status, json!({ "detail": detail }).to_string().into_bytes())
    }

    /// Agrees to go on in `protocol`; see [`Responder::upgrade`](crate::Responder::upgrade).
    pub fn switching(protocol: &'static str) -> Self {
        let response = Self::new(Status::SwitchingProtocols);
        response.header("Upgrade", protocol).header("Connection", "Upgrade")
    }

    /// Adds a header, but none of those that are added anyway. Characters of `value` that cannot
    /// stand in one, as those that would end its line, become spaces.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        let mut value = value.into();
        if value.contains(char::is_control) {
            value = value.replace(char::is_control, " ");
        }
        self.headers.push((name, value));
        self
    }

    /// Tells that what it says is true now and may not be for long, and is of no other kind than it
    /// says.
    #[must_use]
    pub fn fresh(self) -> Self {
        self.header("Cache-Control", "no-store").header("X-Content-Type-Options", "nosniff")
    }

    /// Its status.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Its bytes; the body goes on as it is.
    pub(crate) fn into_answer(self, manner: Manner, date: HttpDate) -> Answer {
        let mut head = String::with_capacity(USUAL_HEAD);
        // Writing to a string does not fail.
        let _ = write!(head, "HTTP/1.1 {} {}\r\n", self.status.code(), self.status.phrase());
        let _ = write!(head, "Date: {date}\r\n");
        for (name, value) in &self.headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if self.status.has_body() {
            let _ = write!(head, "Content-Length: {}\r\n", self.body.as_bytes().len());
        }
        head.push_str(if manner.closes { "Connection: close\r\n\r\n" } else { "\r\n" });
        let silent = manner.head_only || !self.status.has_body();
        let body = if silent { Body::Empty } else { self.body };
        Answer { head: Head::from(head.into_bytes()), body }
    }
}

/// Bytes of most heads.
const USUAL_HEAD: usize = 256;

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn wire(response: Response, manner: Manner) -> String {
        let answer = response.into_answer(manner, HttpDate::from(SystemTime::UNIX_EPOCH));
        let bytes = [answer.head.as_bytes(), answer.body.as_bytes()].concat();
        String::from_utf8(bytes).unwrap()
    }

    const KEPT: Manner = Manner { head_only: false, closes: false };

    #[test]
    fn a_response_on_the_wire() {
        let response = Response::json(Status::Created, b"{}".to_vec()).header("Location", "/a");
        assert_eq!(
            wire(response.clone(), KEPT),
            "HTTP/1.1 201 Created\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n\
             Content-Type: application/json\r\nLocation: /a\r\nContent-Length: 2\r\n\r\n{}"
        );
        let last = wire(response, Manner { head_only: true, closes: true });
        assert!(last.ends_with("Content-Length: 2\r\nConnection: close\r\n\r\n"), "{last}");
        let none = wire(Response::text(Status::NoContent, "x"), KEPT);
        assert!(none.ends_with("utf-8\r\n\r\n") && !none.contains("Length"), "{none}");
    }

    #[test]
    fn no_value_begins_another_line_and_no_detail_ends_its_string() {
        let forged = Response::new(Status::Found).header("Location", "/a\r\nSet-Cookie: b\0\u{85}");
        assert!(wire(forged, KEPT).contains("\r\nLocation: /a  Set-Cookie: b  \r\n"));
        let error = wire(Response::error(Status::Conflict, "\"a\"\r\n"), KEPT);
        assert!(error.ends_with(r#"{"detail":"\"a\"\r\n"}"#), "{error}");
    }
}
