//! `password_file`: a password that does not stand in the configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ostler_tests::binaries::bui_status;
use ostler_tests::checked::{Checked, check, clean, write};
use ostler_tests::process::{command, unprivileged};
use ostler_tests::program::UNCHANGED;
use ostler_tests::{Address, Daemon, FakeBurp};
use rustix::process::Signal;
use serde_json::json;

/// A configuration about which nothing is to be said, in a directory with this password file.
fn told(password: &[u8], more: &str, arguments: &[&str]) -> (Checked, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("secret");
    fs::write(&file, password).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let line = format!("password_file = {}\n{more}", file.display());
    write(&directory.path().join("x.cfg"), &clean().replace("password = one of our own\n", &line));
    let checked = Checked::run(directory.path(), &[&["-c", "x.cfg"], arguments].concat());
    (checked, directory)
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn it_is_shown_and_warned_of_in_place_of_the_password() {
    let (checked, directory) = told(b"file-canary\n", "", &["--strict"]);
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
    let file = directory.path().join("secret");
    let shown = format!("\"{}\"", file.display());
    assert_eq!(checked.value("password_file"), Some(shown.as_str()));
    assert_eq!(checked.value("password"), None);
    assert!(!checked.shown.contains("file-canary"));
    assert_eq!(check(&checked.shown, &[]).shown, checked.shown);
    // The configuration holds no secret any more, and the file does.
    open(&directory.path().join("x.cfg"), 0o644);
    let strict = || Checked::run(directory.path(), &["--strict", "-c", "x.cfg"]);
    assert_eq!((strict().code, strict().told.as_str()), (0, ""));
    open(&file, 0o644);
    let words = "warning: x.cfg:2: [Global] password_file: can be read by every user of this \
                 machine: chgrp to the daemon's group, then chmod 0640\n";
    assert_eq!((strict().code, strict().told.as_str()), (78, words));
    let (checked, _directory) = told(b"password123456\n", "", &["--strict"]);
    let words = "[Global] password_file: is the default, which everybody knows";
    assert!(checked.code == 78 && checked.told.contains(words), "{}", checked.told);
}

#[test]
fn a_file_that_gives_no_password_is_told_with_its_line_and_without_its_words() {
    let long = [b"canary", "x".repeat(4096).as_bytes()].concat();
    for (bytes, words) in [
        (&b""[..], "has no password in its first line"),
        (b"\ncanary\n", "has no password in its first line"),
        (b"canary\xe9\n", "has a first line that is not UTF-8"),
        (&long, "is longer than 4096 bytes"),
    ] {
        let (checked, _directory) = told(bytes, "", &[]);
        let words = format!("error: x.cfg:2: [Global] password_file: {words}\n");
        assert_eq!((checked.code, checked.told.as_str()), (78, words.as_str()));
    }
    let (checked, _directory) = told(b"canary\n", "password = canary\n", &[]);
    let words = "error: x.cfg:2: [Global] password_file: stands beside `password`: only one of \
                 them may be set\n";
    assert_eq!((checked.code, checked.told.as_str()), (78, words));
    // Somebody may take the key for the password itself.
    let secret = clean().replace("password =", "password_file = canary #");
    let checked = check(&secret, &[]);
    let words = "error: x.cfg:2: [Global] password_file: cannot be read: No such file";
    assert!(checked.code == 78 && checked.told.starts_with(words), "{}", checked.told);
    assert!(!checked.told.contains("canary"), "{}", checked.told);
    let directory = clean().replace("password =", "password_file = / #");
    let words = "error: x.cfg:2: [Global] password_file: cannot be read: it is no regular file\n";
    assert_eq!(check(&directory, &[]).told, words);
}

#[test]
fn a_reload_reads_it_anew_and_a_wrong_one_changes_nothing() {
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("secret");
    write(&file, "first\r\nnot this\n");
    let settings = fake.settings().without("password");
    let mut daemon = settings.set("password_file", &file.display().to_string()).start();
    let ask = |daemon: &Daemon, password: &str| {
        daemon.ask(&json!({ "query": "c:client1", "password": password })).status()
    };
    assert_eq!([ask(&daemon, "first"), ask(&daemon, "password123456")], ["OK", "KO"]);
    write(&file, "second, one");
    assert_eq!(ask(&daemon, "second, one"), "KO", "it was not told yet");
    daemon.reload();
    assert_eq!([ask(&daemon, "first"), ask(&daemon, "second, one")], ["KO", "OK"]);
    fs::remove_file(&file).unwrap();
    daemon.signal(Signal::HUP);
    daemon.wait_log("[Global] password_file: cannot be read: No such file");
    daemon.wait_log(UNCHANGED);
    assert_eq!(ask(&daemon, "second, one"), "OK");
}

#[test]
fn bui_status_finds_the_password_there_if_it_may_read_it() {
    let fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    open(place.path(), 0o755);
    let file = place.path().join("secret");
    write(&file, "in a file\n");
    let settings = fake.settings().without("password");
    let daemon = settings.set("password_file", &file.display().to_string()).start();
    open(daemon.directory(), 0o755);
    let Address::Tcp(address) = daemon.address() else { panic!("a port") };
    let port = address.port().to_string();
    let status = place.path().join("bui-status");
    // A program that this process writes itself might be "busy" when it is started.
    assert!(command("cp").arg(bui_status()).arg(&status).status().unwrap().success());
    let run = |password: Option<&str>| {
        let mut client = unprivileged(&status);
        client.args(["statistics", "--port", &port, "-c"]).arg(daemon.file());
        match password {
            Some(password) => client.env("BUI_MONITOR_PASSWORD", password),
            None => client.env_remove("BUI_MONITOR_PASSWORD"),
        };
        let output = client.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    open(&file, 0o644);
    assert_eq!(run(None), (0, String::new()));
    write(&file, "another\n");
    open(&file, 0o644);
    let (code, words) = run(None);
    let from = format!("refuses the password ({})", file.display());
    assert!(code == 77 && words.contains(&from), "{words}");
    // A mode that keeps its own owner out too, who may be running this.
    open(&file, 0o000);
    let (code, words) = run(None);
    let denied = "[Global] password_file: cannot be read: Permission denied";
    assert!(code == 78 && words.contains(denied), "{words}");
    assert_eq!(run(Some("in a file")), (0, String::new()), "who knows it needs no file");
}
