//! `bui-monitor --check`: what it prints of a right configuration, and what it says of a wrong one.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ostler_tests::binaries::workspace;
use ostler_tests::checked::{BURP, Checked, check, clean, write};
use ostler_tests::{Certificates, Pair};

#[test]
fn the_installed_file_is_right_and_says_the_defaults() {
    let text = fs::read_to_string(workspace().join("etc/buimonitor.cfg")).unwrap();
    let checked = check(&text, &[]);
    assert_eq!((checked.code, checked.lines("error:")), (0, vec![]), "{}", checked.told);
    // What the file says in comments is what is in effect without them.
    let plain = check(&format!("[Global]\n{BURP}"), &[]);
    assert_eq!(checked.shown, plain.shown);
    let commented = text.lines().filter_map(|line| line.strip_prefix("# ")?.split_once(" = "));
    let told: String = text
        .lines()
        .map(|line| match line.strip_prefix("# ") {
            // These are examples and have no default.
            Some(line) if ["user", "runtime_dir", "ssl"].iter().any(|k| line.starts_with(k)) => {
                String::new()
            }
            Some(entry) if commented.clone().any(|(key, _)| entry.starts_with(key)) => {
                format!("{entry}\n")
            }
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(check(&told, &[]).shown, plain.shown, "the defaults in the comments");
    assert_eq!(check(&text, &["--strict"]).code, 78, "the default password");
}

#[test]
fn a_file_with_every_key_of_the_original_is_right() {
    let certificates = Certificates::new();
    let Pair { certificate, key } = certificates.own("server");
    let (certificate, key) = (certificate.display(), key.display());
    let text = format!(
        "\
        # A monitor as the original's packages set one up.\n\
        [Global]\n\
        # where to listen\n\
        port = 11111\n\
        bind = ::1  # only this machine\n\
        ssl = true\n\
        sslcert = {certificate}\n\
        sslkey = {key}\n\
        password = password123456\n\
        pool = 5\n\
        \n\
        # burp itself\n\
        [Burp]\n\
        burpbin = /usr/sbin/burp\n\
        bconfcli = /etc/burp/burp.conf\n\
        timeout = 15\n"
    );
    let checked = check(&text, &[]);
    assert_eq!((checked.code, checked.lines("error:")), (0, vec![]));
    for (key, value) in [
        ("port", "11111"),
        ("bind", "::1"),
        ("ssl", "true"),
        ("sslcert", &format!("\"{certificate}\"")),
        ("sslkey", &format!("\"{key}\"")),
        ("password", "(hidden)"),
        ("pool", "5"),
        ("burpbin", "\"/usr/sbin/burp\""),
        ("bconfcli", "\"/etc/burp/burp.conf\""),
        ("timeout", "15"),
    ] {
        assert_eq!(checked.value(key), Some(value), "{key}");
    }
}

#[test]
fn what_it_prints_is_a_file_that_says_the_same() {
    let certificates = Certificates::new();
    let Pair { certificate, key } = certificates.own("server");
    let both = certificates.joined("both", &[&certificate, &key]);
    let (both, authority) = (both.display(), certificate.display());
    let text = format!(
        "[Global]\npassword = \"a, b\"\nbind = ::1, localhost, 'unix:/run/a b'\nport = 0\n\
         user = nobody\nruntime_dir = /run/x\nmax_age = 1.5\nmax_cache = 3 MiB\ndrain = 0.25\n\
         ssl = yes\nsslcert = {both}\nsslca = {authority}\ntransport = Relay\n{BURP}timeout = 2\n"
    );
    let first = check(&text, &[]);
    assert_eq!(first.code, 0, "{}", first.told);
    let second = check(&first.shown, &[]);
    assert_eq!(second.code, 0, "{}", second.told);
    assert_eq!(first.shown, second.shown);
}

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
];

#[test]
fn every_key_that_is_wrong_is_told_with_its_line_and_all_in_one_run() {
    let most = WRONG.iter().map(|(_, _, values)| values.len()).max().unwrap();
    for turn in 0..most {
        let mut text = String::new();
        let mut places = Vec::new();
        for section in ["Global", "Burp"] {
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
    }
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
fn every_documented_key_is_among_those() {
    let known: BTreeSet<&str> = WRONG.iter().map(|(_, key, _)| *key).collect();
    let text = fs::read_to_string(workspace().join("etc/buimonitor.cfg")).unwrap();
    for line in text.lines() {
        let entry = line.strip_prefix("# ").unwrap_or(line);
        let key = entry.split_once(" = ").map_or("", |(key, _)| key);
        let is_key = !key.is_empty() && !key.contains([' ', '"']);
        assert!(!is_key || known.contains(key), "{key} is not tested");
    }
    let shown = check(&format!("[Global]\n{BURP}"), &[]).shown;
    assert!(!shown.is_empty());
    for key in shown.lines().filter_map(|line| line.split_once(" = ")).map(|(key, _)| key) {
        assert!(known.contains(key), "{key} is not tested");
    }
}

#[test]
fn a_password_is_never_printed() {
    let secret = "pass-canary";
    let values = [
        secret.to_owned(),
        format!("\"{secret}\""),
        format!("{secret}, {secret}"),
        format!("\"{secret}"),
        format!("\"{secret}\" {secret}"),
        format!("{secret}#{secret}"),
        format!("'''{secret}"),
        format!("{secret}%(no)s"),
    ];
    for value in values {
        for more in ["", "pool = 0\n", "this is nothing\n", "password = twice\n"] {
            let checked = check(&format!("[Global]\npassword = {value}\n{more}{BURP}"), &[]);
            assert!(!checked.shown.contains(secret), "{value}: {}", checked.shown);
            assert!(!checked.told.contains(secret), "{value}: {}", checked.told);
        }
    }
    // Nor what stands where something else should.
    for line in [secret.to_owned(), format!("port = {secret}"), format!("bind = ({secret})")] {
        let checked = check(&format!("[Global]\n{line}\n{BURP}"), &[]);
        assert_eq!(checked.code, 78, "{line}");
        assert!(!checked.told.contains(secret), "{line}: {}", checked.told);
    }
}

#[test]
fn a_strict_check_takes_warnings_for_errors() {
    let strict = |text: &str| check(text, &["--strict"]);
    let checked = strict(&clean());
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
    let odd = [
        (clean().replace("one of our own", "password123456"), "the default"),
        (clean().replace("password = one of our own\n", ""), "the default"),
        (clean().replace("one of our own", "one#of"), "ends before the #"),
        (clean().replace("pool = 1", "pool = 256"), "cores"),
        (clean().replace("pool = 1", "pool = 5"), "status children"),
        (clean().replace("pool = 1", "Pool = 1\npool = 1"), "but `pool` is"),
        (format!("{}tiemout = 3\n", clean()), "is not known"),
        (format!("{}[More]\na = 1\n", clean()), "this section is not known"),
    ];
    for (text, words) in odd {
        let checked = strict(&text);
        assert_eq!(checked.code, 78, "{words}");
        let warned = checked.lines("warning: x.cfg:").iter().any(|line| line.contains(words));
        assert!(warned, "{words}: {}", checked.told);
        assert!(!checked.shown.is_empty(), "it is shown all the same");
        assert_eq!(check(&text, &[]).code, 0, "{words}");
    }
}

#[test]
fn a_user_that_is_not_there_is_told() {
    let checked = check(&format!("[Global]\nuser = nobody-of-this-name\n{BURP}"), &[]);
    assert_eq!(checked.code, 78);
    assert_eq!(checked.lines("error: x.cfg: [Global] user: there is no user").len(), 1);
}

#[test]
fn what_cannot_be_read_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("directory")).unwrap();
    fs::write(at("latin"), b"[Global]\npassword=\xe9\n").unwrap();
    fs::write(at("long"), "#".repeat(1 << 20) + "#").unwrap();
    for (name, words) in [
        ("missing", "missing: cannot be read: No such file"),
        ("directory", "directory: cannot be read: it is no regular file"),
        ("latin", "latin:2: this is not UTF-8"),
        ("long", "long: is longer than"),
    ] {
        let checked = Checked::run(directory.path(), &["-c", name]);
        assert_eq!((checked.code, checked.lines("error: ").len()), (78, 1), "{}", checked.told);
        assert!(checked.told.contains(words), "{name}: {}", checked.told);
    }
}

#[test]
fn without_a_name_it_looks_where_the_original_looks() {
    let places = [
        "buimonitor.cfg",
        "etc/buimonitor.cfg",
        "share/burpui/buimonitor.cfg",
        "share/burpui/etc/buimonitor.cfg",
    ];
    let samples = places.map(|place| place.replace("monitor.cfg", "monitor.sample.cfg"));
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir_all(directory.path().join("etc")).unwrap();
    fs::create_dir_all(directory.path().join("share/burpui/etc")).unwrap();
    let all = places.iter().map(|place| (*place).to_owned()).chain(samples);
    // Each is put before the ones that were found so far. What this machine has in /etc/burp stands
    // between the names, so the samples are tried only where it has none.
    let all: Vec<String> = all.collect();
    let installed = ["/etc/burp", "/usr/share/burpui", "/usr/local/share/burpui"]
        .iter()
        .any(|place| Path::new(place).join("buimonitor.cfg").exists());
    for (index, place) in all.iter().enumerate().rev() {
        if installed && index >= places.len() {
            continue;
        }
        let text = clean().replace("pool = 1", &format!("pool = {}", index + 11));
        write(&directory.path().join(place), &text);
        let checked = Checked::run(directory.path(), &[]);
        assert_eq!(checked.value("pool"), Some((index + 11).to_string().as_str()), "{place}");
    }
}
