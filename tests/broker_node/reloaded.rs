//! What a node does when it is to read its configuration again.

use std::fs;
use std::net::SocketAddr;

use ostler_tests::secure::der;
use ostler_tests::{Certificates, Secure, Version, certificates::Pair};

use crate::program::{Node, Setup};

/// The certificate that whoever connects is shown.
fn shown(node: &Node, what: &str, own: &Pair) -> Vec<u8> {
    let address = SocketAddr::from(([127, 0, 0, 1], node.port(what)));
    let mut talk = Secure::new(Version::Tls13, Some(own)).connect(address);
    talk.shake_hands().unwrap();
    talk.seen()
}

#[test]
fn new_certificates_are_shown_and_keys_that_need_a_restart_are_named() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let [first, second, caller] =
        ["first", "second", "caller"].map(|name| files.signed(name, &authority, 10));
    let (certificate, key) = (files.path("node.pem"), files.path("node.key"));
    let install = |pair: &Pair| {
        fs::copy(&pair.certificate, &certificate).unwrap();
        fs::copy(&pair.key, &key).unwrap();
    };
    let pair = format!("certificate = {:?}\nkey = {:?}\n", certificate.display(), key.display());
    let config = |topic: &str, size: u32| {
        format!(
            "[node]\ntopics = {topic}\naddress = 127.0.0.1\nport = 0\n\
             [broker]\npeer-buffer-size = {size}\n\
             [broker.web-socket]\naddress = 127.0.0.1\nport = 0\n{pair}\
             [broker.ssl]\n{pair}cafile = {:?}\n",
            authority.certificate.display()
        )
    };
    install(&first);
    let mut node = Setup::service(&config("/a", 9)).start();
    let both = |node: &Node| ["peers", "WebSocket clients"].map(|what| shown(node, what, &caller));
    assert_eq!(both(&node), [der(&first), der(&first)]);

    install(&second);
    node.reload(&config("/b", 10));
    let restart = "has changed, which takes effect at the next start only";
    for key in ["[broker] peer-buffer-size", "[node] topics"] {
        node.log().wait(&format!("{key} {restart}"));
    }
    node.log().wait("the configuration was read again");
    assert_eq!(both(&node), [der(&second), der(&second)]);
    let named = node.log().lines().iter().filter(|line| line.contains(restart)).count();
    assert_eq!(named, 2, "{:?}", node.log().lines());

    install(&first);
    fs::write(&key, "no key").unwrap();
    node.reload(&config("/a", 9));
    node.log().wait("the certificates stay as they were");
    assert_eq!(both(&node), [der(&second), der(&second)]);

    node.reload("[node]\nport = many\n");
    node.log().wait("everything stays as it was");
    node.stop();
}
