//! The program as a server of WebSocket clients: `websockets` from `PyPI`, as the original's own
//! tests have it.
//!
//! `tests/websocket/run` installs and runs them.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use ostler_tests::Certificates;
use ostler_tests::binaries::workspace;
use ostler_tests::process::Process;
use ostler_tests::websocket::python;

use crate::program::Setup;

/// Runs a part of the clients.
fn run(which: &str, port: u16, certificates: &[&Path]) {
    let mut clients = python();
    clients.arg(workspace().join("tests/broker_node/clients.py")).arg(which);
    clients.arg(port.to_string()).args(certificates).stdin(Stdio::null());
    assert!(Process::start(&mut clients).ended().success(), "see what the client says above");
}

#[test]
fn each_type_goes_there_and_back_and_messages_in_fragments_come_whole() {
    let node = Setup::new("broker { disable-ssl = true }\ntopics = [\"/test\"]\n")
        .variable("BROKER_WEB_SOCKET_PORT", "0/tcp")
        .start();
    for which in ["types", "fragments", "errors"] {
        run(which, node.port("WebSocket clients"), &[]);
    }
    node.stop();
}

#[test]
fn clients_show_a_certificate_where_the_file_of_the_original_says_so() {
    let files = Certificates::new();
    let authority = files.own("authority");
    let [own, client] = ["node", "client"].map(|name| files.signed(name, &authority, 10));
    let encrypted = files.openssl(
        "encrypted.pem",
        &format!("ec -aes256 -passout pass:12345 -in {} -out encrypted.pem", own.key.display()),
    );
    let config = files.path("encrypted.conf");
    let text = format!(
        "broker {{\n  ssl {{\n    cafile = {:?}\n    certificate = {:?}\n    key = {:?}\n    \
         passphrase = \"12345\"\n  }}\n}}\ntopics = [\"/test\"]\n",
        authority.certificate.display(),
        own.certificate.display(),
        encrypted.display()
    );
    fs::write(&config, text).unwrap();
    let node = Setup::new("broker.disable-ssl = true\n")
        .arguments(&["--config-file", config.to_str().unwrap()])
        .variable("BROKER_WEB_SOCKET_PORT", "0/tcp")
        .start();
    let port = node.port("WebSocket clients");
    run("types", port, &[&authority.certificate, &client.certificate, &client.key]);
    run("stranger", port, &[&authority.certificate]);
    node.stop();
}
