//! Every key, with values of a wrong type or out of range.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ostler_tests::Fault;
use ostler_tests::binaries::bui_monitor;
use ostler_tests::checked::{BURP, check, known_keys, write};
use ostler_tests::process::command;

const NUMBERS: &[&str] = &["abc", "", "1.5", "-1", "9999999999999999999999", "1, 2", "%(no)s"];
const TIMES: &[&str] = &["abc", "", "-1", "1e3", "86401", "1, 2", "%(no)s", "5 s"];
const SIZES: &[&str] = &["abc", "", "-1", "1 KB", "9999 GiB", "1, 2", "%(no)s", "1.5 MiB"];
const PATHS: &[&str] = &["", "/a, /b", "%(no)s"];

const TLS_FILES: [&str; 3] = ["sslcert", "sslkey", "sslca"];

/// Each key, and values of a wrong type or out of range.
const WRONG: &[(&str, &str, &[&str])] = &[
    ("Global", "port", &["abc", "", "65536", "-1", "0x10", "1e3", "1;c", "1, 2", "%(no)s"]),
    ("Global", "bind", &["", ",", "(x)", "unix:x", "::1, ''", "%(no)s"]),
    ("Global", "password", &["%(no)s"]),
    ("Global", "password_file", &["/no/such", "", "/a, /b", "%(no)s"]),
    ("Global", "pool", &["0", "257", "abc", "", "1.5", "-1", "1, 2", "%(no)s"]),
    ("Global", "transport", &["fast", "", "auto, plain", "%(no)s"]),
    ("Global", "ssl", &["enabled", "y", "2", "", "none", "true, false", "%(no)s"]),
    ("Global", "sslcert", PATHS),
    ("Global", "sslkey", PATHS),
    ("Global", "sslca", PATHS),
    ("Global", "user", &["a, b", "%(no)s"]),
    ("Global", "threads", NUMBERS),
    ("Global", "max_connections", NUMBERS),
    ("Global", "max_unauthenticated", NUMBERS),
    ("Global", "trusted", &["abc", "10.0.0.0/33", "10.0.0", "::1, localhost", "%(no)s"]),
    ("Global", "max_request", SIZES),
    ("Global", "max_answer", SIZES),
    ("Global", "max_pending_answers", SIZES),
    ("Global", "max_queue", NUMBERS),
    ("Global", "max_cache", SIZES),
    ("Global", "max_requests", NUMBERS),
    ("Global", "max_age", &["abc", "-1", "31536001"]),
    ("Global", "start_deadline", TIMES),
    ("Global", "header_deadline", TIMES),
    ("Global", "request_deadline", TIMES),
    ("Global", "write_deadline", TIMES),
    ("Global", "keep_idle", TIMES),
    ("Global", "drain", TIMES),
    ("Global", "runtime_dir", PATHS),
    ("Burp", "burpbin", PATHS),
    ("Burp", "bconfcli", PATHS),
    ("Burp", "timeout", TIMES),
    ("Status", "bind", &["", ",", "(x)", "unix:x", "::1, ''", "%(no)s"]),
    ("Status", "port", &["abc", "65536", "-1", "0x10", "1e3", "1, 2", "%(no)s"]),
    ("Status", "max_viewers", NUMBERS),
];

#[test]
fn k04_every_key_that_is_wrong_is_told_with_its_line_and_all_in_one_run() {
    let mut fault = Fault::begin("K04");
    let mut told = 0;
    let most = WRONG.iter().map(|(_, _, values)| values.len()).max().unwrap();
    for turn in 0..most {
        let mut text = String::new();
        let mut places = Vec::new();
        for section in ["Global", "Burp", "Status"] {
            writeln!(text, "[{section}]").unwrap();
            let keys = WRONG.iter().filter(|(of, ..)| *of == section);
            // The files of TLS are looked at only with TLS: see the next test.
            for &(_, key, values) in keys.filter(|(_, key, _)| !TLS_FILES.contains(key)) {
                if let Some(&value) = values.get(turn) {
                    writeln!(text, "{key} = {value}").unwrap();
                    places.push((text.lines().count(), section, key, value));
                } else if section == "Burp" && key != "timeout" {
                    writeln!(text, "{key} = /x").unwrap();
                }
            }
        }
        let checked = check(&text, &[]);
        assert_eq!((checked.code, checked.shown.as_str()), (78, ""), "{text}");
        for (line, section, key, value) in &places {
            let start = format!("error: x.cfg:{line}: [{section}] {key}: ");
            let found = checked.lines(&start).len();
            assert_eq!(found, 1, "{key} = {value}\n{}", checked.told);
        }
        assert_eq!(checked.lines("error: ").len(), places.len(), "{text}\n{}", checked.told);
        told += places.len();
        // Who starts the daemon with it is told as much.
        if turn == 0 {
            assert_eq!(started(&text), (Some(78), places.len()), "{text}");
        }
    }
    let keys = WRONG.len() - TLS_FILES.len();
    fault.saw(format!(
        "{told} wrong values of {keys} keys in {most} files: file, line and key of each, all of a \
         file in one run, which ends with 78"
    ));
}

/// The exit code of a daemon that is started with this configuration, and how many errors it logs.
fn started(text: &str) -> (Option<i32>, usize) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.cfg");
    write(&file, text);
    let output = command(bui_monitor()).arg("-c").arg(&file).output().unwrap();
    let start = format!(" ERROR main: {}:", file.display());
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), errors.lines().filter(|line| line.contains(&start)).count())
}

#[test]
fn the_files_of_tls_are_needed_and_looked_at_with_tls_only() {
    for key in TLS_FILES {
        for value in PATHS {
            let certificate = if key == "sslcert" { "" } else { "sslcert = /x\n" };
            let text = format!("[Global]\n{key} = {value}\nssl = true\n{certificate}{BURP}");
            let checked = check(&text, &[]);
            let start = format!("error: x.cfg:2: [Global] {key}: ");
            assert_eq!(checked.lines(&start).len(), 1, "{key} = {value}: {}", checked.told);
            assert_eq!((checked.code, checked.lines("error: ").len()), (78, 1));
        }
    }
    let missing = check(&format!("[Global]\nssl = on\n{BURP}"), &[]);
    assert_eq!(missing.lines("error: "), ["error: x.cfg:1: [Global] sslcert: must be set"]);
    let absent = check(&format!("[Global]\nssl = on\nsslcert = /no/such\n{BURP}"), &[]);
    let words = "error: x.cfg: [Global] sslcert, sslkey, sslca: cannot read /no/such";
    assert_eq!((absent.code, absent.lines(words).len()), (78, 1), "{}", absent.told);
    let unused = check(&format!("[Global]\nssl = off\nsslcert = \n{BURP}"), &[]);
    assert_eq!((unused.code, unused.value("ssl")), (0, Some("false")), "{}", unused.told);
}

#[test]
fn every_key_that_the_daemon_reads_is_among_those() {
    let tried: BTreeSet<(&str, &str)> = WRONG.iter().map(|(of, key, _)| (*of, *key)).collect();
    // Those of events are tried by `what_is_wrong_is_told_with_its_line_and_key`, and those of a shared
    // cache by `what_is_wrong_with_sharing_is_told_with_its_line_and_key`.
    let of_others = ["Events", "Cache"];
    for key in known_keys().into_iter().filter(|key| !of_others.contains(&key.section.as_str())) {
        assert!(tried.contains(&(key.section.as_str(), key.name.as_str())), "{key:?} is not tried");
    }
}
