//! Signals in great numbers: those that mean nothing, and those that must not be lost among them.

use std::fs;
use std::os::fd::OwnedFd;

use ostler_tests::{FakeBurp, Fault, Load, wait_for};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;

use super::{CLIENTS, ready};

/// So many of each signal.
pub(crate) const FLOOD: usize = 1000;

/// Those that change nothing.
pub(crate) const HARMLESS: [Signal; 5] =
    [Signal::PIPE, Signal::CHILD, Signal::USR1, Signal::WINCH, Signal::URG];

/// The signals of a burst, beside the one that must not be lost in it.
const NOISE: [Signal; 4] = [Signal::USR1, Signal::CHILD, Signal::PIPE, Signal::WINCH];

/// Bursts, and signals in each: 10 000 in all.
pub(crate) const BURSTS: usize = 50;
const BURST: usize = 200;

/// `PIDFD_THREAD`: the descriptor stands for one thread and not for its process.
const OF_A_THREAD: u32 = 0o200; // O_EXCL

#[test]
fn s09_floods_of_signals_change_nothing() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake);
    let children = daemon.wait_children(3);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(20);
    let mut fault = Fault::begin("S09");
    for _ in 0..FLOOD {
        for signal in HARMLESS {
            daemon.signal(signal);
        }
    }
    // Signals are handled in order of their weight: when this one is, the others are or will be.
    daemon.reload();
    load.pass(50);
    let answered = load.end();
    assert_eq!(daemon.wait_children(3), children);
    let line = daemon.wait_log("status: {");
    let (_, status) = line.split_once("status: ").unwrap();
    let status: Value = serde_json::from_str(status).unwrap();
    assert_eq!(status["slots"].as_array().map(Vec::len), Some(3), "{line}");
    let dumps = daemon.logged("status: {");
    fault.saw(format!(
        "1000 each of PIPE, CHLD, USR1, WINCH and URG: the same children, {answered} clients \
         answered, all OK; {dumps} status dumps in the log"
    ));
}

#[test]
fn s10_no_reload_and_no_stop_is_lost_on_any_thread() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake);
    let load = Load::start(daemon.address(), 2);
    load.pass(20);
    let mut fault = Fault::begin("S10");
    let mut sent = 0;
    for burst in 1..=BURSTS {
        // What is read again shows in the size of the pool.
        let pool = 3 + burst % 2;
        daemon.configure(&fake.settings().set("pool", &pool.to_string()));
        sent += Threads::of(daemon.pid()).burst(burst, Signal::HUP);
        wait_for("the reload was heard", || daemon.status()["pool"] == pool);
    }
    let seconds = fault.elapsed().as_secs_f64();
    let answered = load.end();
    fault.figure(
        format!("{sent} signals in {seconds:.1} s, of {BURSTS} reloads none lost"),
        sent >= 10_000 && seconds <= 60.0,
    );
    let threads = Threads::of(daemon.pid());
    threads.burst(0, Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    let aimed = if threads.aimed { "at one thread after the other" } else { "at the process" };
    fault.saw(format!("nor the stop among {BURST} more, aimed {aimed}"));
    fault.saw(format!("{answered} clients answered, all OK"));
}

/// The threads that a daemon has at this moment.
pub(crate) struct Threads {
    descriptors: Vec<OwnedFd>,
    /// Whether a signal goes to the very thread. Before Linux 6.9 the kernel chooses one.
    pub(crate) aimed: bool,
}

impl Threads {
    /// Of this process.
    pub(crate) fn of(pid: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        let numbers = tasks.flatten().filter_map(|task| task.file_name().to_str()?.parse().ok());
        let open = |number| {
            let of_a_thread = PidfdFlags::from_bits_retain(OF_A_THREAD);
            // It may have ended this moment.
            pidfd_open(Pid::from_raw(number)?, of_a_thread).ok()
        };
        let descriptors: Vec<OwnedFd> = numbers.filter_map(open).collect();
        if !descriptors.is_empty() {
            return Self { descriptors, aimed: true };
        }
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).unwrap();
        let process = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        Self { descriptors: vec![process], aimed: false }
    }

    /// Sends a burst of noise, with this signal in the middle of it; how many that were. The first goes
    /// to the thread of this number.
    pub(crate) fn burst(&self, first: usize, heard: Signal) -> usize {
        for number in 0..BURST {
            let noise = NOISE[number % NOISE.len()];
            self.signal(first + number, if number == BURST / 2 { heard } else { noise });
        }
        BURST
    }

    /// Sends a signal to one of them, another one for each number. If that one has ended meanwhile
    /// the first takes its place, which is the main thread and stays.
    fn signal(&self, number: usize, signal: Signal) {
        let chosen = &self.descriptors[number % self.descriptors.len()];
        if pidfd_send_signal(chosen, signal).is_err() {
            // The process itself may have ended, after its stop.
            let _ = pidfd_send_signal(&self.descriptors[0], signal);
        }
    }
}
