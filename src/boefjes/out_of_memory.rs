//! How often the kernel has killed something in this control group for want of memory. A death by
//! SIGKILL after which the count is higher was most likely one of these.

use std::fs;

/// The count now; `None` where there is no unified hierarchy to tell it.
pub(crate) fn kills() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let events = fs::read_to_string(format!("/sys/fs/cgroup{own}/memory.events")).ok()?;
    count(&events)
}

fn count(events: &str) -> Option<u64> {
    events.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_of_kills_is_found_among_the_events() {
        assert_eq!(count("low 0\nhigh 7\noom 3\noom_kill 2\noom_group_kill 1\n"), Some(2));
        assert_eq!(count("low 0\n"), None);
    }
}
