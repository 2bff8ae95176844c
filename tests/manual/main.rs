//! The manual and the programs say the same: each option, key, signal, exit code and variable is in
//! its page, and nothing is in a page that no program knows. What the programs know is asked of the
//! programs: of the definitions of their command lines and of the reader of the configuration.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod broker;
mod keys;
mod options;
mod programs;
mod reload;
mod tables;

use std::fs;

use ostler_tests::binaries::workspace;
use ostler_tests::process::command;

const MONITOR: &str = "bui-monitor.8";
const CONFIGURATION: &str = "bui-monitor.cfg.5";
const STATUS: &str = "bui-status.1";
const CATALOGUE: &str = "katalogus.8";
const CATALOGUE_CONFIGURATION: &str = "katalogus.cfg.5";
const WORKERS: &str = "boefjes.8";
const WORKERS_CONFIGURATION: &str = "boefjes.cfg.5";
const NODE: &str = "broker-node.8";
const NODE_CONFIGURATION: &str = "broker.cfg.5";
const PIPE: &str = "broker-pipe.1";
const THROUGHPUT: &str = "broker-throughput.1";
const LIBRARY: &str = "libostler_broker.3";
const PAGES: [&str; 9] = [
    MONITOR,
    CONFIGURATION,
    STATUS,
    CATALOGUE,
    CATALOGUE_CONFIGURATION,
    WORKERS,
    WORKERS_CONFIGURATION,
    NODE,
    NODE_CONFIGURATION,
];
/// What the tools of the workers are called, a page of their own; their other names lead there.
const TOOLS: &str = "run-boefje.1";

/// The pages of other projects that ours refer to: mandoc tells of references that lead nowhere.
const ELSEWHERE: [&str; 10] = [
    "burp.8",
    "fork.2",
    "mallopt.3",
    "nohup.1",
    "poll.2",
    "sd_listen_fds.3",
    "sd_notify.3",
    "sysexits.3",
    "systemd.service.5",
    "systemd.socket.5",
];

/// Fails with all troubles at once, so that one run tells everything that is to be written.
fn none(troubles: &[String]) {
    assert!(troubles.is_empty(), "{}", troubles.join("\n"));
}

#[test]
fn mandoc_has_nothing_to_say() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| {
        let (_, number) = name.rsplit_once('.').unwrap();
        let folder = directory.path().join(format!("man{number}"));
        fs::create_dir_all(&folder).unwrap();
        folder.join(name)
    };
    for name in ELSEWHERE {
        let (title, number) = name.rsplit_once('.').unwrap();
        let head = format!(".Dd January 1, 2026\n.Dt X {number}\n.Os\n");
        fs::write(at(name), format!("{head}.Sh NAME\n.Nm {title}\n.Nd of others\n")).unwrap();
    }
    let all = [&PAGES[..], &[TOOLS, PIPE, THROUGHPUT, LIBRARY]].concat();
    for &name in &all {
        fs::copy(workspace().join("man").join(name), at(name)).unwrap();
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut run = command(program);
        run.args(arguments).current_dir(workspace().join("man")).env("MANPATH", directory.path());
        let output = run.output().unwrap_or_else(|error| {
            panic!("{program} cannot be started ({error}): please install mandoc")
        });
        let said = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8_lossy(&said).into_owned())
    };
    // mandoc looks references up in an index. Debian has its maker where not everybody's path leads.
    let maker = "/usr/sbin/makewhatis";
    let maker = if fs::exists(maker).unwrap() { maker } else { "makewhatis" };
    let indexed = run(maker, &[directory.path().to_str().unwrap()]);
    assert_eq!(indexed.0, Some(0), "{}", indexed.1);
    let (code, said) = run("mandoc", &[&["-Tlint", "-W", "style"], &all[..]].concat());
    assert_eq!((code, said.as_str()), (Some(0), ""), "{said}");
}
