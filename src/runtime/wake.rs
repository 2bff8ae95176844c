//! A descriptor that ends another thread's poll.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{EventfdFlags, eventfd};
use rustix::io;

/// An eventfd. Once woken it stays readable until it is [`clear`](Self::clear)ed.
#[derive(Debug)]
pub struct Wake(OwnedFd);

impl Wake {
    /// A descriptor that nobody has woken yet.
    pub fn new() -> io::Result<Self> {
        eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).map(Self)
    }

    /// Makes the descriptor readable.
    pub fn wake(&self) {
        // It fails only when the counter is full, and then the descriptor is readable anyway.
        let _ = io::write(&self.0, &1_u64.to_ne_bytes());
    }

    /// Makes it unreadable again.
    pub fn clear(&self) {
        // It fails only when nobody woke it, which is what is wanted.
        let _ = io::read(&self.0, &mut [0_u8; 8]);
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
