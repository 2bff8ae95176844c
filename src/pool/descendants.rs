//! The processes below a process, whatever groups and sessions they are in.

use std::fs;

use rustix::process::{Pid, Signal, kill_process};

/// More are not looked for: whoever has so many is limited elsewhere.
const MOST: usize = 10_000;

/// Kills every process below this one, while it lives; once it has gone nobody knows whose they
/// were. One that is its descendants' subreaper keeps those below it, too, whose parents have ended.
pub fn kill(pid: u32) {
    for pid in below(pid).into_iter().filter_map(|pid| Pid::from_raw(i32::try_from(pid).ok()?)) {
        // It may have ended this moment.
        let _ = kill_process(pid, Signal::KILL);
    }
}

fn below(pid: u32) -> Vec<u32> {
    let mut all = children(pid);
    let mut next = 0;
    while let Some(pid) = all.get(next).filter(|_| all.len() < MOST) {
        let more = children(*pid);
        all.extend(more);
        next += 1;
    }
    all
}

/// Whether one process is the child of another, dead and unreaped ones included.
pub fn is_child(pid: u32, of: u32) -> bool {
    children(of).contains(&pid)
}

/// The children of all threads of a process.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    lists
        .flat_map(|list| list.split(' ').filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>())
        .collect()
}
