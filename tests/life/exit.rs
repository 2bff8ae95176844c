//! The ends of a daemon that could not begin, each with its code of sysexits.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use ostler_tests::binaries::bui_monitor;
use ostler_tests::process::{command, unprivileged};
use ostler_tests::{Daemon, Event, FakeBurp};

/// Its code, and that it said `words`.
fn ends(mut daemon: Daemon, code: i32, words: &str) {
    let status = daemon.ended();
    daemon.wait_log(words);
    assert_eq!(status.code(), Some(code), "{words}");
}

#[test]
fn a_wrong_command_line_is_64() {
    for arguments in [&["-c"][..], &["--strict"], &["-l"], &["--check=x"]] {
        let output = command(bui_monitor()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
        assert!(!output.stderr.is_empty() && output.stdout.is_empty(), "{arguments:?}");
    }
    for arguments in [["--help"], ["-h"], ["--version"], ["-V"]] {
        let output = command(bui_monitor()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("bui-monitor"), "{arguments:?}");
    }
}

#[test]
fn a_place_that_is_taken_is_69_before_any_child_runs() {
    let mut fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("socket");
    let alive = UnixListener::bind(&path).unwrap();
    let bind = format!("unix:{}", path.display());
    ends(fake.settings().set("bind", &bind).launch(), 69, "socket");
    let started = fake.untaken().iter().any(|event| matches!(event, Event::Asked(..)));
    assert!(!started, "a child was started");

    // Nobody listens there any more: the file alone holds nobody up.
    drop(alive);
    assert!(path.exists());
    let daemon = fake.settings().set("bind", &bind).start();
    assert_eq!(daemon.call("monitor_version").status(), "OK");
}

#[test]
fn a_system_that_refuses_is_71() {
    let fake = FakeBurp::new();
    // Longer than the name of any socket.
    let settings = fake.settings().environment("NOTIFY_SOCKET", "/".repeat(4096));
    ends(settings.launch(), 71, "NOTIFY_SOCKET: ");
}

#[test]
fn a_place_that_is_forbidden_is_77() {
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let bind = format!("unix:{}", place.path().join("socket").display());
    let settings = fake.settings().through(|daemon| unprivileged(daemon));
    ends(settings.set("bind", &bind).launch(), 77, "socket");
}

#[test]
fn a_wrong_configuration_is_78() {
    let fake = FakeBurp::new();
    ends(fake.settings().set("pool", "none").launch(), 78, "pool: is not a whole number");
    let place = tempfile::tempdir().unwrap();
    let missing = place.path().join("missing");
    let output = command(bui_monitor()).arg("-c").arg(&missing).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let log = missing.join("log");
    let settings = fake.settings().arguments(["-l".into(), log.into_os_string()]);
    ends(settings.launch(), 78, "cannot open the log file");
}

#[test]
fn a_user_that_does_not_exist_is_refused() {
    if !rustix::process::getuid().is_root() {
        // Only root can become somebody else.
        return;
    }
    let fake = FakeBurp::new();
    ends(fake.settings().set("user", "no-such-user").launch(), 77, "cannot become no-such-user");
}
