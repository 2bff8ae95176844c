//! `--check`: what is wrong or odd, with its place, and which of several words counts.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;

use ostler_tests::binaries::katalogus;
use ostler_tests::checked::{self, Checked};
use ostler_tests::process::command;

use crate::{KEY, path, secret};

/// A check in a directory of its own, with these arguments and variables.
struct Check {
    directory: tempfile::TempDir,
    arguments: Vec<OsString>,
    variables: Vec<(String, OsString)>,
}

impl Check {
    /// Where a text says nothing of plugins, they and the database are in that directory.
    fn of(text: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        checked::write(&directory.path().join("x.cfg"), text);
        let mut check = Self { directory, arguments: Vec::new(), variables: Vec::new() }
            .set("STATE_DIRECTORY", "/");
        if !text.contains("[Plugins]") {
            check = check.with(&["--plugins", "."]);
        }
        check
    }

    fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments.extend(arguments.iter().map(OsString::from));
        self
    }

    fn set(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.push((name.to_owned(), value.into()));
        self
    }

    fn run(self) -> Checked {
        let mut check = command(katalogus());
        check.current_dir(self.directory.path()).args(["--check", "-c", "x.cfg"]);
        check.args(self.arguments).envs(self.variables);
        Checked::of(&mut check)
    }
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_place() {
    let checked = Check::of(
        "[Global]\nport = high\nbind = a b\ngeneration = 1.16\nssl = true\n[Database]\nuri = mysql://x\n\
         migrate = maybe\n[Encryption]\nmiddleware = NACL_SEALBOX\nprivate_key = short\n[Plugins]\n\
         check_every = never\n",
    )
    .set("KATALOGUS_DB_CONNECTION_POOL_SIZE", "none")
    .run();
    assert_eq!((checked.code, checked.shown.as_str()), (78, ""));
    // Whether the folder of the plugins is there is for a warning.
    let errors = checked.told.lines().filter(|line| !line.starts_with("warning: "));
    assert_eq!(
        errors.collect::<Vec<_>>(),
        [
            "error: x.cfg:2: [Global] port: is not a whole number",
            "error: x.cfg:3: [Global] bind: address 1 is neither an address nor a host name",
            "error: x.cfg:4: [Global] generation: must be one of 1.15, 1.20",
            "error: x.cfg:7: [Database] uri: it begins with neither sqlite:/// nor postgresql://",
            "error: x.cfg:1: [Global] sslcert: must be set",
            "error: x.cfg:8: [Database] migrate: must be one of true, yes, on, 1, false, no, off, 0",
            "error: x.cfg:11: [Encryption] private_key: is not the base64 of 32 bytes",
            "error: x.cfg:9: [Encryption] public_key: must be set, since `middleware` is \
             NACL_SEALBOX",
            "error: x.cfg:13: [Plugins] check_every: is not a number of seconds",
            "error: environment: KATALOGUS_DB_CONNECTION_POOL_SIZE: must be a whole number from 1 \
             to 256",
        ]
    );
}

#[test]
fn options_go_before_variables_and_variables_before_the_file() {
    let text = "[Global]\nbind = 127.0.0.2\nport = 1\ngeneration = 1.15\n[Database]\n\
                uri = sqlite:////file.db\nconnections = 1\n[Plugins]\ndirectory = /file\n";
    let of_file = Check::of(text).run();
    for (key, value) in [
        ("bind", "127.0.0.2"),
        ("uri", "\"sqlite:////file.db\""),
        ("connections", "1"),
        ("directory", "\"/file\""),
    ] {
        assert_eq!(of_file.value(key), Some(value), "{key}: {}", of_file.told);
    }
    let variables = |check: Check| {
        check
            .set("katalogus_DB_uri", "sqlite:////variable.db")
            .set("KATALOGUS_DB_CONNECTION_POOL_SIZE", "7")
            .set("DATABASE_MIGRATION", "1")
    };
    let of_environment = variables(Check::of(text)).run();
    assert_eq!(of_environment.value("uri"), Some("\"sqlite:////variable.db\""));
    assert_eq!(of_environment.value("connections"), Some("7"));
    assert_eq!(of_environment.value("migrate"), Some("true"));
    let of_options = variables(Check::of(text))
        .with(&["--listen", "127.0.0.3:9", "--database", "sqlite:////option.db"])
        .with(&["--plugins", "/option", "--generation", "1.20"])
        .run();
    for (key, value) in [
        ("bind", "127.0.0.3"),
        ("port", "9"),
        ("uri", "\"sqlite:////option.db\""),
        ("directory", "\"/option\""),
        ("generation", "1.20"),
    ] {
        assert_eq!(of_options.value(key), Some(value), "{key}: {}", of_options.told);
    }
}

