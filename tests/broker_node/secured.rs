//! Nodes that speak TLS: with certificates on both sides, as the original does.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use ostler_tests::certificates::Certificates;
use ostler_tests::http::Heard;
use ostler_tests::secure::hello;
use ostler_tests::websocket::{Client, request, stream};
use ostler_tests::{Secure, Version};

use broker::data::Data;
use broker::{Endpoint, EndpointOptions, Topic};

use crate::configured::soon;
use crate::program::Setup;

/// The configuration of a node with a certificate.
fn config(files: &[(&str, &std::path::Path)], more: &str) -> String {
    let lines = files
        .iter()
        .map(|(key, path)| format!("broker.ssl.{key} = {:?}\n", path.display().to_string()));
    format!("topics = [\"/t\"]\n{}{more}", lines.collect::<String>())
}

#[test]
fn nodes_with_certificates_are_peers_also_with_an_encrypted_key() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let (one, other) = (files.signed("one", &authority, 10), files.signed("other", &authority, 10));
    let encrypted = files.openssl(
        "encrypted.pem",
        &format!(
            "pkcs8 -topk8 -v2 aes256 -passout pass:12345 -in {} -out encrypted.pem",
            one.key.display()
        ),
    );
    let cafile = ("cafile", authority.certificate.as_path());
    let first = config(
        &[("certificate", &one.certificate), ("key", &encrypted), cafile],
        "broker.ssl.passphrase = \"12345\"\n",
    );
    // The same on a command line, with the authority in a folder.
    let folder = files.path("authorities");
    fs::create_dir(&folder).unwrap();
    fs::copy(&authority.certificate, folder.join("authority.pem")).unwrap();
    let encrypted_too = files.openssl(
        "encrypted_too.pem",
        &format!(
            "pkcs8 -topk8 -v2 aes256 -passout pass:678 -in {} -out encrypted_too.pem",
            other.key.display()
        ),
    );
    let arguments = [
        format!("--broker.ssl.certificate={}", other.certificate.display()),
        format!("--broker.ssl.key={}", encrypted_too.display()),
        "--broker.ssl.passphrase=678".to_owned(),
        format!("--broker.ssl.capath={}", folder.display()),
    ];
    let arguments = arguments.each_ref().map(String::as_str);
    let answering = Setup::new(&first).arguments(&["-m", "pong", "-p", "0"]).start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", answering.port("peers"));
    let mut asking = Setup::new("topics = [\"/t\"]")
        .arguments(&arguments)
        .arguments(&["-m", "ping", "-n", "3", &peers])
        .start();
    assert_eq!(asking.ended().lines().count(), 3);
    answering.stop();
}

#[test]
fn who_speaks_no_tls_and_whose_certificate_is_of_others_is_told_of() {
    let files = Certificates::new();
    let (authority, stranger) = (files.own("authority"), files.own("stranger"));
    let (one, other) = (files.signed("one", &authority, 10), files.signed("other", &stranger, 10));
    let of = |pair: &ostler_tests::certificates::Pair,
              authority: &ostler_tests::certificates::Pair| {
        config(
            &[
                ("certificate", &pair.certificate),
                ("key", &pair.key),
                ("cafile", &authority.certificate),
            ],
            "",
        )
    };
    let node = Setup::new(&of(&one, &authority)).arguments(&["-p", "0"]).start();
    let peers = format!("--peers=[<tcp://127.0.0.1:{}>]", node.port("peers"));
    let strange = Setup::new(&of(&other, &stranger)).arguments(&[&peers]).start();
    strange.log().wait("certificate");
    strange.stop();
    let plain = Setup::new("broker.disable-ssl = true").arguments(&[&peers]).start();
    plain.log().wait("disable-ssl");
    plain.stop();
    node.stop();
}

