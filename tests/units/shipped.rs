//! What the files say agrees with the daemon, with each other and with systemd.

use std::fs;
use std::process::Stdio;

use ostler_tests::binaries::bui_monitor;
use ostler_tests::checked::{Checked, check, clean};
use ostler_tests::installed::SERVICE;
use ostler_tests::process::command;
use ostler_tests::unit::shipped;
use ostler_tests::{FakeBurp, Unit};

const SOCKET: &str = "bui-monitor.socket";

/// The configuration that has nothing but what is needed.
fn defaults() -> Checked {
    check(&clean(), &[])
}

/// A time of a unit in seconds.
fn seconds(unit: &Unit, key: &str) -> u64 {
    let value = unit.one("Service", key);
    value.strip_suffix('s').and_then(|number| number.parse().ok()).expect("seconds")
}

#[test]
fn systemd_has_nothing_to_say_of_them() {
    let place = tempfile::tempdir().unwrap();
    let service = fs::read_to_string(shipped(SERVICE)).unwrap();
    // What a package has installed there is not on every machine.
    let program = bui_monitor().display().to_string();
    let service = service.replace("/usr/sbin/bui-monitor", &program);
    fs::write(place.path().join(SERVICE), service).unwrap();
    fs::copy(shipped(SOCKET), place.path().join(SOCKET)).unwrap();
    let beside = place.path().join("bui-monitor.service.d");
    fs::create_dir(&beside).unwrap();
    fs::copy(shipped("strict.conf"), beside.join("strict.conf")).unwrap();
    let mut verify = command("systemd-analyze");
    verify.args(["verify", "--man=no"]).current_dir(place.path());
    let output = verify.args([SERVICE, SOCKET].map(|name| place.path().join(name))).output();
    let output = output.expect("systemd-analyze (Debian: apt-get install systemd)");
    let words = [output.stdout, output.stderr].concat();
    assert!(words.is_empty() && output.status.success(), "{}", String::from_utf8_lossy(&words));
}

#[test]
fn the_service_has_time_to_start_and_to_end() {
    let (unit, defaults) = (Unit::shipped(SERVICE), defaults());
    let default = |key| defaults.value(key).unwrap().parse::<u64>().unwrap();
    assert!(seconds(&unit, "TimeoutStartSec") > default("start_deadline"));
    assert!(seconds(&unit, "TimeoutStopSec") > default("drain"));
}

#[test]
fn there_is_room_for_as_many_connections_as_can_be_asked_for() {
    let most = clean().replace("pool", "max_connections = 65536\npool");
    assert_eq!(check(&most, &[]).code, 0);
    let more = most.replace("65536", "65537");
    assert_eq!(check(&more, &[]).code, 78, "more can be asked for");
    // The daemon says what it needs when it has less.
    let fake = FakeBurp::new();
    let settings = fake.settings().set("max_connections", "65536");
    let daemon = settings
        .through(|binary| {
            let mut limited = command("prlimit");
            limited.arg("--nofile=1000").arg("--").arg(binary).stdin(Stdio::null());
            limited
        })
        .start();
    let line = daemon.wait_log("max_connections needs");
    let limit = Unit::shipped(SERVICE).one("Service", "LimitNOFILE").to_owned();
    assert!(line.contains(&format!("max_connections needs {limit}:")), "{limit}: {line}");
}

#[test]
fn one_account_has_it_all() {
    let (service, socket) = (Unit::shipped(SERVICE), Unit::shipped(SOCKET));
    service.one_account(&socket, "bui-monitor.conf");
}

#[test]
fn the_socket_unit_listens_where_the_daemon_would() {
    let defaults = defaults();
    let (address, port) = (defaults.value("bind").unwrap(), defaults.value("port").unwrap());
    let socket = Unit::shipped(SOCKET);
    assert_eq!(socket.one("Socket", "ListenStream"), format!("[{address}]:{port}"));
}