#[test]
fn the_original_s_names_of_the_encryption_count_in_their_order() {
    let keys = |check: Check| {
        check.set("KATALOGUS_PRIVATE_KEY_B64", KEY).set("KATALOGUS_PUBLIC_KEY_B64", KEY)
    };
    for name in
        ["BYTES_ENCRYPTION_MIDDLEWARE", "ENCRYPTION_MIDDLEWARE", "BOEFJES_ENCRYPTION_MIDDLEWARE"]
    {
        let checked = keys(Check::of("")).set(name, "NACL_SEALBOX").run();
        assert_eq!(checked.value("middleware"), Some("NACL_SEALBOX"), "{name}: {}", checked.told);
        assert_eq!(checked.value("private_key"), Some("(hidden)"));
    }
    let checked = keys(Check::of(""))
        .set("BYTES_ENCRYPTION_MIDDLEWARE", "nonsense")
        .set("ENCRYPTION_MIDDLEWARE", "IDENTITY")
        .set("BOEFJES_ENCRYPTION_MIDDLEWARE", "NACL_SEALBOX")
        .run();
    assert_eq!(checked.value("middleware"), Some("NACL_SEALBOX"), "{}", checked.told);
    // The newer names of the keys go before the older ones.
    let checked = keys(Check::of("[Encryption]\nmiddleware = NACL_SEALBOX\n"))
        .set("BOEFJES_KATALOGUS_PRIVATE_KEY", "short")
        .run();
    let told = "error: environment: BOEFJES_KATALOGUS_PRIVATE_KEY: is not the base64 of 32 bytes\n";
    assert_eq!(checked.told, told);
}

#[test]
fn what_the_original_wants_and_this_does_not_is_passed_over() {
    let mut check = Check::of("");
    for name in ["QUEUE_URI", "SCHEDULER_API", "BYTES_USERNAME", "BYTES_PASSWORD", "OCTOPOES_API"] {
        check = check.set(name, "anything at all");
    }
    let checked = check.with(&["--strict"]).run();
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
    let checked = Check::of("").set("LOG_CFG", "/logging.json").run();
    assert_eq!(checked.code, 0);
    assert_eq!(
        checked.told,
        "warning: environment: LOG_CFG: is ignored: -l and -v say where the log goes and how much \
         it says\n"
    );
}

#[test]
fn what_other_machines_reach_without_a_secret_is_warned_of() {
    let told = |text: &str, arguments: &[&str]| Check::of(text).with(arguments).run();
    let far = told("[Global]\nbind = 0.0.0.0\n", &[]);
    let words = "can be reached from other machines, and without `token_file` or `sslca` anybody \
                 there may read and change everything\n";
    assert_eq!((far.code, far.told), (0, format!("warning: x.cfg:2: [Global] bind: {words}")));
    let far = told("", &["--listen", "192.0.2.1:80", "--strict"]);
    assert_eq!((far.code, far.told), (78, format!("warning: command line: --listen: {words}")));
    let token = secret("token");
    let text = format!("[Global]\nbind = 0.0.0.0\ntoken_file = {}\n", path(&token));
    let plain = told(&text, &[]);
    let words = "and without `ssl` the token crosses the network as plain text\n";
    assert!(plain.told.ends_with(words) && plain.told.lines().count() == 1, "{}", plain.told);
    for near in ["127.0.0.2", "::1", "localhost", "unix:/run/katalogus/socket"] {
        let near = told(&format!("[Global]\nbind = {near}\n"), &["--strict"]);
        assert_eq!((near.code, near.told.as_str()), (0, ""));
    }
}

#[test]
fn secrets_are_not_shown_and_files_that_everybody_can_read_are_warned_of() {
    use std::os::unix::fs::PermissionsExt as _;

    let (key, token) = (secret(KEY), secret("token"));
    let text = format!(
        "[Global]\ntoken_file = {}\n[Encryption]\nmiddleware = NACL_SEALBOX\n\
         private_key_file = {}\npublic_key = {KEY}\n[Database]\n\
         uri = \"postgresql://u:secret@h/db?password=secret\"\n",
        path(&token),
        path(&key)
    );
    // A build without PostgreSQL tells no more of the URI.
    let checked = Check::of(&text).run();
    assert!(!checked.shown.contains("secret@") && !checked.told.contains("secret@"));
    let text = text.split("[Database]").next().unwrap();
    let checked = Check::of(text).with(&["--strict"]).run();
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
    assert_eq!(checked.value("private_key_file"), Some(format!("{:?}", key.path()).as_str()));
    for file in [&key, &token] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).unwrap();
    }
    let checked = Check::of(text).with(&["--strict"]).run();
    assert_eq!(checked.code, 78);
    let words = "can be read by every user of this machine";
    assert_eq!(
        checked.told.lines().collect::<Vec<_>>(),
        [
            format!("warning: x.cfg:2: [Global] token_file: {words}"),
            format!("warning: x.cfg:5: [Encryption] private_key_file: {words}"),
        ]
    );
}

