//! A server of `ostler-http` in this process whose handlers do what their paths say, and a client
//! that sends whatever bytes a test wants.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use ostler_http::{
    Body, Handler, Http, Method, Request, Responder, Response, Router, Status, at_once,
};
use ostler_net::tls::LiveIdentity;
use ostler_net::{
    Address, Closed, Drained, Limits, Link, LinkLimits, Links, Listener, Protocol, Server,
    Statistics, Turn,
};
use ostler_runtime::Deadline;

use crate::wait::{PATIENCE, wait_for};

/// Bytes of the body at `/big`.
pub const BIG_BYTES: usize = 8 << 20;

/// A server on a port of its own, with one connection thread.
pub struct Site {
    server: Server,
    address: SocketAddr,
    late: Receiver<Responder>,
    // Behind the server, whose handler makes links.
    _links: Arc<Links>,
}

impl Site {
    /// Plain, under these limits of `ostler-net` and the default ones of heads.
    pub fn new(limits: Limits) -> Self {
        Self::start(limits, ostler_http::HeadLimits::default(), None)
    }

    /// The same over TLS.
    pub fn secured(identity: Arc<LiveIdentity>, limits: Limits) -> Self {
        Self::start(limits, ostler_http::HeadLimits::default(), Some(identity))
    }

    /// The same with limits of the head.
    pub fn limited(limits: Limits, head: ostler_http::HeadLimits) -> Self {
        Self::start(limits, head, None)
    }

    fn start(
        limits: Limits,
        head: ostler_http::HeadLimits,
        identity: Option<Arc<LiveIdentity>>,
    ) -> Self {
        let address = Address::parse("127.0.0.1", 0).expect("an address");
        let mut listener = Listener::bind(&address).expect("a port").remove(0);
        let address = listener.inet().expect("a port");
        if let Some(identity) = identity {
            listener = listener.secured(identity);
        }
        let (sender, late) = channel();
        let links = Arc::new(Links::start(1, LinkLimits::default()).expect("a thread"));
        let service = Arc::new(Http::new(routes(sender, &links), head));
        let server = Server::start(vec![listener], 1, limits, service).expect("a server");
        Self { server, address, late, _links: links }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that has said nothing yet.
    pub fn connect(&self) -> Caller {
        Caller::new(self.address)
    }

    /// A client that has sent these bytes.
    pub fn send(&self, bytes: impl AsRef<[u8]>) -> Caller {
        let mut caller = self.connect();
        caller.send(bytes);
        caller
    }

    /// What it has counted.
    pub fn statistics(&self) -> Statistics {
        self.server.statistics()
    }

    /// Waits until it has counted `wanted`.
    pub fn counts(&self, what: &str, wanted: impl Fn(&Statistics) -> bool) {
        wait_for(what, || wanted(&self.server.statistics()));
    }

    /// Accepts nobody any more.
    pub fn stop_accepting(&mut self) {
        self.server.stop_accepting();
    }

    /// Lets all come to their end.
    pub fn drain(&mut self) -> Drained {
        self.server.drain(Deadline::after(PATIENCE))
    }

    /// The next request for `/late`, to be answered by the test.
    pub fn late(&self) -> Responder {
        self.late.recv_timeout(PATIENCE).expect("a request for /late")
    }
}

/// Sends back whatever comes.
struct Repeats;

impl Protocol for Repeats {
    fn opened(&mut self, _: &Link) -> Turn {
        Turn::Continue
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        assert!(link.force(&input.into()), "a test sends little");
        (input.len(), Turn::Continue)
    }

    fn tick(&mut self, _: &Link, _: Instant) -> Turn {
        Turn::Continue
    }

