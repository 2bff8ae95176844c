//! Who may read the configuration, who the daemon is, and what it can do without.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use ostler_tests::checked::{Checked, clean, write};
use ostler_tests::process::UNPRIVILEGED;
use ostler_tests::program::RELOADED;
use ostler_tests::{FakeBurp, Fault, Settings, wait_for};
use rustix::process::Signal;

fn is_root() -> bool {
    rustix::process::getuid().is_root()
}

#[test]
fn a07_a_file_that_everybody_can_read_and_a_default_password_are_warned_of() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.cfg");
    let mut fault = Fault::begin("A07");
    let strict = |text: &str, mode| {
        write(&file, text);
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        Checked::run(directory.path(), &["--strict", "-c", "x.cfg"])
    };
    for (mode, code) in [(0o600, 0), (0o640, 0), (0o644, 78), (0o604, 78)] {
        let checked = strict(&clean(), mode);
        assert_eq!(checked.code, code, "{mode:o}: {}", checked.told);
        assert_eq!(checked.told.contains("chmod 0640"), code != 0, "{mode:o}");
        let lenient = Checked::run(directory.path(), &["-c", "x.cfg"]);
        assert_eq!((lenient.code, lenient.told), (0, checked.told), "{mode:o}");
    }
    let default = "password = password123456\n";
    for text in [
        clean().replace("password = one of our own\n", default),
        clean().replace("password = one of our own\n", ""),
        clean().replace("one of our own", "\"\""),
    ] {
        let checked = strict(&text, 0o600);
        let warnings = checked.lines("warning: x.cfg:");
        assert_eq!((checked.code, warnings.len()), (78, 1), "{text}{}", checked.told);
        assert!(warnings[0].contains("everybody knows"), "{}", checked.told);
    }
    fault.saw("`--check` warns and `--check --strict` ends with 78");
    // A daemon that serves says the same, at every level.
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let bind = format!("unix:{}", place.path().join("socket").display());
    let settings = fake.settings().set("bind", &bind).set("password", "password123456");
    let daemon = settings.arguments([""; 0]).launch();
    daemon.wait_log("[Global] password: is the default, which everybody knows");
    daemon.wait_log("[Global] password: can be read by every user of this machine: chgrp to");
    fault.saw("so does a daemon without any -v");
}

/// Settings of a daemon that becomes nobody, with a directory of nobody's for what it makes.
fn as_nobody(fake: &FakeBurp, place: &Path) -> Settings {
    chown(place, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
    let bind = format!("unix:{}", place.join("socket").display());
    fake.settings()
        .set("user", "nobody")
        .set("bind", &bind)
        .set("runtime_dir", &place.display().to_string())
}

/// The four user numbers (real, effective, saved, for files) of a process or thread.
fn users(pid: u32) -> Vec<String> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    line.split_whitespace().map(str::to_owned).collect()
}

#[test]
fn a08_root_is_warned_of_and_given_up_for_a_user() {
    let mut fault = Fault::begin("A08");
    let fake = FakeBurp::new();
    let daemon = fake.settings().set("pool", "3").start();
    daemon.wait_ready(3);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.logged("running as root"), usize::from(is_root()));
    drop(daemon);
    if !is_root() {
        return fault.explain("only root can become somebody else, and this is not root");
    }
    fault.saw("as root it serves, with one warning");

    fake.open();
    let place = tempfile::tempdir().unwrap();
    let mut daemon = as_nobody(&fake, place.path()).set("pool", "3").start();
    daemon.wait_ready(3);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.logged("running as root"), 0);
    let nobody = vec![UNPRIVILEGED.to_string(); 4];
    let mut threads = 0;
    for thread in fs::read_dir(format!("/proc/{}/task", daemon.pid())).unwrap() {
        let thread = thread.unwrap().file_name().to_str().unwrap().parse().unwrap();
        assert_eq!(users(thread), nobody);
        threads += 1;
    }
    for child in daemon.wait_children(3) {
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
    fault.saw(format!("with `user` its {threads} threads and three children are that user's"));
}
