//! How the 40 ms that TCP would waste on each query are avoided.
//!
//! burp's server writes an answer in small pieces, and Nagle's algorithm holds the second one back
//! until the first is acknowledged, which the child's kernel delays by 40 ms. Either the child's own
//! socket is made to acknowledge at once ([`quickack`](crate::quickack)), or the connection goes
//! through a relay in this process ([`relay`](crate::relay)), or one waits.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use ostler_pool::dialect::Interest;

use crate::quickack::QuickAck;
use crate::relay::Relay;

/// What the configuration asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportChoice {
    /// The first of the others that can be had.
    Auto,
    /// Acknowledge at once on the child's own socket.
    QuickAck,
    /// Through a relay.
    Relay,
    /// Wait.
    Plain,
}

impl TransportChoice {
    /// The name that the configuration uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::QuickAck => TransportKind::QuickAck.name(),
            Self::Relay => TransportKind::Relay.name(),
            Self::Plain => TransportKind::Plain.name(),
        }
    }
}

/// What is in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum TransportKind {
    /// No child was started yet.
    #[default]
    Undecided = 0,
    /// See [`TransportChoice::QuickAck`].
    QuickAck = 1,
    /// See [`TransportChoice::Relay`].
    Relay = 2,
    /// See [`TransportChoice::Plain`].
    Plain = 3,
}

impl TransportKind {
    /// The name that the configuration uses.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::QuickAck => "quickack",
            Self::Relay => "relay",
            Self::Plain => "plain",
        }
    }
}

/// Which one is in use, shared by all children; remembers what was found impossible.
#[derive(Debug)]
pub(crate) struct Decision {
    choice: TransportChoice,
    used: AtomicU8,
    no_quickack: AtomicBool,
}

impl Decision {
    pub(crate) fn new(choice: TransportChoice) -> Self {
        Self { choice, used: AtomicU8::new(0), no_quickack: AtomicBool::new(false) }
    }

    /// What the configuration asks for.
    pub(crate) fn choice(&self) -> TransportChoice {
        self.choice
    }

    /// Which one to try for the next child.
    pub(crate) fn next(&self) -> TransportKind {
        match self.choice {
            TransportChoice::QuickAck => TransportKind::QuickAck,
            TransportChoice::Auto if !self.no_quickack.load(Ordering::Relaxed) => {
                TransportKind::QuickAck
            }
            TransportChoice::Auto | TransportChoice::Relay => TransportKind::Relay,
            TransportChoice::Plain => TransportKind::Plain,
        }
    }

    /// Whether another one may be tried in place of one that cannot be had.
    pub(crate) fn is_automatic(&self) -> bool {
        self.choice == TransportChoice::Auto
    }

    /// One was tried in vain. It is not tried again if this machine forbids it; any other error may
    /// pass.
    pub(crate) fn rule_out(&self, kind: TransportKind, error: &io::Error) {
        let forbidden =
            matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported);
        if kind == TransportKind::QuickAck && forbidden {
            if !self.no_quickack.swap(true, Ordering::Relaxed) {
                log::info!("transport quickack cannot be had: {error}");
            }
        } else {
            log::debug!("transport {} failed: {error}", kind.name());
        }
    }

    /// A child uses it: said when it is another one than before.
    pub(crate) fn note_used(&self, kind: TransportKind) {
        if self.used.swap(kind as u8, Ordering::Relaxed) != kind as u8 {
            log::info!("transport in use: {}", kind.name());
            if kind == TransportKind::Plain && self.choice != TransportChoice::Plain {
                log::warn!("each query will wait about 40 ms for a delayed acknowledgement");
            }
        }
    }

    /// The one in use.
    pub(crate) fn used(&self) -> TransportKind {
        match self.used.load(Ordering::Relaxed) {
            1 => TransportKind::QuickAck,
            2 => TransportKind::Relay,
            3 => TransportKind::Plain,
            _ => TransportKind::Undecided,
        }
    }
}

/// One child's transport.
#[derive(Debug)]
pub(crate) enum Transport {
    QuickAck(QuickAck),
    Relay(Box<Relay>),
    Plain,
}

impl Transport {
    /// The child was started.
    pub(crate) fn spawned(&mut self, pid: u32) {
        if let Self::QuickAck(quickack) = self {
            quickack.spawned(pid);
        }
    }

    /// The child has its connection, and its first answer.
    pub(crate) fn connected(&mut self) {
        match self {
            Self::QuickAck(quickack) => quickack.connected(),
            Self::Relay(relay) => relay.settled(),
            Self::Plain => {}
        }
    }

    /// Whether the child should be replaced because it has no transport after all.
    pub(crate) fn outdated(&self) -> bool {
        matches!(self, Self::QuickAck(quickack) if quickack.failed())
    }

    pub(crate) fn before_wait(&mut self) {
        match self {
            Self::QuickAck(quickack) => quickack.acknowledge(),
            Self::Relay(_) | Self::Plain => {}
        }
    }

    pub(crate) fn descriptors(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        match self {
            Self::Relay(relay) => relay.descriptors(),
            Self::QuickAck(_) | Self::Plain => Vec::new(),
        }
    }

    pub(crate) fn descriptors_ready(&mut self) -> Result<(), String> {
        match self {
            Self::Relay(relay) => relay.pump().map_err(|error| public(&error)),
            Self::QuickAck(_) | Self::Plain => Ok(()),
        }
    }
}

/// An error in words that callers may be told: what the system says, without its number.
fn public(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(_) => format!("the relay to the burp server: {}", error.kind()),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_of_the_systems_is_told() {
        let refused = io::Error::from(rustix::io::Errno::CONNREFUSED);
        assert_eq!(public(&refused), "the relay to the burp server: connection refused");
        assert_eq!(public(&io::Error::other("said so")), "said so");
    }
}
