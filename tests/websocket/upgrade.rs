//! From a request to a WebSocket: what is refused, and how it is told.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use broker::data::Data;
use broker::{EndpointOptions, QueueLimits, Topic, WebSocketAccess, WebSocketLimits};
use ostler_http::foreign::OwnNames;
use ostler_net::LinkLimits;
use ostler_runtime::Deadline;
use ostler_runtime::secret::Secret;
use ostler_tests::http::Caller;
use ostler_tests::websocket::{Client, Node, request, stream};
use ostler_tests::{Heard, PATIENCE, wait_for};

const PATH: &str = "/v1/messages/json";

fn ask(node: &Node, request: &str) -> Heard {
    let mut caller = Caller::new(node.address());
    caller.send(request);
    caller.one()
}

fn upgraded(node: &Node, headers: &[(&str, &str)]) -> Heard {
    ask(node, &request("GET", PATH, headers))
}

#[test]
fn a_request_becomes_a_websocket_or_is_told_why_not() {
    let node = Node::new(WebSocketLimits::default());
    let path = r#"caf::sec::invalid_argument("invalid path; try /v1/messages/json")"#;
    let key = "Mandatory field Sec-WebSocket-Key missing or invalid.";
    let handshake = "Expected a WebSocket handshake.";
    for (method, target, headers, status, words) in [
        ("GET", "/v1/messages/zeek", &[][..], 400, path),
        ("GET", "/", &[], 400, path),
        ("GET", "/v1/messages/json/", &[], 400, path),
        ("POST", PATH, &[], 400, handshake),
        ("GET", PATH, &[("Sec-WebSocket-Key", "")], 400, key),
        ("GET", PATH, &[("Sec-WebSocket-Key", "short")], 400, key),
        ("GET", PATH, &[("Upgrade", "")], 426, handshake),
        ("GET", PATH, &[("Upgrade", "h2c")], 426, handshake),
        ("GET", PATH, &[("Connection", "keep-alive")], 426, handshake),
        ("GET", PATH, &[("X-Application-Name", "a b")], 400, "X-Application-Name"),
        ("GET", PATH, &[("Sec-WebSocket-Version", "8")], 426, "Only version 13"),
        ("GET", PATH, &[("X", &"x".repeat(20_000))], 431, "too long"),
    ] {
        let heard = ask(&node, &request(method, target, headers));
        assert_eq!(heard.status, status, "{method} {target} {headers:?}");
        assert!(heard.text().contains(words), "{}", heard.text());
        assert_eq!(heard.header("Connection"), Some("close"));
    }
    let old = upgraded(&node, &[("Sec-WebSocket-Version", "8")]);
    assert_eq!(old.header("Sec-WebSocket-Version"), Some("13"));
    for (target, headers) in [
        (PATH, &[][..]),
        ("/v1/messages/json?x=1", &[]),
        (PATH, &[("Upgrade", "WebSocket"), ("Connection", "upgrade")]),
        (PATH, &[("X-Application-Name", "zeek-client/1.5_0@host:*=a.b")]),
        (PATH, &[("Sec-WebSocket-Extensions", "permessage-deflate")]),
        (PATH, &[("Sec-WebSocket-Protocol", "foo")]),
    ] {
        let heard = ask(&node, &request("GET", target, headers));
        assert_eq!((heard.status, heard.text()), (101, ""), "{target} {headers:?}");
        let accepted = ["Upgrade", "Connection", "Sec-WebSocket-Accept"];
        let accepted = accepted.map(|name| heard.header(name).unwrap());
        assert_eq!(accepted, ["websocket", "Upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
        let declined = ["Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"];
        assert_eq!(declined.map(|name| heard.header(name)), [None, None]);
    }
}

#[test]
fn what_follows_the_request_at_once_is_not_lost() {
    let node = Node::new(WebSocketLimits::default());
    let mut caller = Caller::new(node.address());
    // A masked `[]`, whose mask is zero.
    let frame = b"\x81\x82\0\0\0\0[]";
    caller.send([request("GET", PATH, &[]).as_bytes(), frame].concat());
    assert_eq!(caller.one().status, 101);
    let mut head = [0; 14];
    std::io::Read::read_exact(caller.stream(), &mut head).unwrap();
    assert_eq!(&head[2..], br#"{"type":"ack"#);
}

#[test]
fn pages_of_another_origin_stay_outside() {
    let node = Node::new(WebSocketLimits::default());
    let port = node.address().port();
    let host = format!("127.0.0.1:{port}");
    let own = format!("http://{host}");
    for (headers, status) in [
        (&[("Host", &*host), ("Origin", &*own)][..], 101),
        (&[("Host", &host), ("Origin", "http://evil.example")], 403),
        (&[("Host", &host), ("Origin", "null")], 403),
        (&[("Host", &host), ("Origin", &own), ("Sec-Fetch-Site", "same-origin")], 101),
        (&[("Host", &host), ("Origin", &own), ("Sec-Fetch-Site", "cross-site")], 403),
        // A name that somebody else may have made lead here.
        (&[("Host", "evil.example"), ("Origin", "http://evil.example")], 403),
    ] {
        assert_eq!(upgraded(&node, headers).status, status, "{headers:?}");
    }
    let access = WebSocketAccess {
        origins: vec!["https://dashboard.example".to_owned()],
        names: OwnNames::new(["broker.example"]),
        token: None,
    };
    let node = Node::with(EndpointOptions::default(), access, WebSocketLimits::default());
    let evil = "http://evil.example";
    for (headers, status) in [
        (&[("Origin", "https://dashboard.example")][..], 101),
        (&[("Origin", "https://dashboard.example"), ("Sec-Fetch-Site", "cross-site")], 101),
        (&[("Origin", "http://dashboard.example")], 403),
        (&[("Host", "broker.example"), ("Origin", "https://broker.example")], 101),
        (&[("Host", "evil.example"), ("Origin", evil)], 403),
        // No browser.
        (&[("Host", "evil.example")], 101),
    ] {
        assert_eq!(upgraded(&node, headers).status, status, "{headers:?}");
    }
    let access = WebSocketAccess { origins: vec!["*".to_owned()], ..WebSocketAccess::default() };
    let node = Node::with(EndpointOptions::default(), access, WebSocketLimits::default());
    assert_eq!(upgraded(&node, &[("Origin", evil)]).status, 101);
}

#[test]
fn a_token_opens_the_door_in_a_header_or_among_the_subprotocols() {
    let access =
        WebSocketAccess { token: Some(Secret::new(b"s3cret/+")), ..WebSocketAccess::default() };
    let node = Node::with(EndpointOptions::default(), access, WebSocketLimits::default());
    let offer =
        |token: &[u8]| format!("v1.messages.json, bearer.{}", URL_SAFE_NO_PAD.encode(token));
    let (right, wrong) = (offer(b"s3cret/+"), offer(b"guess"));
    for (headers, status) in [
        (&[("Authorization", "Bearer s3cret/+")][..], 101),
        (&[("Authorization", "bearer  s3cret/+")], 101),
        (&[("Sec-WebSocket-Protocol", &*right)], 101),
        (&[], 401),
        (&[("Authorization", "Bearer guess")], 401),
        (&[("Authorization", "Basic czNjcmV0Lys=")], 401),
        (&[("Authorization", "Bearer guess"), ("Sec-WebSocket-Protocol", &right)], 401),
        (&[("Sec-WebSocket-Protocol", &wrong)], 401),
        (&[("Sec-WebSocket-Protocol", "bearer.???")], 401),
    ] {
        let heard = upgraded(&node, headers);
        assert_eq!(heard.status, status, "{headers:?}");
        let challenge = heard.header("WWW-Authenticate").map(|value| &value[..6]);
        assert_eq!(challenge, (status == 401).then_some("Bearer"));
    }
    let heard = upgraded(&node, &[("Sec-WebSocket-Protocol", &*right)]);
    assert_eq!(heard.header("Sec-WebSocket-Protocol"), Some("v1.messages.json"));
    assert!(!format!("{heard:?}").contains("bearer"), "the token comes back");
}

#[test]
fn so_many_clients_may_come_and_one_more_once_one_has_gone() {
    let node = Node::new(WebSocketLimits { max_clients: 2, ..WebSocketLimits::default() });
    let (first, _second) = (node.client(&[]), node.client(&[]));
    let heard = upgraded(&node, &[]);
    assert_eq!((heard.status, heard.text()), (503, "There are too many clients."));
    drop(first);
    wait_for("a place", || upgraded(&node, &[]).status == 101);
}

#[test]
fn a_client_that_has_gone_leaves_its_place_though_nobody_takes_what_it_has_said() {
    let links = LinkLimits { stall: Duration::from_millis(1), ..LinkLimits::default() };
    let subscriber_buffer = QueueLimits { items: 4, ..QueueLimits::default() };
    let options = EndpointOptions { links, subscriber_buffer, ..EndpointOptions::default() };
    let limits = WebSocketLimits { max_clients: 1, ..WebSocketLimits::default() };
    let node = Node::with(options, WebSocketAccess::default(), limits);
    let mut subscriber = node.endpoint().subscribe([Topic::new("/x").unwrap()]);
    let mut writer = node.client(&[]);
    for number in 0..100 {
        writer.publish("/x", "count", &number.to_string());
    }
    drop(writer);
    wait_for("a place", || upgraded(&node, &[]).status == 101);
    assert_eq!(subscriber.get_before(Deadline::after(PATIENCE)).unwrap().data, Data::Count(0));
}

#[test]
fn clients_leave_the_servers_places_to_others() {
    let node = Node::new(WebSocketLimits { max_clients: 1000, ..WebSocketLimits::default() });
    // More than the HTTP server has places.
    let mut clients: Vec<_> = (0..300).map(|_| node.client(&["/x"])).collect();
    let mut one = Client::over(stream(node.address()), PATH, &[]);
    one.send("[]");
    assert_eq!(one.json()["type"], "ack");
    one.publish("/x", "count", "1");
    for client in &mut clients {
        assert_eq!(client.json()["data"], 1);
    }
}
