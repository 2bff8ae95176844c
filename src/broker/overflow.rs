//! What becomes of a message for which there is no room.

use std::fmt;
use std::str::FromStr;

/// What is done with a message for a receiver whose buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// The receiver is cut off. The original's default for peers and WebSocket clients.
    Disconnect,
    /// The new message is dropped.
    DropNewest,
    /// The one that has waited longest is dropped.
    DropOldest,
    /// Whoever sends waits, and is not read any more meanwhile. One slow receiver then holds up all
    /// that its senders send.
    ///
    /// A peer that is not read for [`LinkLimits::stall`](ostler_net::LinkLimits::stall), 30 s by
    /// default, while something waits for this node, cuts this node off: who pauses for longer needs
    /// more of it at the other side. Two who answer each other with it, each not reading before its
    /// answer is sent, may both wait until then: if answers are published where requests are read,
    /// use [`try_publish`](crate::Endpoint::try_publish), another thread, or another policy.
    Block,
}

/// Each policy with its name in configurations.
const NAMES: [(&str, Overflow); 4] = [
    ("disconnect", Overflow::Disconnect),
    ("drop_newest", Overflow::DropNewest),
    ("drop_oldest", Overflow::DropOldest),
    ("block", Overflow::Block),
];

impl Overflow {
    /// The names of all policies, as a configuration has them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// A name that no policy has.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is none of disconnect, drop_newest, drop_oldest and block")]
pub struct UnknownOverflow(String);

impl FromStr for Overflow {
    type Err = UnknownOverflow;

    fn from_str(text: &str) -> Result<Self, UnknownOverflow> {
        let found = NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, policy)| *policy).ok_or_else(|| UnknownOverflow(text.to_owned()))
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(_, policy)| policy == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_is_read_back_from_its_name() {
        for name in Overflow::names() {
            assert_eq!(name.parse::<Overflow>().unwrap().to_string(), name);
        }
        let error = "drop".parse::<Overflow>().unwrap_err();
        assert!(error.to_string().starts_with("\"drop\" is none of"), "{error}");
    }
}