#[test]
fn of_a_text_and_its_file_only_one_may_stand_there() {
    let file = secret("sqlite:////x.db");
    let both = format!("[Database]\nuri = sqlite:////y.db\nuri_file = {}\n", path(&file));
    let checked = Check::of(&both).run();
    let told = "error: x.cfg:3: [Database] uri_file: stands beside `uri`: only one of them may be \
                set\n";
    assert_eq!((checked.code, checked.told.as_str()), (78, told));
    let checked = Check::of("[Database]\nuri_file = /nowhere\n").run();
    assert!(checked.told.starts_with("error: x.cfg:2: [Database] uri_file: cannot be read: "));
}

#[test]
fn a_uri_that_libpq_cannot_read_is_refused_and_never_shown() {
    for rest in ["u:TOP%zzSECRET@h/db", "u:TOPSECRET@[::1/db", "u:TOPSECRET", "h/db?TOPSECRET"] {
        let uri = format!("postgresql://{rest}");
        let checked = Check::of("").set("KATALOGUS_DB_URI", &uri).run();
        assert_eq!(checked.code, 78, "{rest}");
        let start = "error: environment: KATALOGUS_DB_URI: ";
        assert!(checked.told.starts_with(start) && checked.told.lines().count() == 1);
        let checked = Check::of(&format!("[Database]\nuri = \"{uri}\"\n")).run();
        assert!(checked.told.starts_with("error: x.cfg:2: [Database] uri: "), "{}", checked.told);
        assert!(!checked.told.contains("SECRET"), "{}", checked.told);
        for arguments in [&["export"][..], &[]] {
            let mut program = command(katalogus());
            program.args(arguments).env("KATALOGUS_DB_URI", &uri);
            let checked = Checked::of(&mut program);
            assert_eq!(checked.code, 78, "{rest}");
            assert!(!checked.told.contains("SECRET"), "{}", checked.told);
        }
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_wrong_and_not_as_if_it_were_not_there() {
    let bytes = OsString::from_vec(b"postgresql://u:caf\xe9@h/db".to_vec());
    for name in ["KATALOGUS_DB_URI", "katalogus_db_uri", "BOEFJES_ENCRYPTION_MIDDLEWARE"] {
        let checked = Check::of("").set(name, bytes.clone()).run();
        let told = format!("error: environment: {name}: is not UTF-8\n");
        assert_eq!((checked.code, checked.told), (78, told));
    }
}

#[test]
fn what_is_named_and_not_there_is_told_with_its_place() {
    let file = secret("no certificate");
    let text = format!("[Plugins]\ndirectory = .\nremote_ca = {}\n", path(&file));
    let checked = Check::of(&text).run();
    let told = format!("error: x.cfg:3: [Plugins] remote_ca: {}: no certificates\n", path(&file));
    assert_eq!((checked.code, checked.told), (78, told));
    let text = "[Plugins]\ndirectory = nowhere\npython = nobody-has-this\n\
                python_path = /, /nowhere\n[Database]\nuri = sqlite:////nowhere/k.db\n";
    let checked = Check::of(text).with(&["--strict"]).run();
    assert_eq!(checked.code, 78);
    let lacking = "No such file or directory (os error 2)";
    assert_eq!(
        checked.told.lines().collect::<Vec<_>>(),
        [
            format!("warning: x.cfg:2: [Plugins] directory: nowhere: {lacking}"),
            "warning: x.cfg:3: [Plugins] python: nobody-has-this: there is no such program".into(),
            format!("warning: x.cfg:4: [Plugins] python_path: /nowhere: {lacking}"),
            "warning: x.cfg:6: [Database] uri: /nowhere: there is no such directory".into(),
        ]
    );
    assert_eq!(Check::of(text).run().code, 0, "they may come");
    let uri = "sqlite:////nowhere/k.db";
    let checked = Check::of("").set("KATALOGUS_DB_URI", uri).run();
    let told = "environment: KATALOGUS_DB_URI: /nowhere: there is no such directory\n";
    assert_eq!(checked.told, format!("warning: {told}"));
    let checked = Check::of("").with(&["--database", uri]).run();
    let told = "command line: --database: /nowhere: there is no such directory\n";
    assert_eq!(checked.told, format!("warning: {told}"));
    let python = "[Plugins]\ndirectory = .\npython = /bin/sh\n";
    let checked = Check::of(python).with(&["--strict"]).run();
    assert_eq!((checked.code, checked.told.as_str()), (0, ""));
}

#[test]
fn the_state_s_directory_is_where_the_database_is() {
    let checked = Check::of("").set("STATE_DIRECTORY", "/state/of:/others").run();
    assert_eq!(checked.value("uri"), Some("\"sqlite:////state/of/katalogus.db\""));
}
