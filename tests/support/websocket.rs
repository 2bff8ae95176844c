//! An endpoint in this process that listens for WebSocket clients, and a client of its own kind: the
//! handshake by hand, the frames by tungstenite.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use broker::{Endpoint, EndpointOptions, WebSocketAccess, WebSocketLimits};
use ostler_net::Address;
use ostler_runtime::environment::variable;
use serde_json::{Value, json};
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

use crate::http::Heard;
use crate::process::command;
use crate::wait::PATIENCE;

/// How long it takes to believe that nothing comes.
const SILENCE: Duration = Duration::from_millis(300);

/// An endpoint with a port for WebSocket clients.
pub struct Node {
    endpoint: Endpoint,
    address: SocketAddr,
}

impl Node {
    /// One that lets everybody in.
    pub fn new(limits: WebSocketLimits) -> Self {
        Self::with(EndpointOptions::default(), WebSocketAccess::default(), limits)
    }

    /// One with these options and rules.
    pub fn with(
        options: EndpointOptions,
        access: WebSocketAccess,
        limits: WebSocketLimits,
    ) -> Self {
        let endpoint = Endpoint::new(options).expect("an endpoint");
        let any = Address::parse("127.0.0.1", 0).expect("an address");
        let ports = endpoint.web_socket_listen(&any, access, limits).expect("a port");
        let address = SocketAddr::from(([127, 0, 0, 1], ports[0]));
        Self { endpoint, address }
    }

    /// The endpoint itself.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The endpoint alone.
    pub fn into_endpoint(self) -> Endpoint {
        self.endpoint
    }

    /// Where WebSocket clients connect to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that has subscribed to `topics` and was acknowledged.
    pub fn client(&self, topics: &[&str]) -> Client<TcpStream> {
        self.subscribed(stream(self.address), topics)
    }

    /// The same over a connection that stands already.
    pub fn subscribed<S: Read + Write>(&self, stream: S, topics: &[&str]) -> Client<S> {
        let mut client = Client::over(stream, "/v1/messages/json", &[]);
        client.send(&json!(topics).to_string());
        let ack = client.json();
        assert_eq!(ack["type"], "ack");
        assert_eq!(ack["endpoint"], self.endpoint.id().to_string());
        client
    }
}

/// A connection that reads and writes with patience.
pub fn stream(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    stream.set_write_timeout(Some(PATIENCE)).expect("an option");
    stream
}

/// A request for a WebSocket, with these headers in place of, or beside, the usual ones; an empty
/// value leaves a header out.
pub fn request(method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    let usual = [
        ("Host", "localhost"),
        ("Upgrade", "websocket"),
        ("Connection", "keep-alive, Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let is_said = |name: &str| headers.iter().any(|(other, _)| *other == name);
    let kept = usual.iter().filter(|(name, _)| !is_said(name));
    let said = headers.iter().filter(|(_, value)| !value.is_empty());
    let lines = kept.chain(said).map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("{method} {target} HTTP/1.1\r\n{}\r\n", lines.collect::<String>())
}

/// A WebSocket.
pub struct Client<S: Read + Write>(WebSocket<S>);

impl<S: Read + Write> Client<S> {
    /// Shakes hands over `stream`.
    pub fn over(mut stream: S, target: &str, headers: &[(&str, &str)]) -> Self {
        let request = request("GET", target, headers);
        stream.write_all(request.as_bytes()).expect("to send");
        let heard = Heard::read(&mut stream, true).expect("an answer");
        assert_eq!(heard.status, 101, "{}", heard.text());
        assert_eq!(heard.header("Sec-WebSocket-Accept"), Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
        let config = WebSocketConfig::default().max_frame_size(None);
        Self(WebSocket::from_raw_socket(stream, Role::Client, Some(config)))
    }

    /// Sends a text.
    pub fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).expect("to send");
    }

    /// Sends whatever message.
    pub fn send_message(&mut self, message: Message) {
        self.0.send(message).expect("to send");
    }

    /// Publishes a value that is JSON already.
    pub fn publish(&mut self, topic: &str, data_type: &str, data: &str) {
        self.send(&data_message(topic, data_type, data));
    }

    /// The next text.
    pub fn text(&mut self) -> String {
        loop {
            match self.0.read().expect("a message") {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) => {}
                other => panic!("{other:?} instead of a text"),
            }
        }
    }

    /// The next text, which is JSON.
    pub fn json(&mut self) -> Value {
        serde_json::from_str(&self.text()).expect("JSON")
    }

    /// The next message, of whatever kind.
    pub fn message(&mut self) -> Message {
        self.0.read().expect("a message")
    }

    /// The close frame, which must be the next to come, and the end of the connection behind it.
    pub fn closed(&mut self) -> CloseFrame {
        let frame = match self.0.read() {
            Ok(Message::Close(Some(frame))) => frame,
            other => panic!("{other:?} instead of a close frame"),
        };
        match self.0.read() {
            Err(Error::ConnectionClosed) => frame,
            // Whoever closes first may have no ear for the answer.
            Err(Error::Io(error)) if error.kind() == ErrorKind::ConnectionReset => frame,
            other => panic!("{other:?} instead of the end"),
        }
    }

    /// What lies below.
    pub fn stream(&mut self) -> &mut S {
        self.0.get_mut()
    }
}

impl Client<TcpStream> {
    /// Checks that nothing comes for a moment.
    pub fn hears_nothing(&mut self) {
        self.stream().set_read_timeout(Some(SILENCE)).expect("an option");
        match self.0.read() {
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {}
            other => panic!("{other:?} instead of silence"),
        }
        self.stream().set_read_timeout(Some(PATIENCE)).expect("an option");
    }
}

/// A data message with a value that is JSON already.
pub fn data_message(topic: &str, data_type: &str, data: &str) -> String {
    let topic = json!(topic);
    format!(r#"{{"type":"data-message","topic":{topic},"@data-type":"{data_type}","data":{data}}}"#)
}

/// The Python that has the clients of others.
pub fn python() -> Command {
    command(variable("BROKER_CLIENTS").expect("BROKER_CLIENTS: see tests/websocket/run"))
}
