//! A WebSocket client that hears events.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use ostler_tests::Daemon;
use ostler_tests::websocket::{Client, stream};
use serde_json::{Value, json};

/// An event as a client hears it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Heard {
    pub(crate) topic: String,
    pub(crate) name: String,
    /// The arguments' data, without their types.
    pub(crate) arguments: Vec<Value>,
    /// The types of the arguments.
    pub(crate) types: Vec<String>,
    /// When it happened, as a client reads it.
    pub(crate) time: String,
}

/// The port that a daemon says that it has for these.
pub(crate) fn port(daemon: &Daemon, what: &str) -> u16 {
    port_in(&daemon.wait_log(&format!("waiting for {what}")))
}

/// The port at the end of a line of the log.
pub(crate) fn port_in(line: &str) -> u16 {
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// Where a daemon waits for WebSocket clients.
pub(crate) fn address(daemon: &Daemon) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port(daemon, "WebSocket clients")))
}

/// A client that has subscribed.
pub(crate) fn listen(at: SocketAddr, topics: &[&str]) -> Client<TcpStream> {
    listen_with(at, topics, &[])
}

/// The same with these headers.
pub(crate) fn listen_with(
    at: SocketAddr,
    topics: &[&str],
    headers: &[(&str, &str)],
) -> Client<TcpStream> {
    subscribed(Client::over(stream(at), "/v1/messages/json", headers), topics)
}

/// Has a client subscribe.
pub(crate) fn subscribed<S: Read + Write>(mut client: Client<S>, topics: &[&str]) -> Client<S> {
    client.send(&json!(topics).to_string());
    assert_eq!(client.json()["type"], "ack");
    client
}

/// Waits until a client that came late was told how the only client of burp is, and checks that.
pub(crate) fn greeted<S: Read + Write>(client: &mut Client<S>, state: &str) {
    let Heard { name, arguments, .. } = next(client);
    assert_eq!(name, "Burp::client_state");
    assert_eq!(arguments[1..].to_vec(), ["client1", state, state, ""].map(Value::from));
}

/// The next event.
pub(crate) fn next<S: Read + Write>(client: &mut Client<S>) -> Heard {
    let message = client.json();
    assert_eq!(message["type"], "data-message", "{message}");
    let fields = &message["data"];
    assert_eq!((&fields[0]["data"], &fields[1]["data"]), (&json!(1), &json!(1)), "{message}");
    let event = &fields[2]["data"];
    let arguments = event[1]["data"].as_array().unwrap();
    Heard {
        topic: message["topic"].as_str().unwrap().to_owned(),
        name: event[0]["data"].as_str().unwrap().to_owned(),
        arguments: arguments.iter().map(|argument| argument["data"].clone()).collect(),
        types: arguments.iter().map(|it| it["@data-type"].as_str().unwrap().to_owned()).collect(),
        time: event[2]["data"][0]["data"][1]["data"].as_str().unwrap().to_owned(),
    }
}
