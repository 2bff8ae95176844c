//! A daemon that is started as root and becomes somebody else's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use ostler_tests::process::{Process, UNPRIVILEGED, command};
use ostler_tests::{FakeBurp, Settings, wait_for};
use rustix::process::Signal;

use crate::RELOADED;

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

/// Lets everybody read, run and connect to the scripted burp, whatever directory it was built in.
fn open(fake: &FakeBurp) {
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    let built = fs::canonicalize(fake.program()).unwrap();
    fs::remove_file(fake.program()).unwrap();
    // A program that this process writes itself might be "busy" when it is started.
    assert!(Process::start(command("cp").arg(built).arg(fake.program())).ended().success());
    mode(fake.directory(), 0o755).unwrap();
    mode(&fake.directory().join("control"), 0o777).unwrap();
}

/// A runtime directory and a directory for the socket that belong to the user.
fn given() -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    chown(place.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    place
}

fn settings(fake: &FakeBurp, place: &Path) -> Settings {
    let bind = format!("unix:{}", place.join("socket").display());
    fake.settings()
        .set("user", "nobody")
        .set("bind", &bind)
        .set("runtime_dir", &place.display().to_string())
}

/// The four user numbers (real, effective, saved, for files) of a process.
fn users(pid: u32) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn it_and_its_children_are_the_users() {
    if !is_root() {
        // Only root can become somebody else; the other way is tested below.
        return;
    }
    let fake = FakeBurp::new();
    open(&fake);
    let place = given();
    let settings = settings(&fake, place.path());
    let mut daemon = settings.clone().start();
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    let nobody = vec![UNPRIVILEGED.to_string(); 4];
    let threads = fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap();
    for thread in threads {
        let thread = thread.unwrap().file_name().to_str().unwrap().parse().unwrap();
        assert_eq!(users(thread), nobody);
    }
    let children = daemon.children();
    assert_eq!(children.len(), 2);
    for child in children {
        assert_eq!(users(child.pid), nobody);
    }
    // A directory of root's hides the configuration from the user, and that is told.
    fs::set_permissions(daemon.directory(), fs::Permissions::from_mode(0o700)).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_logged("cannot be read: Permission denied", 1);
    fs::set_permissions(daemon.directory(), fs::Permissions::from_mode(0o755)).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_logged(RELOADED, 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    assert!(!place.path().join("socket").exists());
    wait_for("no child is left", || fake.alive().is_empty());
}

#[test]
fn a_user_that_does_not_exist_is_refused() {
    if !is_root() {
        return;
    }
    let fake = FakeBurp::new();
    let mut daemon = fake.settings().set("user", "no-such-user").launch();
    assert_eq!(daemon.ended().code(), Some(77));
    daemon.wait_log("cannot become no-such-user");
}

#[test]
fn root_without_a_user_is_warned_of_and_others_are_not() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().start();
    let warned = daemon.log().iter().any(|line| line.contains("running as root"));
    assert_eq!(warned, is_root());
}
