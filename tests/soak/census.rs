//! What a daemon holds, as the kernel tells it.

use std::fs;

use ostler_tests::process::descendants;

/// A daemon's belongings at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Open descriptors.
    pub(crate) descriptors: usize,
    /// Threads.
    pub(crate) threads: usize,
    /// Living children, with theirs.
    pub(crate) children: usize,
    /// Children that ended and were not reaped.
    pub(crate) zombies: usize,
    /// Resident memory in KiB, of which so much belongs to nobody else's files.
    pub(crate) resident: u64,
    /// The part of it that is no file.
    pub(crate) anonymous: u64,
}

impl Census {
    /// Of the process `pid`.
    pub(crate) fn of(pid: u32) -> Self {
        let count =
            |what: &str| fs::read_dir(format!("/proc/{pid}/{what}")).map_or(0, Iterator::count);
        // Exact, which the figures of `status` are not: those are kept per processor.
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let kib = |name: &str| {
            rollup
                .lines()
                .find_map(|line| {
                    line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim().parse().ok()
                })
                .unwrap_or(0)
        };
        Self {
            descriptors: count("fd"),
            threads: count("task"),
            children: descendants(pid).len(),
            zombies: zombies(pid),
            resident: kib("Rss:"),
            anonymous: kib("Anonymous:"),
        }
    }
}

/// Processes of this parent that wait to be reaped.
fn zombies(parent: u32) -> usize {
    let Ok(all) = fs::read_dir("/proc") else { return 0 };
    all.flatten()
        .filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok())
        .filter(|stat| {
            let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
            fields.next() == Some("Z") && fields.next() == Some(parent.to_string().as_str())
        })
        .count()
}
