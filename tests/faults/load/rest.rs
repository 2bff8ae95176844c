//! What a daemon costs that has nothing to do, and how soon it is ready.

use std::fs;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use ostler_tests::binaries::bui_monitor;
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::memory;
use ostler_tests::{FakeBurp, Manager, PATIENCE, wait_until};

use super::{judge, settings};

/// The bound is meant for so long.
const HOUR: f64 = 3600.0;

/// Nothing happens for so long when what was to be done is done.
const QUIET: Duration = Duration::from_millis(1500);

/// What the kernel has counted for all threads of a process.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    pub(crate) seconds: f64,
    /// A thread that waits and goes on has been woken.
    pub(crate) wakes: u64,
}

impl Spent {
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds far below 2^52")]
    pub(crate) fn by(pid: u32) -> Self {
        let mut all = Self { seconds: 0.0, wakes: 0 };
        for task in fs::read_dir(format!("/proc/{pid}/task")).unwrap() {
            let task = task.unwrap().path();
            let read = |name: &str| fs::read_to_string(task.join(name)).unwrap();
            let spent: u64 = read("schedstat").split(' ').next().unwrap().parse().unwrap();
            all.seconds += spent as f64 / 1e9;
            let status = read("status");
            let line =
                status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            all.wakes += line.unwrap().trim().parse::<u64>().unwrap();
        }
        all
    }
}

/// Waits until nothing has woken it for a while: what it did to start is over.
fn settled(pid: u32) -> Spent {
    let (mut last, mut since) = (Spent::by(pid), now());
    wait_until(Deadline::after(PATIENCE), "it has settled", || {
        let spent = Spent::by(pid);
        if spent.wakes != last.wakes {
            (last, since) = (spent, now());
        }
        (now().duration_since(since) >= QUIET).then_some(spent)
    })
}

/// What a process spends from `before` on while nobody asks it for anything: seconds of processor time
/// an hour, and wake-ups a second.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(crate) fn resting(pid: u32, before: Spent) -> (f64, f64) {
    let time = rest_time();
    let end = now() + time;
    let patience = Deadline::after(time + PATIENCE);
    wait_until(patience, "the time is over", || (now() >= end).then_some(()));
    let after = Spent::by(pid);
    let seconds = time.as_secs_f64();
    let spent = (after.seconds - before.seconds) * HOUR / seconds;
    (spent, (after.wakes - before.wakes) as f64 / seconds)
}

/// How long it is watched.
fn rest_time() -> Duration {
    Duration::from_secs(if is_long() { 1800 } else { 5 })
}

/// Enters what a process costs that is left alone.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(crate) fn rests(fault: &mut Fault, pid: u32) {
    let (spent, wakes) = resting(pid, settled(pid));
    let seconds = rest_time().as_secs();
    let words = format!("{spent:.3} s of CPU an hour, extrapolated from {seconds} s");
    if is_long() {
        judge(fault, words, spent <= 0.1);
    } else {
        fault.saw(words);
    }
    fault.figure(format!("{wakes:.2} wake-ups/s"), wakes <= 1.0);
    let mebibytes = |figure| memory(pid, figure) as f64 / f64::from(1 << 20);
    let (all, own) = (mebibytes("VmRSS"), mebibytes("RssAnon"));
    fault.figure(format!("{own:.2} MiB of memory of its own"), own <= 1.0);
    if all > 4.0 {
        fault.explain(format!(
            "RSS {all:.2} MiB with the pages of its program and of libc, which the kernel maps as \
             it finds them in its cache"
        ));
    } else {
        fault.saw(format!("RSS {all:.2} MiB"));
    }
}

#[test]
fn l07_a_daemon_that_is_left_alone_rests() {
    let fake = FakeBurp::new();
    // With as many threads as it has where nobody asks for more.
    let daemon = settings(&fake).set("pool", "3").set("threads", "4").start();
    daemon.wait_ready(3);
    let mut fault = Fault::begin("L07");
    rests(&mut fault, daemon.pid());
    assert_eq!(daemon.query("c:client1").status(), "OK");
}

#[test]
fn l08_it_is_soon_ready() {
    let fake = FakeBurp::new();
    // Built before the time counts.
    bui_monitor();
    let mut fault = Fault::begin("L08");
    let runs = if is_long() { 20 } else { 3 };
    let mut all: Vec<(Duration, Duration)> = Vec::new();
    for _ in 0..runs {
        let manager = Manager::new();
        let settings =
            settings(&fake).set("pool", "5").environment("NOTIFY_SOCKET", manager.path());
        fault.injected();
        let daemon = settings.launch();
        manager.wait("READY=1");
        let ready = fault.elapsed();
        daemon.wait_ready(5);
        all.push((ready, fault.elapsed()));
    }
    all.sort_unstable();
    let (ready, whole) = all[runs / 2];
    // The child of the scripted burp takes little time: it is not taken off.
    judge(
        &mut fault,
        format!("READY after {:.3} s, children's starts included", ready.as_secs_f64()),
        ready.as_secs_f64() <= 0.15,
    );
    fault.saw(format!("all five after {:.3} s (medians of {runs})", whole.as_secs_f64()));
}
