//! Clients over TLS, which is spoken as with peers.

use std::io::{Read, Write};
use std::net::TcpStream;

use broker::{EndpointOptions, Tls, WebSocketAccess, WebSocketLimits};
use ostler_net::tls::PeerSettings;
use ostler_tests::secure::Talk;
use ostler_tests::websocket::{Client, Node, data_message, request};
use ostler_tests::{Certificates, Secure, Version};

#[test]
fn clients_with_a_certificate_get_bursts_and_long_messages() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let (own, client) =
        (files.signed("node", &authority, 10), files.signed("client", &authority, 10));
    let settings = PeerSettings {
        certificate: own.certificate,
        key: own.key,
        passphrase: None,
        cafile: Some(authority.certificate),
        capath: None,
    };
    let tls = Some(Tls::load(&settings).unwrap());
    let options = EndpointOptions { tls, ..EndpointOptions::default() };
    let node = Node::with(options, WebSocketAccess::default(), WebSocketLimits::default());
    for version in [Version::Tls12, Version::Tls13] {
        let secure = Secure::new(version, Some(&client));
        let connect = |topics: &[&str]| -> Client<Talk<TcpStream>> {
            node.subscribed(secure.connect(node.address()), topics)
        };
        let (mut reader, mut writer) = (connect(&["/in"]), connect(&[]));
        for length in [10, 1200, 20_000, 3 << 20] {
            let text = format!("\"{}\"", "x".repeat(length));
            let count = if length > 100_000 { 3 } else { 200 };
            for _ in 0..count {
                writer.publish("/in/x", "string", &text);
            }
            let sent = data_message("/in/x", "string", &text);
            for _ in 0..count {
                assert!(reader.text() == sent, "{length} bytes over {version:?}");
            }
        }
        let mut stranger = Secure::new(version, None).connect(node.address());
        let asked = stranger.write_all(request("GET", "/v1/messages/json", &[]).as_bytes());
        let answered = asked.and_then(|()| stranger.read_to_end(&mut Vec::new()));
        assert!(answered.is_err(), "{version:?} without a certificate");
    }
}
