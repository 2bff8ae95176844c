//! What a clone is told when it begins.

use std::time::Duration;

/// How a clone lives without its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloneOptions {
    /// How often a master that was lost is looked for; default 10 s.
    pub resync: Duration,
    /// Without a word of a master for so long, nothing is read from the clone any more; default
    /// 300 s, `None` for never.
    pub stale: Option<Duration>,
    /// How long what is written waits for a master; default 120 s.
    pub mutation_buffer: Duration,
}

impl Default for CloneOptions {
    fn default() -> Self {
        Self {
            resync: Duration::from_secs(10),
            stale: Some(Duration::from_secs(300)),
            mutation_buffer: Duration::from_secs(120),
        }
    }
}
