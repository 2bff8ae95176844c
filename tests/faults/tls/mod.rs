//! T: TLS.

mod handshakes;
mod identities;
pub(crate) mod rate;
mod records;

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use ostler_tests::secure::Talk;
use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{Answer, Certificates, Daemon, FakeBurp, Pair, Settings};
use serde_json::{Value, json};

/// The pool of the standard set-up.
const POOL: u64 = 3;

/// The standard set-up behind TLS, and on a plain Unix socket beside it, which is where it is
/// asked for its own state.
struct Rig {
    daemon: Daemon,
    /// Where it speaks TLS.
    port: SocketAddr,
    burp: FakeBurp,
}

impl Rig {
    /// Shows this certificate, with settings that are changed so.
    fn new(pair: &Pair, change: impl FnOnce(Settings) -> Settings) -> Self {
        let burp = FakeBurp::new();
        let bind = format!("unix:{}, 127.0.0.1", burp.directory().join("plain").display());
        let standard = burp.settings().set("pool", "3").set("threads", "16");
        let standard = standard.set("bind", &bind).set("ssl", "true");
        let standard = standard.set("sslcert", pair.certificate.to_str().unwrap());
        let daemon = change(standard.set("sslkey", pair.key.to_str().unwrap())).start();
        daemon.wait_ready(POOL);
        let line = daemon.wait_log("listening on 127.0.0.1:");
        let port = line.rsplit_once(' ').unwrap().1.parse().unwrap();
        Self { daemon, port, burp }
    }

    /// How many connections the daemon reports that this happened to.
    fn counted(&self, what: &str) -> u64 {
        let status = self.daemon.status();
        status["connections"][what].as_u64().unwrap_or_else(|| panic!("{what}: {status}"))
    }

    /// Whether any child was asked since the controller forgot.
    fn asked(&mut self) -> bool {
        self.burp.untaken().iter().any(|event| matches!(event, ostler_tests::Event::Asked(..)))
    }
}

/// One that shows a certificate of its own.
fn usual() -> (Certificates, Rig) {
    let made = Certificates::new();
    let rig = Rig::new(&made.own("server"), |settings| settings);
    (made, rig)
}

/// A request with the password, in its frame.
fn request(fields: &Value) -> Vec<u8> {
    let mut fields = fields.clone();
    fields["password"] = PASSWORD.into();
    frame(fields.to_string().as_bytes())
}

fn version() -> Vec<u8> {
    request(&json!({ "func": "monitor_version" }))
}

/// Sends `bytes` and reads the answer and the end of the connection, which must be in order.
fn ask<S: Read + Write>(talk: &mut Talk<S>, bytes: &[u8]) -> io::Result<Answer> {
    talk.write_all(bytes)?;
    let mut all = Vec::new();
    talk.read_to_end(&mut all)?;
    Ok(Answer::parse(&all))
}
