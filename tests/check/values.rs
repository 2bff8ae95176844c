//! What is in effect, and what is wrong or odd, key by key.

use std::fs;
use std::path::Path;

use ostler_tests::checked::{BURP, Checked, check, clean, write};
use ostler_tests::{Certificates, Pair};

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
    let second = check(&format!("{}{}", first.report, first.shown), &[]);
    assert_eq!(second.code, 0, "{}", second.told);
    assert_eq!(first.shown, second.shown);
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
            assert!(!checked.report.contains(secret), "{value}: {}", checked.report);
            assert!(!checked.shown.contains(secret), "{value}: {}", checked.shown);
            assert!(!checked.told.contains(secret), "{value}: {}", checked.told);
        }
    }
    // Nor what stands where something else should.
    for line in [secret.to_owned(), format!("port = {secret}"), format!("bind = ({secret})")] {
        let checked = check(&format!("[Global]\n{line}\n{BURP}"), &[]);
        assert_eq!(checked.code, 78, "{line}");
        assert!(!checked.told.contains(secret), "{line}: {}", checked.told);
        assert!(!checked.report.contains(secret), "{line}: {}", checked.report);
    }
}

#[test]
fn a_strict_check_takes_warnings_for_errors() {
    let strict = |text: &str| check(text, &["--strict"]);
    let checked = strict(&clean());
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
    // Nothing is said of what stands in no line, whatever its default.
    let checked = strict(&clean().replace("pool = 1\n", ""));
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
