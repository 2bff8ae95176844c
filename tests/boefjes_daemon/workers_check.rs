//! The command line and the configuration: what takes effect, and what is wrong.

use std::process::Output;

use ostler_tests::binaries::boefjes;
use ostler_tests::openkat::{PASSWORD, USERNAME};
use ostler_tests::process::command;

/// The variables without which there are no services.
const SERVICES: [(&str, &str); 6] = [
    ("SCHEDULER_API", "http://scheduler:8000/"),
    ("KATALOGUS_API", "http://katalogus:8000"),
    ("OCTOPOES_API", "http://octopoes:8000"),
    ("BYTES_API", "https://bytes/api"),
    ("BYTES_USERNAME", USERNAME),
    ("BYTES_PASSWORD", PASSWORD),
];

/// Runs it with a configuration file of this text.
fn run(
    arguments: &[&str],
    variables: &[(&str, &str)],
    text: &str,
) -> (Option<i32>, String, String) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("b.cfg");
    ostler_tests::checked::write(&file, text);
    let mut start = command(boefjes());
    start.args(arguments).arg("-c").arg(&file).env_clear();
    let Output { status, stdout, stderr } = start.envs(variables.iter().copied()).output().unwrap();
    let text = |bytes| {
        let place = format!("{}/", directory.path().display());
        String::from_utf8(bytes).unwrap().replace(&place, "")
    };
    (status.code(), text(stdout), text(stderr))
}

fn check(variables: &[(&str, &str)], text: &str) -> (Option<i32>, String, String) {
    run(&["--check"], &[SERVICES.as_slice(), variables].concat(), text)
}

