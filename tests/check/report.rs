//! What becomes of each line of a file, for who comes from the original.
//!
//! What is expected lies in `tests/golden/report`, and is written anew with `REPORT_RECORD` set.

use std::fs;

use ostler_runtime::environment::variable;
use ostler_tests::Certificates;
use ostler_tests::binaries::workspace;
use ostler_tests::checked::{Checked, check, clean, write};

/// Checks a file of the golden ones, under its own name and with its owner's eyes only.
fn checked(name: &str) -> Checked {
    let golden = workspace().join("tests/golden/report").join(name);
    let directory = tempfile::tempdir().unwrap();
    write(&directory.path().join(name), &fs::read_to_string(golden).unwrap());
    Checked::run(directory.path(), &["-c", name])
}

/// Compares with what is expected of a file.
fn expect(name: &str, checked: &Checked) {
    let golden = workspace().join("tests/golden/report").join(name).with_extension("txt");
    let report = checked.report_anywhere();
    if variable("REPORT_RECORD").is_some() {
        fs::write(&golden, &report).unwrap();
    }
    assert_eq!(report, fs::read_to_string(&golden).unwrap(), "{name}");
}

#[test]
fn each_line_of_the_originals_sample_is_judged() {
    let checked = checked("sample.cfg");
    expect("sample.cfg", &checked);
    // The certificate that it names is not there, and that is an error as ever.
    assert_eq!((checked.code, checked.shown.as_str()), (78, ""));
}

#[test]
fn each_key_that_there_is_has_its_line_wherever_it_stands() {
    let checked = checked("everything.cfg");
    expect("everything.cfg", &checked);
    assert_eq!(checked.code, 0, "{}", checked.told);
    for printed in [&checked.report, &checked.shown, &checked.told] {
        assert!(!printed.contains("secret"), "{printed}");
    }
    // Behind its report the configuration is the same as without it.
    let directory = tempfile::tempdir().unwrap();
    let both = format!("{}{}", checked.report, checked.shown);
    write(&directory.path().join("x.cfg"), &both);
    assert_eq!(Checked::run(directory.path(), &["-c", "x.cfg"]).shown, checked.shown);
}

#[test]
fn what_the_original_made_of_wrong_values_is_told() {
    let checked = checked("wrong.cfg");
    expect("wrong.cfg", &checked);
    assert_eq!((checked.code, checked.shown.as_str()), (78, ""));
    assert!(!checked.told.contains("secret") && !checked.report.contains("secret"));
}

#[test]
fn lines_that_nobody_can_read_are_errors_and_no_report() {
    let checked = checked("refused.cfg");
    let words = "error: refused.cfg:3: [Global] port: stands here for the second time\n";
    assert_eq!((checked.code, checked.told.as_str()), (78, words));
    assert_eq!((checked.report.as_str(), checked.shown.as_str()), ("", ""));
}

#[test]
fn a_file_that_everybody_can_read_is_dangerous_where_the_password_stands() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.cfg");
    write(&file, &clean());
    let report = || Checked::run(directory.path(), &["-c", "x.cfg"]).report;
    assert!(report().contains("# x.cfg:2: used: [Global] password = (hidden)\n"), "{}", report());
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let words = "# x.cfg:2: dangerous: [Global] password = (hidden): can be read by every user of \
                 this machine: chgrp to the daemon's group, then chmod 0640\n";
    assert!(report().contains(words), "{}", report());
}

#[test]
fn what_anybody_may_do_or_learn_is_dangerous_in_its_own_words() {
    use std::os::unix::fs::PermissionsExt;
    let certificates = Certificates::new();
    let pair = certificates.own("server");
    fs::set_permissions(&pair.key, fs::Permissions::from_mode(0o644)).unwrap();
    let joined = certificates.joined("joined", &[&pair.certificate, &pair.key]);
    fs::set_permissions(&joined, fs::Permissions::from_mode(0o604)).unwrap();
    let [certificate, key] = [&pair.certificate, &pair.key].map(|path| path.display());
    let apart = format!("ssl = true\nsslcert = {certificate}\nsslkey = {key}\n");
    let joined = format!("ssl = true\nsslcert = {}\n", joined.display());
    let plain = "without ssl the password crosses the network as plain text";
    let names = "whoever reaches it sees the names of clients, without a password";
    let trusted = "it is everybody, who may then name any address by a PROXY header";
    let key = "the key can be read by every user of this machine";
    let status = "[Status]\nport = 1\nbind =";
    for (global, status, dangerous) in [
        ("bind = ::".to_owned(), String::new(), vec![("[Global] bind", plain)]),
        ("bind = ::1".to_owned(), format!("{status} 127.0.0.2, ::1, unix:/s"), vec![]),
        (String::new(), format!("{status} ::1, 0.0.0.0"), vec![("[Status] bind", names)]),
        ("bind = ::".to_owned(), format!("{status} ::1"), vec![("[Global] bind", plain)]),
        (
            format!("bind = ::\n{apart}"),
            format!("{status} ::"),
            vec![("[Global] sslkey", key), ("[Status] bind", names)],
        ),
        (joined, String::new(), vec![("[Global] sslcert", key)]),
        (
            "trusted = 10.0.0.0/8, 0.0.0.0/0".into(),
            String::new(),
            vec![("[Global] trusted", trusted)],
        ),
        ("trusted = ::/0".into(), String::new(), vec![("[Global] trusted", trusted)]),
        ("trusted = 10.0.0.0/8".into(), String::new(), vec![]),
    ] {
        let text = clean().replace("pool = 1", &format!("pool = 1\n{global}"));
        let report = check(&format!("{text}{status}\n"), &[]).report;
        let lines: Vec<&str> = report
            .lines()
            .filter_map(|line| line.split_once(": dangerous: "))
            .map(|(_, words)| words)
            .collect();
        assert_eq!(lines.len(), dangerous.len(), "{report}");
        for (line, (key, words)) in lines.iter().zip(dangerous) {
            assert!(line.starts_with(key) && line.ends_with(words), "{report}");
        }
    }
}
