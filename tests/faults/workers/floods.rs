//! Signals in great numbers, while tasks are done.

use ostler_tests::Fault;
use ostler_tests::openkat_tasks::DONE;
use ostler_tests::program::RELOADED;
use rustix::process::Signal;

use super::{openkat, workers};
use crate::signals::flood::{BURSTS, FLOOD, HARMLESS, Threads};

#[test]
fn wrk_s09_floods_of_signals_change_nothing() {
    let openkat = openkat();
    let mut workers = workers(&openkat);
    let hosts = workers.hosts();
    let tasks: Vec<String> = (0..300).map(|_| openkat.queue_boefje("trivial")).collect();
    openkat.wait("some are done", |books| books.raws.len() > 10);
    let mut fault = Fault::begin("WRK-S09");
    for _ in 0..FLOOD {
        for signal in HARMLESS {
            workers.signal(signal);
        }
    }
    assert!(workers.reload());
    for task in &tasks {
        openkat.wait_history(task, &DONE);
    }
    assert_eq!(workers.hosts(), hosts);
    workers.log().wait("status: {");
    let dumps = workers.log().count("status: {");
    fault.saw(format_args!(
        "{FLOOD} each of PIPE, CHLD, USR1, WINCH and URG: the same hosts, 300 tasks completed; \
         {dumps} status dumps in the log"
    ));
}

#[test]
fn wrk_s10_no_reload_and_no_stop_is_lost_on_any_thread() {
    let openkat = openkat();
    let mut workers = workers(&openkat);
    let tasks: Vec<String> = (0..300).map(|_| openkat.queue_boefje("trivial")).collect();
    openkat.wait("some are done", |books| books.raws.len() > 10);
    let mut fault = Fault::begin("WRK-S10");
    let mut sent = 0;
    for burst in 1..=BURSTS {
        sent += Threads::of(workers.pid()).burst(burst, Signal::HUP);
        workers.log().wait_count(RELOADED, burst);
    }
    let seconds = fault.elapsed().as_secs_f64();
    assert_eq!(workers.log().count(RELOADED), BURSTS);
    fault.figure(
        format_args!("{sent} signals in {seconds:.1} s, of {BURSTS} reloads none lost"),
        sent >= 10_000 && seconds <= 60.0,
    );
    let threads = Threads::of(workers.pid());
    threads.burst(0, Signal::TERM);
    assert_eq!(workers.ended().code(), Some(0));
    let aimed = if threads.aimed { "at one thread after the other" } else { "at the process" };
    fault.saw(format_args!("nor the stop in one more burst, aimed {aimed}"));
    for task in &tasks {
        let history = openkat.history(task);
        assert!(
            history == DONE || history.last().is_some_and(|last| last == "queued"),
            "{history:?}"
        );
    }
    fault.saw(format_args!("{} tasks completed meanwhile", openkat.count("completed")));
}
