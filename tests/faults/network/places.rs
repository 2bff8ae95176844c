//! Where the daemon listens, and where it cannot.

use std::fs;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use ostler_tests::binaries::bui_monitor;
use ostler_tests::process::{command, unprivileged};
use ostler_tests::wire;
use ostler_tests::{Address, Daemon, Event, FakeBurp, Fault, Process, Settings};

use super::{POOL, standard};

/// Asks there for what only a child knows.
fn serves(place: &Address) {
    let answer = wire::query(place, "c:client1");
    assert_eq!(answer.json()["clients"][0]["name"], "client1", "{place:?}");
}

/// The daemon on a socket that somebody else has opened, as systemd hands it over: from the third
/// descriptor on, and with its own process number.
fn activated(file: &Path, socket: OwnedFd) -> Process {
    const AS_SYSTEMD: &str = "exec 3<&0 </dev/null; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"";
    let mut start = command("sh");
    start.args(["-c", AS_SYSTEMD, "sh"]).arg(bui_monitor()).arg("-c").arg(file);
    // Its log is not asked for.
    Process::start(start.stdin(Stdio::from(socket)).stderr(Stdio::null()))
}

#[test]
fn n14_every_kind_of_socket_is_served_and_one_that_cannot_be_had_is_named() {
    let burp = FakeBurp::new();
    let path = burp.directory().join("socket");
    let unix = format!("unix:{}", path.display());
    let mut fault = Fault::begin("N14");
    // Where this machine has both families.
    let both = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok();
    let six = if both { ", ::1, ::ffff:127.0.0.1" } else { "" };
    let settings = standard(&burp).set("bind", &format!("{unix}, 127.0.0.1{six}"));
    let daemon = settings.start();
    daemon.wait_ready(POOL);
    let listening = |start: &str| {
        let line = daemon.wait_log(&format!("listening on {start}"));
        line.rsplit_once(' ').unwrap().1.parse::<SocketAddr>().unwrap()
    };
    serves(&Address::Unix(path));
    let four = listening("127.0.0.1:");
    serves(&Address::Tcp(four));
    fault.saw("Unix and IPv4 served");
    if both {
        serves(&Address::Tcp(listening("[::1]:")));
        let mapped = listening("[::ffff:127.0.0.1]:");
        // What is mapped is IPv4, from either side.
        serves(&Address::Tcp(mapped));
        serves(&Address::Tcp((Ipv4Addr::LOCALHOST, mapped.port()).into()));
        serves(&Address::Tcp((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), four.port()).into()));
        fault.saw("IPv6 and v4-mapped served");
    } else {
        fault.explain("this machine has no IPv6");
    }

    let lent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let place = Address::Tcp(lent.local_addr().unwrap());
    let _inet = activated(&daemon.file(), lent.into());
    serves(&place);
    let path = burp.directory().join("lent");
    let _unix = activated(&daemon.file(), UnixListener::bind(&path).unwrap().into());
    serves(&Address::Unix(path));
    fault.saw("inherited sockets of both kinds served");

    // Set aside for documentation, so nobody has it.
    let mut nowhere = standard(&burp).set("bind", "192.0.2.1").launch();
    assert_eq!(nowhere.ended().code(), Some(69));
    nowhere.wait_log("cannot listen on 192.0.2.1");
    fault.saw("an address of another machine: 69, and named");
}

/// It ends with this code and one line that has `words` in it.
fn ends(fault: &mut Fault, what: &str, settings: Settings, code: i32, words: &str) {
    fault.injected();
    let mut daemon: Daemon = settings.arguments(["-v"]).launch();
    let ended = daemon.ended();
    fault.within(&format!("{what}: {code}"), fault.elapsed(), 1.0);
    daemon.wait_log(words);
    // Warnings about the configuration are another matter.
    assert_eq!((ended.code(), daemon.logged(" ERROR ")), (Some(code), 1), "{:?}", daemon.log());
}

#[test]
fn n15_a_port_that_cannot_be_had_is_told_in_one_line() {
    let mut burp = FakeBurp::new();
    // Not to be measured.
    bui_monitor();
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut fault = Fault::begin("N15");
    let place = format!("cannot listen on 127.0.0.1:{port}");
    ends(&mut fault, "in use", standard(&burp).set("port", &port), 69, &place);
    let first = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if first.trim().parse::<u16>().is_ok_and(|first| first > 7) {
        let settings = standard(&burp).through(|daemon| unprivileged(daemon)).set("port", "7");
        ends(&mut fault, "privileged", settings, 77, "cannot listen on 127.0.0.1:7");
    } else {
        // As in some containers.
        fault.explain("every port is everybody's here");
    }
    let started = burp.untaken().iter().any(|event| matches!(event, Event::Asked(..)));
    assert!(!started, "a child was started");
}
