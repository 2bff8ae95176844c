//! What is wrong with an installation, and how it was told: not at all, late, or in tracebacks.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ostler_tests::binaries::bui_monitor;
use ostler_tests::checked::{BURP, check};
use ostler_tests::process::command;
use ostler_tests::wire::ask;
use ostler_tests::{Address, Answer, Event, FakeBurp, Settings, Wire, wait_for};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn bug_05_without_a_burp_that_works_every_query_is_told_so_and_the_log_says_it() {
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    fs::write(at("burp.conf"), "mode = client\n").unwrap();
    fs::write(at("text"), "no program\n").unwrap();
    fs::set_permissions(at("text"), fs::Permissions::from_mode(0o644)).unwrap();
    let programs = [
        (at("missing"), "cannot be started"),
        (at("text"), "cannot be started"),
        (at(""), "cannot be started"),
        ("/bin/true".into(), "ended before it was ready, with status 0"),
        ("/bin/cat".into(), "ended before it was ready, with status 1"),
    ];
    for ((burp, words), number) in programs.iter().zip(0..) {
        let socket = at(&format!("socket{number}"));
        let bind = format!("unix:{}", socket.display());
        // Without -v: then the original says nothing at all.
        let none: [&str; 0] = [];
        let settings = Settings::new(burp, at("burp.conf")).set("bind", &bind).arguments(none);
        let daemon = settings.launch();
        let address = Address::Unix(socket);
        wait_for("it listens", || Wire::try_connect(&address).is_ok());
        // More than there are slots.
        for query in ["c:", "c:client1", "c:client2"] {
            let told = ask(&address, &json!({ "query": query })).error();
            assert!(told.contains(words) && !told.contains('/'), "{}: {told}", burp.display());
        }
        let statistics = ask(&address, &json!({ "func": "statistics" }));
        assert_eq!(statistics.json()["alive"], false);
        assert_eq!(ask(&address, &json!({ "func": "monitor_version" })).text(), "1.1.1");
        daemon.wait_log("a child did not start");
    }
}

#[test]
fn bug_05_a_configuration_without_burp_or_without_children_does_not_start() {
    for (text, key) in [
        ("[Global]\npassword = x\n", "[Burp] burpbin"),
        ("[Global]\npassword = x\n[Burp]\nbconfcli = /x\n", "[Burp] burpbin"),
        (&format!("[Global]\npassword = x\npool = 0\n{BURP}"), "[Global] pool"),
    ] {
        let checked = check(text, &[]);
        assert_eq!((checked.code, checked.shown.as_str()), (78, ""), "{text}");
        assert!(checked.told.contains(key), "{text}: {}", checked.told);
    }
}

#[test]
fn bug_18_a_weak_password_is_warned_of_and_a_slip_never_means_plain_text() {
    for (password, words) in [("", "is empty"), ("password123456", "is the default")] {
        let text = format!("[Global]\npool = 1\npassword = {password}\n{BURP}");
        let warned = check(&text, &["--strict"]);
        assert_eq!(warned.code, 78, "{words}");
        assert!(warned.told.contains(words), "{}", warned.told);
    }
    for slip in ["enabled", "y", "t", "2", "ture", "", "true, false"] {
        let checked = check(&format!("[Global]\npassword = x\nssl = {slip}\n{BURP}"), &[]);
        assert_eq!((checked.code, checked.shown.as_str()), (78, ""), "ssl = {slip}");
        assert!(checked.told.contains("x.cfg:3: [Global] ssl: "), "{}", checked.told);
    }
}

#[test]
fn bug_18_no_password_is_in_the_log_however_much_it_says() {
    let fake = FakeBurp::new();
    let settings = fake.settings().set("password", "canary-own").arguments(["-vvvvv"]);
    let mut daemon = settings.start();
    daemon.wait_ready(2);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    for guess in [json!("canary-guess"), json!(["canary-guess"])] {
        let answer = daemon.ask(&json!({ "query": "c:", "password": guess }));
        assert_eq!(answer, Answer::Ko);
    }
    daemon.wait_log("wrong password from");
    daemon.signal(Signal::TERM);
    daemon.ended();
    let said = daemon.log().into_iter().find(|line| line.contains("canary"));
    assert_eq!(said, None);
}

/// A daemon that cannot start: its code, and what it says.
fn fails(arguments: &[&Path]) -> (i32, String) {
    let output = command(bui_monitor()).args(arguments).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.stdout, b"", "{said}");
    (output.status.code().unwrap(), said)
}

#[test]
fn bug_22_what_prevents_a_start_is_one_line_before_any_child_runs() {
    let mut fake = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (burp, conf) = (fake.program(), fake.conf());
    let file = |name: &str, lines: &str| -> PathBuf {
        let (burp, conf) = (burp.display(), conf.display());
        let text = format!(
            "[Global]\npassword = x\nbind = 127.0.0.1\n{lines}\n\
             [Burp]\nburpbin = {burp}\nbconfcli = {conf}\n"
        );
        fs::write(at(name), text).unwrap();
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o600)).unwrap();
        at(name)
    };
    let cases = [
        (file("taken", &format!("port = {port}")), 69, format!("127.0.0.1:{port}")),
        (file("large", "port = 99999"), 78, "large:4: [Global] port: ".to_owned()),
        (file("negative", "port = -1"), 78, "negative:4: [Global] port: ".to_owned()),
        (file("text", "pool = many"), 78, "text:4: [Global] pool: ".to_owned()),
        (file("ssl", "ssl = true"), 78, "ssl:1: [Global] sslcert: ".to_owned()),
        (file("syntax", "pool 5"), 78, "syntax:4: ".to_owned()),
        (at("missing"), 78, "missing: cannot be read: ".to_owned()),
        ("/dev/null".into(), 78, "/dev/null: cannot be read: ".to_owned()),
    ];
    for (file, code, words) in cases {
        let (ended, said) = fails(&["-c".as_ref(), &file]);
        assert_eq!(ended, code, "{said}");
        let errors: Vec<&str> = said.lines().filter(|line| line.contains(" ERROR ")).collect();
        assert!(matches!(errors[..], [line] if line.contains(&words)), "{words}: {said}");
        assert!(!said.contains("panicked") && !said.contains("src/"), "{said}");
    }
    let (ended, said) = fails(&["-l".as_ref(), &at("no/log")]);
    assert_eq!((ended, said.lines().count()), (78, 1), "{said}");
    let started = fake.untaken().iter().any(|event| matches!(event, Event::Asked(..)));
    assert!(!started, "a child was started");
}

#[test]
fn bug_22_it_knows_its_own_name() {
    for argument in ["-V", "--version", "-h"] {
        let output = command(bui_monitor()).arg(argument).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("bui-monitor") && !said.contains("bui-agent"), "{said}");
    }
}
