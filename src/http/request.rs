//! What a handler is given of a request.

use matchit::Params;
use ostler_net::Peer;

use crate::head::Head;
use crate::{Method, Query};

/// A whole request. It borrows from the connection's buffer: who answers later keeps copies of what
/// is needed.
#[derive(Debug)]
pub struct Request<'a> {
    pub(crate) head: &'a Head<'a>,
    /// `None` until a router has matched the path.
    pub(crate) parameters: Option<Params<'a, 'a>>,
    pub(crate) body: &'a [u8],
    pub(crate) peer: Peer,
    pub(crate) secured: bool,
}

impl Request<'_> {
    /// Its method.
    pub fn method(&self) -> Method {
        self.head.method
    }

    /// The decoded path, without control characters. An encoded slash is one like any other, and
    /// dots mean nothing.
    pub fn path(&self) -> &str {
        &self.head.path
    }

    /// What the pattern of the [`Router`](crate::Router)'s route calls `name`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.as_ref().and_then(|parameters| parameters.get(name))
    }

    /// The query.
    pub fn query(&self) -> Query<'_> {
        Query::new(self.head.query)
    }

    /// The value of the first header called `name`, in letters of whatever case, if it is UTF-8.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        let value =
            headers.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value));
        value.and_then(|value| std::str::from_utf8(value).ok())
    }

    /// All headers in their order, as they came.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.head.headers.iter().map(|header| (header.name, header.value))
    }

    /// Whether the client offers to go on in `protocol` behind this request.
    pub fn asks_for(&self, protocol: &str) -> bool {
        self.head.asks_for(protocol)
    }

    /// The body, without its chunks.
    pub fn body(&self) -> &[u8] {
        self.body
    }

    /// Who asked.
    pub fn peer(&self) -> Peer {
        self.peer
    }

    /// Whether it came over TLS.
    pub fn is_secured(&self) -> bool {
        self.secured
    }
}
