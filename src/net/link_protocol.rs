//! What a link's bytes mean is said by its [`Protocol`].

use std::fmt;
use std::io;
use std::time::Instant;

use crate::Link;
use crate::tls::TlsFault;

/// One end of a long-lived connection, as the link's threads see it.
///
/// Its calls come one after the other, mostly on different threads. None of them may wait for
/// anything: a thread that is kept serves no other link meanwhile. They may call any method of any
/// link, their own included. A panic costs the link, not the thread.
pub trait Protocol: Send + 'static {
    /// The connection stands, and TLS is established where it is spoken. The first call, unless
    /// that never comes about.
    fn opened(&mut self, link: &Link) -> Turn;

    /// `input` are all bytes that have come and were not consumed yet; behind a
    /// [`Turn::Hold`] also where nothing new has come, or there are none: how many are consumed
    /// now, and how to go on. It is called again with what is left when more has come.
    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn);

    /// About four times a second while the link is open, also while it is held.
    fn tick(&mut self, link: &Link, now: Instant) -> Turn;

    /// The link has ended. The last call, and it always comes, exactly once.
    fn closed(&mut self, link: &Link, why: &Closed);
}

/// How a link goes on after a call of its [`Protocol`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// As before.
    Continue,
    /// Reads and delivers no more until [`Link::resume`]. A resume during the call that returns
    /// this counts.
    Hold,
    /// Ends once everything that is queued has been written, or
    /// [`LinkLimits::close`](crate::LinkLimits::close) has passed. What comes in is thrown away.
    Close,
    /// Ends now.
    Abort,
}

/// Why a link has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Closed {
    /// This side has asked for it, and everything that was queued has been written.
    Asked,
    /// This side has asked for it, and that many bytes could not be written in time.
    Unwritten(usize),
    /// This side has cut it off, and said why.
    Aborted(&'static str),
    /// The other side has ended it.
    Ended,
    /// The connection has failed.
    Broken(io::Error),
    /// It never came about: the system's answer to the attempt to connect.
    Unreachable(io::Error),
    /// It did not come about in time: no connection, or no end of the TLS handshake.
    TimedOut,
    /// TLS could not be established, or broke.
    Tls(TlsFault),
    /// The other side has read nothing for [`LinkLimits::stall`](crate::LinkLimits::stall) while
    /// bytes waited for it.
    Stalled,
    /// More than [`LinkLimits::max_unconsumed`](crate::LinkLimits::max_unconsumed) bytes have come
    /// that the protocol did not consume.
    Oversized,
    /// The protocol has panicked.
    Panicked,
    /// The [`Links`](crate::Links) were dropped.
    Stopped,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("closed by this side"),
            Self::Unwritten(bytes) => {
                write!(f, "closed by this side, {bytes} bytes still unwritten")
            }
            Self::Aborted(why) => f.write_str(why),
            Self::Ended => f.write_str("closed by the other side"),
            Self::Broken(error) => write!(f, "connection lost: {error}"),
            Self::Unreachable(error) => write!(f, "cannot connect: {error}"),
            Self::TimedOut => f.write_str("the connection did not come about in time"),
            Self::Tls(fault) => fault.fmt(f),
            Self::Stalled => f.write_str("the other side does not read"),
            Self::Oversized => f.write_str("too many bytes that make no message"),
            Self::Panicked => f.write_str("internal error"),
            Self::Stopped => f.write_str("shutting down"),
        }
    }
}
