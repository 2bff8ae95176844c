//! A log that nobody reads, and a disk that is full.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Command;

use ostler_tests::controller::{Reply, usual};
use ostler_tests::process::{Process, command};
use ostler_tests::wire::{ask, query};
use ostler_tests::{
    Address, FakeBurp, Fault, Load, Question, Settings, Step, Wire, process, wait_for,
};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::children::{CLIENTS, POOL, QUERY, standard, total};

/// Has every child say so much with each answer that a log at the lowest level is soon full.
fn chatty(burp: &FakeBurp) {
    burp.rule(|_, question| match question {
        Question::Query(query) if query.starts_with(b"c:client") => {
            Reply::Do(vec![Step::Logline("x".repeat(2000)), Step::Answer])
        }
        _ => usual(question),
    });
}

/// Has a daemon listen where its log need not tell.
fn at(settings: &Settings, place: &Path) -> (Settings, Address) {
    let socket = place.join("socket");
    let bind = format!("unix:{}", socket.display());
    (settings.clone().set("bind", &bind), Address::Unix(socket))
}

fn status(address: &Address) -> Value {
    ask(address, &json!({ "func": "status" })).json()
}

fn wait_whole(address: &Address) {
    wait_for("it listens", || Wire::try_connect(address).is_ok());
    wait_for("the pool is whole", || status(address)["n_ready"] == POOL);
}

/// A daemon without standard error.
fn mute(daemon: &Path) -> Command {
    let mut shell = command("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>&-"]).arg(daemon);
    shell
}

/// A daemon whose standard error is the pipe at `PIPE`.
fn piped(daemon: &Path) -> Command {
    let mut shell = command("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" 2>\"$PIPE\""]).arg(daemon);
    shell
}

#[test]
fn r04_nobody_takes_the_log() {
    let mut fault = Fault::begin("R04");
    let burp = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let (settings, address) = at(&standard(&burp), place.path());
    let daemon = settings.clone().arguments(["-vvvvv"]).through(mute).launch();
    wait_whole(&address);
    let load = Load::start(&address, CLIENTS);
    load.pass(CLIENTS * 10);
    let answered = load.end();
    fault.saw(format!("standard error closed: {answered} of {answered} answers"));
    drop(daemon);

    let path = place.path().join("pipe");
    assert!(Process::start(command("mkfifo").arg(&path)).ended().success());
    // Opened for both, so that opening does not wait for the other side.
    let mut pipe = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let settings = settings.arguments(["-vvvvv"]).environment("PIPE", &path).through(piped);
    let daemon = settings.launch();
    wait_whole(&address);
    chatty(&burp);
    let load = Load::start(&address, CLIENTS);
    load.pass(CLIENTS * 50);
    fault.saw(format!("a full pipe unread: {} answers", load.answered()));
    let told = lost(&mut pipe);
    assert!(told > 0);
    fault.saw(format!("{told} lost lines told when it was read again"));
    // Now nobody can read it ever.
    drop(pipe);
    load.pass(CLIENTS * 10);
    let answered = load.end();
    fault.saw(format!("its reader gone: {answered} answers in all, every one right"));
    drop(daemon);
}

/// Reads the log until it says how many lines were lost.
fn lost(pipe: &mut File) -> u64 {
    let told = BufReader::new(pipe)
        .lines()
        .find_map(|line| line.unwrap().strip_prefix('(')?.split_once(" log lines")?.0.parse().ok());
    told.expect("a pipe that both sides hold open")
}

/// A daemon that sees a disk of one mebibyte at `DISK`.
fn on_small_disk(daemon: &Path) -> Command {
    let mut private = command("unshare");
    let own =
        if rustix::process::getuid().is_root() { "--mount" } else { "--mount --map-root-user" };
    private.args(own.split(' ')).args(["sh", "-c"]);
    private.arg("mount -t tmpfs -o size=1m none \"$DISK\" && exec \"$0\" \"$@\"").arg(daemon);
    private
}

#[test]
fn r05_the_disk_is_full_where_the_log_and_the_state_live() {
    let mut fault = Fault::begin("R05");
    let place = tempfile::tempdir().unwrap();
    let disk = place.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let tried = Process::start(on_small_disk(Path::new("true")).env("DISK", &disk)).ended();
    if !tried.success() {
        return fault.explain("this user cannot have a small disk of its own");
    }
    let burp = FakeBurp::new();
    // The relay writes a file for every child.
    let settings = standard(&burp)
        .set("transport", "relay")
        .set("runtime_dir", disk.to_str().unwrap())
        .environment("DISK", &disk)
        .arguments(["-vvvvv".into(), "-l".into(), disk.join("log").into_os_string()]);
    let (settings, address) = at(&settings, place.path());
    let daemon = settings.through(on_small_disk).launch();
    wait_whole(&address);
    // The disk is the daemon's own, and is seen through it.
    let seen = |path: &Path| {
        let path = path.strip_prefix("/").unwrap();
        Path::new(&format!("/proc/{}/root", daemon.pid())).join(path)
    };
    let disk = seen(&disk);
    let mut fill = File::create(disk.join("fill")).unwrap();
    wait_for("the disk is full", || fill.write(&[0; 4096]).is_err());
    chatty(&burp);
    let load = Load::start(&address, CLIENTS);
    daemon.wait_log("the log file cannot be written to: No space left on device");
    load.pass(CLIENTS * 10);
    fault.saw("the failing log file is told on standard error");
    let killed = daemon.children()[0];
    process::kill(killed.pid, Signal::KILL);
    wait_for("no successor can be started", || total(&status(&address), "failed_starts") >= 1);
    load.pass(CLIENTS * 10);
    let errors = status(&address)["last_errors"].to_string();
    assert!(errors.contains("relay to the burp server cannot be made"), "{errors}");
    let left = fs::read_dir(&disk).unwrap().flatten();
    let left = left.filter_map(|entry| fs::read_dir(entry.path()).ok()).flatten().count();
    assert_eq!(left, 0, "no partial file");
    let (answered, wrong) = load.finish();
    assert!(wrong.is_empty(), "{wrong:?}");
    fault.saw(format!("{answered} requests answered, status tells why a child is missing"));
    drop(fill);
    fs::remove_file(disk.join("fill")).unwrap();
    wait_whole(&address);
    assert_eq!(query(&address, QUERY).status(), "OK");
    let log = fs::read_to_string(disk.join("log")).unwrap();
    let told = log.lines().find(|line| line.starts_with('(')).expect("a count of lost lines");
    fault.saw(format!("with room again: whole, and the log says {told}"));
}