#[test]
fn certificates_that_no_authority_makes_up_for_are_told_of_with_what_is_wrong_with_them() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let good = files.signed("good", &authority, 10);
    let of = |pair: &ostler_tests::certificates::Pair| {
        config(
            &[
                ("certificate", &pair.certificate),
                ("key", &pair.key),
                ("cafile", &authority.certificate),
            ],
            "",
        )
    };
    let peers = |port| format!("--peers=[<tcp://127.0.0.1:{port}>]");
    for (wrong, advice) in [
        (&files.of_version_1("old", &authority), "it must be of X.509 version 3"),
        (&authority, "it is an authority's own (CA:TRUE)"),
    ] {
        // Whoever comes with it is told of, and whoever is called and has it.
        let told = Setup::new(&of(&good)).arguments(&["-p", "0"]).start();
        let coming =
            Setup::new(&of(wrong)).arguments(&["-p", "0", &peers(told.port("peers"))]).start();
        told.log().wait(advice);
        let calling = Setup::new(&of(&good)).arguments(&[&peers(coming.port("peers"))]).start();
        calling.log().wait(advice);
        for node in [told, coming, calling] {
            node.stop();
        }
    }
}

#[test]
fn pages_come_over_tls_without_a_certificate_while_peers_speak_none() {
    let files = Certificates::new();
    let pair = files.own("web");
    let encrypted = files.openssl(
        "encrypted.pem",
        &format!(
            "pkcs8 -topk8 -v2 aes256 -passout pass:12345 -in {} -out encrypted.pem",
            pair.key.display()
        ),
    );
    let config = format!(
        "[node]\ntopics = /t\naddress = 127.0.0.1\nport = 0\n[broker]\ndisable-ssl = true\n\
         [broker.web-socket]\naddress = 127.0.0.1\nport = 0\ncertificate = {:?}\nkey = {:?}\n\
         passphrase = 12345\n",
        pair.certificate.display(),
        encrypted.display()
    );
    let node = Setup::service(&config).start();
    let port = node.port("WebSocket clients");
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer("127.0.0.1", node.port("peers"), None, soon()).unwrap();
    let host = format!("127.0.0.1:{port}");
    let own = format!("https://{host}");
    let topic = Topic::new("/t").unwrap();
    assert!(endpoint.await_filter_entry(&topic, soon()));
    for version in [Version::Tls12, Version::Tls13] {
        let secure = Secure::new(version, None);
        let headers = [("Host", host.as_str()), ("Origin", own.as_str())];
        let mut page = Client::over(secure.connect(address), "/v1/messages/json", &headers);
        page.send("[\"/t\"]");
        assert_eq!(page.json()["type"], "ack");
        endpoint.publish(&topic, &Data::Count(7)).unwrap();
        assert_eq!(page.json()["data"], 7);
        let mut foreign = secure.connect(address);
        let headers = [("Host", host.as_str()), ("Origin", "https://example.org")];
        let asked = request("GET", "/v1/messages/json", &headers);
        foreign.write_all(asked.as_bytes()).unwrap();
        assert_eq!(Heard::read(&mut foreign, true).unwrap().status, 403);
    }
    drop(endpoint);
    node.stop();
}

#[test]
fn who_authenticates_nobody_is_told_of_with_the_setting_to_look_at() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let own = files.signed("node", &authority, 10);
    let config = config(
        &[("certificate", &own.certificate), ("key", &own.key), ("cafile", &authority.certificate)],
        "",
    );
    let advice = "where broker.ssl names no certificates, Zeek's Broker speaks only TLS that \
                  authenticates nobody; set broker.disable-ssl on both sides";
    // Whoever comes offers such ciphers only.
    let node = Setup::new(&config).arguments(&["-p", "0"]).start();
    let address = SocketAddr::from(([127, 0, 0, 1], node.port("peers")));
    let mut stranger = stream(address);
    // TLS_ECDH_anon_WITH_AES_256_CBC_SHA
    stranger.write_all(&hello([3, 3], &[[0xc0, 0x19]])).unwrap();
    node.log().wait(advice);
    node.stop();
    // Whoever is called wants such ciphers only: a fatal alert, `handshake_failure`.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let peers = format!("--peers=[<tcp://{}>]", server.local_addr().unwrap());
    let node = Setup::new(&config).arguments(&[&peers]).start();
    let (mut stream, _) = server.accept().unwrap();
    let mut head = [0; 5];
    stream.read_exact(&mut head).unwrap();
    // Bytes left unread would destroy the alert.
    let length = u16::from_be_bytes([head[3], head[4]]);
    stream.read_exact(&mut vec![0; length.into()]).unwrap();
    stream.write_all(&[21, 3, 3, 0, 2, 2, 40]).unwrap();
    drop(stream);
    node.log().wait(advice);
    node.stop();
}
