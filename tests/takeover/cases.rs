//! The files whose reading by the original was recorded, given to the daemon itself: `--check`
//! prints what the original read, and a client with the password that the original read is served.
//!
//! Where the original failed, or went on with something else than the file says, ours names file
//! and line and does not start.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use ostler_runtime::environment::variable;
use ostler_tests::binaries::{bui_monitor, workspace};
use ostler_tests::checked::Checked;
use ostler_tests::process::{Process, command};
use ostler_tests::step::unhex;
use ostler_tests::wire::ask;
use ostler_tests::{Address, Certificates, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

/// Values that the original read and then could not use: it died of them, or they were never
/// meant. A port below zero; an empty address; no burp; a list for burp.
const USELESS: [u64; 4] = [73, 137, 140, 146];
/// Values that mean the same and are printed in another way, or cannot be printed on one line.
const PRINTED: [(u64, &str, &str); 2] = [(143, "bind", "::1"), (144, "bind", "::1, 127.0.0.1")];

struct Case {
    number: u64,
    bytes: Vec<u8>,
    facts: Value,
}

fn cases() -> Vec<Case> {
    let text =
        fs::read_to_string(workspace().join("src/runtime/testdata/configobj.jsonl")).unwrap();
    let cases = text.lines().map(|line| {
        let facts: Value = serde_json::from_str(line).unwrap();
        let bytes = match facts["text"].as_str() {
            Some(text) => text.as_bytes().to_vec(),
            None => unhex(facts["hex"].as_str().unwrap()).unwrap(),
        };
        Case { number: facts["case"].as_u64().unwrap(), bytes, facts }
    });
    cases.collect()
}

impl Case {
    /// The key that the original read and what it read, where it read some.
    fn read(&self) -> Vec<(&String, &Value)> {
        self.facts["read"].as_object().into_iter().flatten().collect()
    }

    /// What is said of its own lines, apart from those that complete it.
    fn report(&self, file: &Path, checked: &Checked) -> String {
        let own = self.bytes.split(|byte| *byte == b'\n').count();
        let report = checked.report_anywhere().replace(&*file.to_string_lossy(), "case.cfg");
        let line = |text: &str| text.split(':').nth(1)?.parse::<usize>().ok();
        let lines = report.lines().filter(|text| line(text).is_some_and(|line| line <= own));
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    /// What it was recorded without and a daemon cannot do without, at its end.
    fn completed(&self, certificate: &Path, bind: Option<&Path>) -> Vec<u8> {
        let mut bytes = self.bytes.clone();
        let has = |words: &str| String::from_utf8_lossy(&self.bytes).contains(words);
        bytes.push(b'\n');
        let ends_in_global = has("[Global]") && !has("[Burp]\n") && !has("[[");
        if let Some(path) = bind {
            let section = if ends_in_global { "" } else { "[Global]\n" };
            bytes.extend(format!("{section}bind = unix:{}\n", path.display()).bytes());
        }
        if self.read().iter().any(|(key, value)| *key == "ssl" && **value == true) {
            bytes.extend(format!("sslcert = {}\n", certificate.display()).bytes());
        }
        if !has("[Burp]\n") || has("[[Burp]]") {
            bytes.extend(b"[Burp]\nburpbin = /bin/false\n");
        }
        if !has("bconfcli") {
            bytes.extend(b"bconfcli = /etc/passwd\n");
        }
        bytes
    }
}

/// A certificate with its key.
fn certificate() -> (Certificates, PathBuf) {
    let made = Certificates::new();
    let pair = made.own("server");
    let both = made.joined("both", &[&pair.certificate, &pair.key]);
    (made, both)
}

/// A file that only its owner can read.
fn write(directory: &Path, bytes: &[u8]) -> PathBuf {
    let file = directory.join("case.cfg");
    fs::write(&file, bytes).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

fn check(file: &Path) -> Checked {
    Checked::of(command(bui_monitor()).arg("--check").arg("-c").arg(file))
}

/// As `--check` prints a value.
fn printed(case: &Case, key: &str, value: &Value) -> String {
    if let Some((.., text)) =
        PRINTED.iter().find(|(number, of, _)| (*number, *of) == (case.number, key))
    {
        return (*text).to_owned();
    }
    match (key, value) {
        ("burpbin" | "bconfcli", Value::String(text)) => format!("\"{text}\""),
        (_, Value::String(text)) => text.clone(),
        (_, other) => other.to_string(),
    }
}

#[test]
fn every_file_says_what_it_said_or_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let (_certificates, certificate) = certificate();
    let (mut same, mut failed, mut told, mut useless) = (0, 0, 0, 0);
    let mut reports = String::new();
    for case in cases() {
        let number = case.number;
        let refused = case.facts["refused"].as_u64();
        let wrong = case.facts["wrong"].as_str();
        // What is refused is given as it was; the rest with what a daemon needs.
        let bytes =
            if refused.is_some() { case.bytes.clone() } else { case.completed(&certificate, None) };
        let file = write(directory.path(), &bytes);
        let checked = check(&file);
        reports.extend(
            [&format!("case {number}\n"), &case.report(&file, &checked)].map(String::as_str),
        );
        let Checked { code, shown, told: errors, .. } = checked;
        let starts = |start: &str| {
            let start = format!("error: {}:{start}", file.display());
            errors.lines().any(|line| line.starts_with(&start))
        };
        if let Some(line) = refused {
            assert!(starts(&format!("{line}: ")), "case {number}: {errors}");
            failed += 1;
        } else if let Some(key) = wrong {
            assert!(starts(&format!("2: [Global] {key}: ")), "case {number}: {errors}");
            told += 1;
        } else if USELESS.contains(&number) {
            assert!(starts(""), "case {number}: {errors}");
            useless += 1;
        } else {
            assert_eq!(code, 0, "case {number}: {errors}");
            for (key, value) in case.read() {
                if value.is_null() || key.as_str() == "password" || key.contains(' ') {
                    continue;
                }
                let line = format!("{key} = {}", printed(&case, key, value));
                assert!(shown.lines().any(|shown| shown == line), "case {number}: {line}\n{shown}");
            }
            same += 1;
            continue;
        }
        assert_eq!((code, shown.as_str()), (78, ""), "case {number}");
    }
    assert_eq!((same, failed, told, useless), (106, 19, 17, 4));
    let golden = workspace().join("tests/golden/report/cases.txt");
    if variable("REPORT_RECORD").is_some() {
        fs::write(&golden, &reports).unwrap();
    }
    assert_eq!(reports, fs::read_to_string(golden).unwrap());
}

#[test]
fn a_client_that_the_original_served_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let (_certificates, certificate) = certificate();
    let socket = directory.path().join("socket");
    let mut served = 0;
    for case in cases() {
        let read = case.read();
        // `bind` is needed to reach it.
        let other = read.iter().any(|(key, _)| key.as_str() == "bind");
        if read.is_empty() || other || USELESS.contains(&case.number) {
            continue;
        }
        let password = read
            .iter()
            .find(|(key, _)| key.as_str() == "password")
            .map_or(json!("password123456"), |(_, value)| (*value).clone());
        let file = write(directory.path(), &case.completed(&certificate, Some(&socket)));
        if !check(&file).shown.contains(&format!("bind = \"unix:{}\"", socket.display())) {
            // The completion does not fit behind every file: [Global] stands twice, say.
            continue;
        }
        let mut start = command(bui_monitor());
        let mut daemon = Process::start(start.arg("-c").arg(&file).stderr(Stdio::null()));
        let address = Address::Unix(socket.clone());
        wait_for("it listens", || Wire::try_connect(&address).is_ok());
        let ask = |password: &Value| {
            ask(&address, &json!({ "func": "monitor_version", "password": password }))
        };
        assert_eq!(ask(&password).status(), "OK", "case {}: {password}", case.number);
        for stranger in [json!("another"), json!(null), json!(["another"]), json!(["password"])] {
            assert_eq!(ask(&stranger).status(), "KO", "case {}: {stranger}", case.number);
        }
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        served += 1;
    }
    assert_eq!(served, 95);
}
