//! What the units say agrees with the service and with each other.

use std::fs;

use ostler_tests::Unit;
use ostler_tests::binaries::katalogus;
use ostler_tests::checked::{Checked, write};
use ostler_tests::process::command;
use ostler_tests::unit::shipped;

const SERVICE: &str = "katalogus.service";
const SOCKET: &str = "katalogus.socket";

/// The configuration as it takes effect where nothing is said.
fn defaults() -> Checked {
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join("x.cfg"), "");
    let mut check = command(katalogus());
    Checked::of(check.current_dir(directory.path()).args(["--check", "-c", "x.cfg"]))
}

#[test]
fn systemd_has_nothing_to_say_of_them_and_finds_them_safe() {
    let place = tempfile::tempdir().unwrap();
    let service = fs::read_to_string(shipped(SERVICE)).unwrap();
    // What a package has installed there is not on every machine.
    let program = katalogus().display().to_string();
    fs::write(place.path().join(SERVICE), service.replace("/usr/sbin/katalogus", &program))
        .unwrap();
    fs::copy(shipped(SOCKET), place.path().join(SOCKET)).unwrap();
    let files = [SERVICE, SOCKET].map(|name| place.path().join(name));
    let analyze = |arguments: &[&str], files: &[std::path::PathBuf]| {
        let output = command("systemd-analyze").args(arguments).args(files).output();
        let output = output.expect("systemd-analyze (Debian: apt-get install systemd)");
        let words = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&words).into_owned())
    };
    assert_eq!(analyze(&["verify", "--man=no"], &files), (true, String::new()));
    // Ten times the exposure that is allowed.
    let (safe, words) = analyze(&["security", "--offline=true", "--threshold=12"], &files[..1]);
    assert!(safe, "{words}");
}

#[test]
fn they_have_one_account_the_address_of_the_service_and_time_for_its_end() {
    let (service, socket) = (Unit::shipped(SERVICE), Unit::shipped(SOCKET));
    service.one_account(&socket, "katalogus.conf");
    let defaults = defaults();
    let default = |key| defaults.value(key).unwrap();
    let listens = format!("{}:{}", default("bind"), default("port"));
    assert_eq!(socket.one("Socket", "ListenStream"), listens);
    let stop = service.one("Service", "TimeoutStopSec").strip_suffix('s').unwrap();
    // And ten seconds for what the database has taken.
    assert!(stop.parse::<u64>().unwrap() > default("drain").parse::<u64>().unwrap() + 10);
    let file = default("uri").trim_matches('"').strip_prefix("sqlite:///").unwrap();
    let state = format!("/var/lib/{}/", service.one("Service", "StateDirectory"));
    assert!(file.starts_with(&state), "{file}");
}
