//! With the socket unit, systemd listens and starts the daemon.

use std::collections::HashSet;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;

use ostler_tests::installed::SERVICE;
use ostler_tests::process::{kill, wait_gone};
use ostler_tests::wire::{PASSWORD, ask, frame, query};
use ostler_tests::{Address, Installed, Kind, PrivateBurp, Wire, wait_for};
use rustix::process::Signal;
use serde_json::json;

use crate::installed;

const SOCKET: &str = "bui-monitor.socket";
const FILE: &str = "/run/bui-monitor.sock";

/// Has systemd listen on a Unix socket, as the unit proposes, and on a loopback address that no other
/// test has in place of the unit's, which a daemon of this machine may have.
fn listen(service: &Installed, last: u8) -> [Address; 2] {
    let place = SocketAddr::from(([127, 70, 70, last], 11111));
    let places = format!("ListenStream=\nListenStream={place}\nListenStream={FILE}\n");
    service.unit("bui-monitor.socket.d/places.conf", &format!("[Socket]\n{places}"));
    service.succeed(&["start", SOCKET]);
    [Address::Tcp(place), Address::Unix(service.path(FILE))]
}

/// How many sockets the daemon and systemd both have.
fn shared(service: &Installed) -> usize {
    let sockets = |pid: u32| -> HashSet<PathBuf> {
        let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        let links = open.filter_map(|descriptor| fs::read_link(descriptor.path()).ok());
        links.filter(|link| link.to_string_lossy().starts_with("socket:")).collect()
    };
    let systemd = sockets(service.systemd().pid());
    service.daemon().map_or(0, |daemon| systemd.intersection(&sockets(daemon)).count())
}

#[test]
fn the_first_connection_starts_it_and_it_listens_nowhere_else() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    let places = listen(&service, 1);
    assert_eq!(service.property("ActiveState"), "inactive");
    for place in &places {
        assert_eq!(query(place, "c:client1").status(), "OK", "{place:?}");
    }
    // It may answer before systemd has read that it is ready.
    wait_for("it is ready", || service.property("ActiveState") == "active");
    // What the configuration names is passed over.
    assert!(!service.path("/run/bui-monitor/socket").exists());
    let file = service.path(FILE).metadata().unwrap();
    assert_eq!((file.permissions().mode() & 0o777, file.gid()), (0o660, service.group()));
    service.succeed(&["stop", SOCKET, SERVICE]);
    assert!(!service.path(FILE).exists());
}

#[test]
fn who_comes_while_it_is_restarted_is_answered_by_the_next() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    let [place, _] = listen(&service, 2);
    assert_eq!(query(&place, "c:client1").status(), "OK");
    let (first, children) = (service.daemon(), service.children());
    assert_eq!(shared(&service), 2);
    // A query in flight holds up the end of the first.
    let request = json!({ "query": "c:client1", "cache": false, "password": PASSWORD });
    let request = frame(request.to_string().as_bytes());
    for child in &children {
        kill(child.pid, Signal::STOP);
    }
    let mut early = Wire::connect(&place);
    early.send(&request);
    wait_for("a child has the query", || {
        ask(&place, &json!({ "func": "status" })).json()["n_busy"] == 1
    });
    service.succeed(&["restart", "--no-block", SERVICE]);
    wait_for("it accepts no more", || shared(&service) == 0);
    let mut late = Wire::connect(&place);
    late.send(&request);
    for child in &children {
        kill(child.pid, Signal::CONT);
    }
    for client in [&mut early, &mut late] {
        assert_eq!(client.answer().json()["clients"][0]["name"], "client1");
    }
    wait_gone(&children);
    assert_ne!(service.daemon(), first);
}
