//! Children that do not start, or are not let in, and a program that becomes another one.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};
use ostler_tests::controller::{Reply, usual};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::{Process, command};
use ostler_tests::{
    Daemon, FakeBurp, Kind, Load, PATIENCE, PrivateBurp, Question, Step, wait_for, wait_until,
};

use super::{CLIENTS, POOL, QUERY, standard, total, whole};

/// What a child says and does that finds no server.
fn refused() -> Vec<Step> {
    let line = |text: &str| Step::Logline(text.to_owned());
    vec![line("Connecting to 127.0.0.1:4972."), line("Could not connect to it"), Step::Exit(4)]
}

#[test]
fn c08_children_exit_at_once_when_they_start() {
    let mut burp = FakeBurp::new();
    burp.at_start(refused());
    let mut fault = Fault::begin("C08");
    let daemon = standard(&burp).start();
    let mut starts: Vec<Instant> = Vec::new();
    // Every slot's first start, and then those of the one slot that tries for all.
    while starts.len() < 6 {
        burp.wait_start();
        starts.push(now());
    }
    let asked = now();
    let told = daemon.query(QUERY).error();
    assert!(told.contains("ould not connect"), "{told}");
    fault.within("a client is told the cause", asked.elapsed(), 0.2);
    let waits: Vec<String> = starts[2..]
        .windows(2)
        .map(|pair| format!("{:.2}", pair[1].duration_since(pair[0]).as_secs_f64()))
        .collect();
    let least = [0.16, 0.32, 0.64];
    let grows = starts[2..].windows(2).zip(least);
    let grows = grows.fold(true, |so_far, (pair, least)| {
        so_far && pair[1].duration_since(pair[0]).as_secs_f64() >= least
    });
    fault.figure(format!("waits of {} s between starts", waits.join(", ")), grows);
    if is_long() {
        let end = Deadline::at(starts[0] + Duration::from_secs(120));
        wait_until(Deadline::after(PATIENCE * 3), "two minutes", || end.passed().then_some(()));
        let spawned = total(&daemon.status(), "starts");
        fault.figure(format!("{spawned} spawns in two minutes"), spawned <= 20);
    }
    burp.behave();
    fault.injected();
    daemon.wait_ready(POOL);
    fault.within("whole after health returned", fault.elapsed(), 30.0);
    assert_eq!(daemon.query(QUERY).status(), "OK");
}

#[test]
fn c09_children_never_greet() {
    let burp = FakeBurp::new();
    burp.rule(|_, question| match question {
        Question::Start => Reply::Hold,
        _ => usual(question),
    });
    let mut fault = Fault::begin("C09");
    let daemon = standard(&burp).set("start_deadline", "1").start();
    wait_for("all are silent", || burp.alive().len() == 3);
    let silent = daemon.children();
    fault.injected();
    ostler_tests::process::wait_gone(&silent);
    fault.within("the spawn deadline of 1 s passed", fault.elapsed(), 1.5);
    wait_for("they count as failed", || total(&daemon.status(), "failed_starts") >= POOL);
    let told = daemon.query(QUERY).error();
    assert!(told.contains("not ready in time"), "{told}");
    fault.saw("counted as failed starts, and clients told");
    burp.behave();
    daemon.wait_ready(POOL);
}

#[test]
fn c21_the_server_lets_no_further_monitor_in() {
    let burp = PrivateBurp::with(Kind::Small, &["--max-status", "2"]);
    let mut fault = Fault::begin("C21");
    let daemon = burp.settings().set("pool", &POOL.to_string()).start();
    let status = wait_until(Deadline::after(PATIENCE), "two are let in and one is not", || {
        let status = daemon.status();
        (status["n_ready"] == 2 && total(&status, "failed_starts") >= 3).then_some(status)
    });
    assert_eq!(status["pool"], POOL, "{status}");
    let told = status["last_errors"][0].as_str().unwrap_or_default();
    assert!(told.contains("max_status_children"), "{status}");
    fault.saw("2 of 3 serve, status names max_status_children");
    assert_eq!(daemon.query("c:client1").json()["clients"][0]["name"], "client1");
    if is_long() {
        let end = Deadline::after(Duration::from_secs(120));
        wait_until(Deadline::after(PATIENCE * 3), "two minutes", || end.passed().then_some(()));
    }
    let minutes = fault.elapsed().as_secs() / 60;
    let failed = total(&daemon.status(), "failed_starts");
    let lines = daemon.log().iter().filter(|line| line.contains("did not start")).count();
    fault.figure(
        format!("{lines} lines of the log for {failed} refusals in minute {}", minutes + 1),
        u64::try_from(lines).unwrap() <= minutes + 1,
    );
}

#[test]
fn c22_the_program_is_replaced_during_work() {
    let burp = FakeBurp::new();
    let daemon = whole(&burp);
    // The version stands in the configuration; its change alone has nobody ask for the version.
    let text = fs::read_to_string(burp.conf()).unwrap();
    fs::write(burp.conf(), text.replace("fake_version = 3.1.4", "fake_version = 3.2.1")).unwrap();
    let load = Load::start(daemon.address(), CLIENTS);
    let mut fault = Fault::begin("C22");
    let next = burp.directory().join("next");
    // A program that this process writes itself might be "busy" when it is started.
    let built = fs::canonicalize(burp.program()).unwrap();
    assert!(Process::start(command("cp").arg(built).arg(&next)).ended().success());
    let new = fs::metadata(&next).unwrap().ino();
    assert_eq!(daemon.call("client_version").text(), "3.1.4");
    fs::rename(&next, burp.program()).unwrap();
    fault.injected();
    wait_for("every child is the new program", || all_run(&daemon, new));
    fault.saw(format!("all are the new program after {:.1} s", fault.elapsed().as_secs_f64()));
    wait_for("the version is read again", || daemon.call("client_version").text() == "3.2.1");
    let answered = load.end();
    fault.saw(format!("the version was read again, {answered} requests answered meanwhile"));
}

/// Whether the pool is whole and its children are this program.
fn all_run(daemon: &Daemon, inode: u64) -> bool {
    let children = daemon.children();
    let program = |pid: u32| fs::metadata(format!("/proc/{pid}/exe")).map(|data| data.ino()).ok();
    children.len() == 3 && children.iter().all(|child| program(child.pid) == Some(inode))
}