#[test]
fn what_takes_effect_is_shown_without_secrets() {
    let (code, shown, _) = check(&[], "[Global]\ndrain = 5\n");
    assert_eq!(code, Some(0));
    for line in [
        "pool_size = 2",
        "poll_interval = 10",
        "drain = 5",
        "generation = auto",
        "job_deadline = 3600",
        "scheduler = \"http://scheduler:8000\"",
        "bytes = \"https://bytes/api\"",
        "bytes_password = (hidden)",
        "outgoing_request_timeout = 30",
        "remote_ns = 1.1.1.1",
        "network = bridge",
        "port = 8000",
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(!shown.contains(PASSWORD));
}

#[test]
fn every_variable_of_the_original_is_heard_under_all_its_names() {
    for (name, value, line) in [
        ("BOEFJES_POOL_SIZE", "3", "pool_size = 3"),
        ("POOL_SIZE", "4", "pool_size = 4"),
        ("boefjes_pool_size", "5", "pool_size = 5"),
        ("BOEFJES_POLL_INTERVAL", "0.5", "poll_interval = 0.5"),
        ("POLL_INTERVAL", "7", "poll_interval = 7"),
        ("BOEFJES_REMOTE_NS", "9.9.9.9", "remote_ns = 9.9.9.9"),
        ("BOEFJES_SCAN_PROFILE_WHITELIST", r#"{"a": 2}"#, r#"scan_profile_whitelist = '{"a":2}'"#),
        ("BOEFJES_API", "http://b:1/", "api = \"http://b:1\""),
        ("BOEFJE_API", "http://c:1", "api = \"http://c:1\""),
        ("BOEFJES_API_HOST", "::1", "bind = ::1"),
        ("BOEFJES_BOEFJE_API_HOST", "127.0.0.2", "bind = 127.0.0.2"),
        ("BOEFJES_API_PORT", "81", "port = 81"),
        ("BOEFJES_BOEFJE_API_PORT", "82", "port = 82"),
        ("BOEFJES_DOCKER_NETWORK", "a", "network = a"),
        ("BOEFJE_DOCKER_NETWORK", "b", "network = b"),
        ("BOEFJES_OUTGOING_REQUEST_TIMEOUT", "3", "outgoing_request_timeout = 3"),
        ("BOEFJES_DEDUPLICATE", "true", "deduplicate = true"),
        ("DEDUPLICATE", "1", "deduplicate = true"),
        ("BOEFJES_PLUGINS", r#"["a", "b"]"#, r#"plugins = "a", "b""#),
        ("PLUGINS", "a, b", r#"plugins = "a", "b""#),
        ("BOEFJES_IMAGES", "x/y", r#"images = "x/y""#),
        ("STATE_DIRECTORY", "/first:/second", r#"state = "/first""#),
    ] {
        let (code, shown, errors) = check(&[(name, value)], "");
        assert_eq!(code, Some(0), "{errors}");
        assert!(shown.lines().any(|shown| shown == line), "{name}: {line}\n{shown}");
    }
    for ignored in ["BOEFJES_WORKER_HEARTBEAT", "BOEFJES_LOGGING_FORMAT"] {
        let (code, _, errors) = check(&[(ignored, "1")], "");
        assert_eq!(code, Some(0));
        assert!(
            errors.contains(&format!("warning: environment: {ignored}: is ignored")),
            "{errors}"
        );
    }
}

#[test]
fn the_environment_goes_before_the_file_and_options_before_both() {
    let text = "[Global]\npool_size = 7\n[Plugins]\npython = a\n[Containers]\nengine = podman\n";
    let (_, shown, _) = check(&[("POOL_SIZE", "3")], text);
    assert!(
        shown.contains("pool_size = 3\n") && shown.contains("engine = \"podman\"\n"),
        "{shown}"
    );
    let (_, shown, _) = run(
        &["--check", "--python", "b", "--engine", "c", "--generation", "1.20"],
        &SERVICES,
        text,
    );
    for line in ["python = \"b\"\n", "engine = \"c\"\n", "generation = 1.20\n"] {
        assert!(shown.contains(line), "{shown}");
    }
    // The service manager names a folder for when nobody else does.
    let variables = [SERVICES.as_slice(), &[("STATE_DIRECTORY", "/manager")]].concat();
    let text = "[Global]\nstate = /file\n";
    let (_, shown, _) = run(&["--check"], &variables, text);
    assert!(shown.contains("state = \"/file\"\n"), "{shown}");
    let (_, shown, _) = run(&["--check", "--state", "/option"], &variables, text);
    assert!(shown.contains("state = \"/option\"\n"), "{shown}");
}

#[test]
fn all_that_is_wrong_is_told_in_one_run() {
    let text = "[Global]\npool_size = many\ndrain = -1\n[Limits]\nmemory = 1 lot\nword = 1\n";
    let variables = [
        ("BOEFJES_POLL_INTERVAL", "soon"),
        ("BOEFJES_SCAN_PROFILE_WHITELIST", r#"{"a": 5, "b": "1"}"#),
        ("BOEFJES_API_PORT", "70000"),
        ("SCHEDULER_API", "scheduler:8000"),
    ];
    for arguments in [&["--check"][..], &["boefje"]] {
        let variables: Vec<_> = SERVICES[1..].iter().copied().chain(variables).collect();
        let (code, shown, errors) = run(arguments, &variables, text);
        assert_eq!((code, shown.as_str()), (Some(78), ""));
        for words in [
            "b.cfg:2: [Global] pool_size: is not a whole number",
            "b.cfg:3: [Global] drain: is not a number of seconds",
            "b.cfg:5: [Limits] memory: is not a number of bytes",
            "environment: BOEFJES_POLL_INTERVAL: must be a number of seconds from 0.001 to 86400",
            "environment: BOEFJES_SCAN_PROFILE_WHITELIST: a: a level must be a whole number from 0",
            "environment: BOEFJES_SCAN_PROFILE_WHITELIST: b: a level",
            "environment: BOEFJES_API_PORT: must be a whole number from 0 to 65535",
            "environment: SCHEDULER_API: ",
        ] {
            assert!(errors.contains(words), "{words}\n{errors}");
        }
    }
}

#[test]
fn services_are_needed_unless_there_is_a_local_folder() {
    let (code, _, errors) = run(&["boefje"], &[], "[Services]\nscheduler =\n");
    assert_eq!(code, Some(78));
    for name in ["KATALOGUS_API", "OCTOPOES_API", "BYTES_API", "BYTES_USERNAME", "BYTES_PASSWORD"] {
        assert!(errors.contains(&format!("environment: {name}: must be set, or `")), "{errors}");
    }
    assert!(errors.contains("b.cfg:2: [Services] scheduler: must not be empty"), "{errors}");
    let (code, shown, errors) = run(&["--check", "--local", "/l"], &[], "");
    assert_eq!(code, Some(0), "{errors}");
    assert!(shown.contains("local = \"/l\"\n") && !shown.contains("[Services]"), "{shown}");
}

#[test]
fn what_is_odd_fails_a_strict_check_only() {
    let text = "[Global]\npool = 3\n";
    let (code, _, errors) = check(&[], text);
    assert_eq!(code, Some(0));
    assert!(errors.contains("warning: b.cfg:2: [Global] pool: is not known"), "{errors}");
    assert_eq!(run(&["--check", "--strict"], &SERVICES, text).0, Some(78));
    let (_, _, errors) = check(&[("BOEFJES_API_HOST", "0.0.0.0")], "");
    assert!(errors.contains("warning: environment: BOEFJES_API_HOST: can be reached"), "{errors}");
}

#[test]
fn a_wrong_command_line_ends_with_2_and_the_usage() {
    for arguments in
        [&["--log-level", "debug", "boefje"][..], &["both"], &[], &["boefje", "--pool-size", "2"]]
    {
        let (code, shown, errors) = run(arguments, &SERVICES, "");
        assert_eq!((code, shown.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(errors.contains("Usage: boefjes"), "{errors}");
    }
    let (code, shown, _) = run(&["--help"], &[], "");
    assert_eq!(code, Some(0));
    for word in ["boefje", "normalizer", "--log-level", "DEBUG, INFO, WARNING, ERROR", "--plugins"]
    {
        assert!(shown.contains(word), "{word}\n{shown}");
    }
}

#[test]
fn images_that_cannot_reach_the_address_that_they_are_told_are_odd() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[Plugins]\ndirectory = {}\n", folder.path().display());
    let words = "containers on this network cannot reach this address";
    assert!(!check(&[], &text).2.contains(words));
    crate::api::write_boefje(folder.path(), "image", &serde_json::json!({"oci_image": "i"}));
    let (code, _, errors) = check(&[], &text);
    assert!(code == Some(0) && errors.contains(words), "{errors}");
    assert!(!check(&[("BOEFJES_DOCKER_NETWORK", "host")], &text).2.contains(words));
    let (_, shown, errors) = check(&[], &format!("{text}[Containers]\nport = off\n"));
    assert!(shown.lines().any(|line| line == "port = off"), "{shown}{errors}");
}

#[test]
fn what_is_odd_is_told_beside_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[Plugins]\ndirectory = {}\n", folder.path().join("gone").display());
    let text = format!("{text}[Global]\npool_size = many\n");
    for arguments in [&["--check"][..], &["--check", "--strict"]] {
        let (code, shown, errors) = run(arguments, &SERVICES, &text);
        assert_eq!((code, shown.as_str()), (Some(78), ""), "{errors}");
        assert!(errors.contains("error: ") && errors.contains("pool_size"), "{errors}");
        assert!(errors.contains("warning: ") && errors.contains("gone"), "{errors}");
    }
}
