//! `bui-monitor` over TLS and on sockets that somebody else opened.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use ostler_tests::binaries::bui_monitor;
use ostler_tests::process::command;
use ostler_tests::wire::{self, PASSWORD};
use ostler_tests::{
    Address, Answer, Certificates, Daemon, FakeBurp, Pair, Process, Secure, Settings, Version,
};
use rustix::process::Signal;
use serde_json::{Value, json};

fn secured(settings: Settings, pair: &Pair) -> Settings {
    settings
        .set("ssl", "true")
        .set("sslcert", pair.certificate.to_str().unwrap())
        .set("sslkey", pair.key.to_str().unwrap())
}

fn port(daemon: &Daemon) -> SocketAddr {
    match daemon.address() {
        Address::Tcp(address) => *address,
        Address::Unix(path) => panic!("{} is no port", path.display()),
    }
}

fn version() -> Value {
    json!({ "func": "monitor_version" })
}

#[test]
fn queries_are_answered_over_tls_and_a_unix_socket_beside_it_stays_plain() {
    let (made, fake) = (Certificates::new(), FakeBurp::new());
    let path = fake.directory().join("socket");
    let settings = secured(fake.settings(), &made.own("server"));
    let daemon = settings.set("bind", &format!("127.0.0.1, unix:{}", path.display())).start();
    let address = port(&daemon);
    for tls in [Version::Tls12, Version::Tls13] {
        let client = Secure::new(tls, None);
        let query = json!({ "query": "c:client1", "cache": false });
        assert_eq!(client.ask(address, &query).json()["clients"][0]["name"], "client1");
    }
    let answer = wire::ask(daemon.address(), &version());
    assert!(matches!(answer, Answer::Closed | Answer::Strange(_)), "{answer:?}");
    assert_eq!(wire::ask(&Address::Unix(path), &version()).text(), "1.1.1");
}

#[test]
fn a_certificate_that_is_wrong_keeps_the_daemon_from_starting() {
    let (made, fake) = (Certificates::new(), FakeBurp::new());
    let shown = made.own("shown");
    fs::write(&shown.certificate, "nothing of use\n").unwrap();
    let output = start_by_hand(&fake, &shown, Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let words = String::from_utf8(output.stderr).unwrap();
    assert!(words.contains("shown.pem holds no certificate"), "{words}");
}

#[test]
fn an_inherited_port_is_used_and_outlives_the_daemon() {
    let (made, fake) = (Certificates::new(), FakeBurp::new());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let pair = made.own("server");
    let client = Secure::new(Version::Tls13, None);
    for _ in 0..2 {
        // Whoever comes before the daemon waits in the kernel.
        let early = client.connect(address);
        let lent = OwnedFd::from(listener.try_clone().unwrap());
        let mut daemon = Process::start(&mut start_by_hand(&fake, &pair, lent.into()));
        assert_eq!(client.ask(address, &version()).text(), "1.1.1");
        drop(early);
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        drop(TcpStream::connect(address).unwrap());
    }
}

#[test]
fn an_inherited_unix_socket_is_used_and_its_file_stays() {
    let (made, fake) = (Certificates::new(), FakeBurp::new());
    let path = fake.directory().join("lent");
    let lent = UnixListener::bind(&path).unwrap();
    let mut start = start_by_hand(&fake, &made.own("server"), OwnedFd::from(lent).into());
    let mut daemon = Process::start(&mut start);
    assert_eq!(wire::ask(&Address::Unix(path.clone()), &version()).text(), "1.1.1");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    assert!(path.exists());
}

/// The daemon with what is its standard input here as an inherited socket, as systemd hands them
/// over: from the third descriptor on, and with its own process number. Nothing is inherited if
/// there is no socket.
fn start_by_hand(fake: &FakeBurp, pair: &Pair, input: Stdio) -> std::process::Command {
    const AS_SYSTEMD: &str = "exec 3<&0 </dev/null; \
        if test -S /dev/fd/3; then export LISTEN_FDS=1 LISTEN_PID=$$; fi; exec \"$@\"";
    let file = fake.directory().join("buimonitor.cfg");
    fs::write(&file, configuration(fake, pair)).unwrap();
    let mut start = command("sh");
    start.args(["-c", AS_SYSTEMD, "sh"]).arg(bui_monitor()).arg("-c").arg(&file).stdin(input);
    start
}

fn configuration(fake: &FakeBurp, pair: &Pair) -> String {
    let show = |path: &Path| path.display().to_string();
    format!(
        "[Global]\nbind = unix:/nowhere/at/all\npassword = {PASSWORD}\npool = 1\n\
         transport = plain\nruntime_dir = {}\nssl = true\nsslcert = {}\nsslkey = {}\n\
         [Burp]\nburpbin = {}\nbconfcli = {}\n",
        show(fake.directory()),
        show(&pair.certificate),
        show(&pair.key),
        show(&fake.program()),
        show(&fake.conf()),
    )
}