    fn closed(&mut self, _: &Link, _: &Closed) {}
}

fn routes(late: Sender<Responder>, links: &Arc<Links>) -> Router {
    let big: Arc<Vec<u8>> = Arc::new(vec![b'7'; BIG_BYTES]);
    let keep = move |_: &Request<'_>, responder: Responder| {
        // A test that has ended does not want it any more.
        let _ = late.send(responder);
    };
    let name = |request: &Request<'_>| {
        let name = request.parameter("name").unwrap_or_default();
        Response::text(Status::Ok, format!("{} {name}", request.method()))
    };
    let last = |_: &Request<'_>, mut responder: Responder| {
        responder.close_after();
        responder.send_here(Response::text(Status::Ok, "the last"));
    };
    let links = Arc::clone(links);
    let repeats = move |request: &Request<'_>, responder: Responder| {
        if !request.asks_for("repeats") {
            return responder.send_here(Response::new(Status::UpgradeRequired));
        }
        let upgraded = responder.upgrade(Response::switching("repeats")).expect("a connection");
        links.adopt(upgraded, Box::new(Repeats)).expect("a link");
    };
    let routes: [(Method, &str, Box<dyn Handler>); 15] = [
        (Method::Get, "/", Box::new(at_once(|_| Response::text(Status::Ok, "hello")))),
        (Method::Post, "/echo", Box::new(at_once(echo))),
        (Method::Put, "/echo", Box::new(at_once(echo))),
        (Method::Get, "/things/{name}", Box::new(at_once(name))),
        (Method::Put, "/things/{name}", Box::new(at_once(name))),
        (Method::Patch, "/things/{name}", Box::new(at_once(name))),
        (Method::Delete, "/things/{name}", Box::new(at_once(name))),
        (Method::Get, "/late", Box::new(keep)),
        (Method::Get, "/repeats", Box::new(repeats)),
        (Method::Get, "/big", Box::new(at_once(move |_| text(Body::from(Arc::clone(&big)))))),
        (Method::Get, "/last", Box::new(last)),
        (Method::Get, "/drop", Box::new(|_: &Request<'_>, responder: Responder| drop(responder))),
        (Method::Get, "/panic", Box::new(at_once(|_| panic!("as told")))),
        (Method::Get, "/none", Box::new(at_once(|_| Response::text(Status::NoContent, "no")))),
        (Method::Get, "/same", Box::new(at_once(|_| Response::text(Status::NotModified, "no")))),
    ];
    routes.into_iter().fold(Router::new(), |router, (method, pattern, handler)| {
        router.route(method, pattern, handler).expect("a route")
    })
}

fn text(body: Body) -> Response {
    Response::with_body(Status::Ok, "text/plain", body)
}

/// Answers with the body, and tells the rest in headers.
fn echo(request: &Request<'_>) -> Response {
    Response::with_body(Status::Created, "text/plain", request.body().to_vec())
        .header("X-Method", request.method().as_str())
        .header("X-Query", request.query().as_str())
        .header("X-Echo", request.header("x-echo").unwrap_or_default())
}

/// A client's connection, under [`PATIENCE`].
pub struct Caller(TcpStream);

/// Asks a status listener under names and addresses: those of this machine are right, and others
/// are answered only with `others`.
pub fn ask_under_names(address: SocketAddr, path: &str, others: u16) {
    let port = address.port();
    let own = ["localhost".to_owned(), format!("LocalHost:{port}"), format!("127.0.0.1:{port}")];
    let others_names = ["evil.example".to_owned(), format!("127.0.0.1.evil.example:{port}")];
    let expected = own.iter().map(|name| (name, 200));
    for (name, status) in expected.chain(others_names.iter().map(|name| (name, others))) {
        let mut caller = Caller::new(address);
        caller.send(format!("GET {path} HTTP/1.1\r\nHost: {name}\r\n\r\n"));
        let heard = caller.one();
        assert_eq!(heard.status, status, "{name} {path}");
        assert!(status == 200 || !heard.text().contains("version"), "{}", heard.text());
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The status.
    pub status: u16,
    /// The lines behind the first, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Caller {
    /// Connects.
    pub fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a connection");
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        Self(stream)
    }

    /// Sends these bytes.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).expect("to send");
    }

    /// Sends these bytes, of which the server may not want all.
    pub fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref());
    }

    /// The next answer, which has a body if its head says so.
    pub fn one(&mut self) -> Heard {
        Heard::read(&mut self.0, true).expect("an answer")
    }

    /// The next answer, which is one to `HEAD`.
    pub fn head(&mut self) -> Heard {
        Heard::read(&mut self.0, false).expect("an answer")
    }

    /// The next answer, which must be the last, and the end of the connection in order.
    pub fn last(&mut self) -> Heard {
        let heard = self.one();
        assert_eq!(self.0.read(&mut [0; 1]).expect("an end in order"), 0, "more than an answer");
        heard
    }

    /// Whether the connection ends without a byte more, by whatever way.
    pub fn is_closed(&mut self) -> bool {
        match self.0.read(&mut [0; 1]) {
            Ok(count) => count == 0,
            Err(error) => error.kind() == io::ErrorKind::ConnectionReset,
        }
    }

    /// What lies below.
    pub fn stream(&mut self) -> &mut TcpStream {
        &mut self.0
    }
}

impl Heard {
    /// Reads one answer.
    pub fn read(stream: &mut impl Read, with_body: bool) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.extend_from_slice(&byte);
        }
        let head = String::from_utf8(head).expect("UTF-8");
        let mut lines = head.trim_end().split("\r\n");
        let first = lines.next().expect("a first line");
        let status = first.strip_prefix("HTTP/1.1 ").expect("a status")[..3].parse();
        let headers = lines.map(|line| {
            let (name, value) = line.split_once(": ").expect("a header");
            (name.to_owned(), value.to_owned())
        });
        let mut answer =
            Self { status: status.expect("a number"), headers: headers.collect(), body: vec![] };
        if with_body {
            let length = answer.header("Content-Length");
            answer.body = vec![0; length.map_or(0, |text| text.parse().expect("a length"))];
            stream.read_exact(&mut answer.body)?;
        }
        Ok(answer)
    }

    /// The only header called so.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(found.next().is_none(), "{name} stands twice in {self:?}");
        value
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    /// The body as text.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }
}
