//! How to speak with one kind of child: the interface between the pool and its user.
//!
//! A session never blocks and does no input or output on the child's pipes: it is given the bytes
//! that have come and says what to write. So one slot thread serves one child and warms its
//! successor at the same time, and a session is tested with nothing but byte strings.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::process::ExitStatus;
use std::time::Duration;

use crate::launch::Launch;

/// One kind of child: how to start it, and who speaks with it.
pub trait Dialect: Send + Sync + 'static {
    /// What a caller asks. It stays with the pool until it is answered: when its child is lost it is
    /// asked once more, of another child, unless its call says [never
    /// twice](crate::Call::never_twice).
    type Request: Send + 'static;
    /// What a caller gets.
    type Answer: Send + 'static;
    /// The conversation with one child.
    type Session: Session<Request = Self::Request, Answer = Self::Answer>;

    /// Prepares one child: the program to start, and the session that will speak with it.
    ///
    /// Called on the slot's own thread, which may have another child to attend to, so it must not
    /// wait. An error counts as a failed start.
    fn prepare(&self) -> Result<(Launch, Self::Session), Cause>;

    /// Something has gone wrong with a child. Called on the slot's own thread, so it must not wait.
    fn incident(&self, _incident: &Incident<'_>) {}
}

/// What has gone wrong with a child.
#[derive(Clone, Copy, Debug)]
pub struct Incident<'a> {
    /// What it is.
    pub kind: IncidentKind,
    /// The child's process id, if it had one.
    pub pid: Option<u32>,
    /// Why.
    pub cause: &'a Cause,
}

/// The kinds of incidents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKind {
    /// A child was lost after it had been ready.
    Lost,
    /// A child did not become ready.
    FailedStart,
}

impl IncidentKind {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::FailedStart => "failed_start",
        }
    }
}

/// Why a child cannot be had, or was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// A sentence that callers are told. It names no path and no number of the system's.
    pub words: String,
    /// What the log says beside it.
    pub detail: Option<String>,
}

impl Cause {
    /// A cause whose words say it all.
    pub fn new(words: impl Into<String>) -> Self {
        Self { words: words.into(), detail: None }
    }

    /// A cause with something for the log only.
    pub fn with_detail(words: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { words: words.into(), detail: Some(detail.to_string()) }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(f, " ({detail})"))
    }
}

/// What a session made of the bytes that have come.
#[derive(Debug)]
pub enum Step<T> {
    /// More bytes are needed (what was put into `output` is written meanwhile).
    More,
    /// The exchange is complete. Bytes that belong to it were taken out of the input.
    Done(T),
    /// The child said something that it must not say, for this reason. It is destroyed.
    Broken(String),
}

/// Whether an idle child may still be lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Idle {
    /// Nothing that matters came; the input was consumed.
    Clean,
    /// Bytes came that nobody asked for. The child is destroyed.
    Dirty(String),
}

/// The conversation with one child, from its first byte to its last.
pub trait Session: Send + 'static {
    /// See [`Dialect::Request`].
    type Request;
    /// See [`Dialect::Answer`].
    type Answer;

    /// The child runs under this process id.
    fn spawned(&mut self, pid: u32);

    /// Speaks first, if the dialect does: appends to `output`.
    fn greet(&mut self, output: &mut Vec<u8>);

    /// Reads the greeting; [`Step::Done`] when the child is warm and may be lent.
    fn greeting(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Step<()>;

    /// Begins an exchange: appends the request to `output`.
    fn ask(&mut self, request: &Self::Request, output: &mut Vec<u8>);

    /// Goes on with the exchange that [`ask`](Session::ask) began.
    fn answer(&mut self, input: &mut Vec<u8>, output: &mut Vec<u8>) -> Step<Self::Answer>;

    /// Looks at bytes that came while the child was not lent.
    fn idle(&mut self, input: &mut Vec<u8>) -> Idle;

    /// Whether the child should be replaced soon, because what it runs or knows is out of date.
    /// Asked after each exchange and every few seconds; must be cheap.
    fn outdated(&mut self) -> bool;

    /// The caller was told that it is too late. Appends what calls the exchange off to `output`, and
    /// returns how long the child may take to get over it; `None` gives it a second from the moment
    /// it was asked.
    fn overdue(&mut self, _output: &mut Vec<u8>) -> Option<Duration> {
        None
    }

    /// The child's process group is about to be killed, or the child has ended. What the child has
    /// started outside of its group and cannot be left behind goes now, before any caller is told.
    fn killed(&mut self) {}

    /// The child ended: why, in the child's own last words; `None` if it said nothing that tells.
    fn last_words(&self, unread: &[u8], status: Option<ExitStatus>) -> Option<String>;

    /// Called before each wait for the child while it has something to say.
    fn before_wait(&mut self) {}

    /// Descriptors that are watched along with the child's pipes: for reading, and for writing
    /// where the flag says so.
    fn descriptors(&self) -> Vec<(BorrowedFd<'_>, Interest)> {
        Vec::new()
    }

    /// At least one of the descriptors is ready. An error destroys the child.
    fn descriptors_ready(&mut self) -> Result<(), String> {
        Ok(())
    }
}

/// What a session's descriptor waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Bytes to read, or the other side's end.
    pub read: bool,
    /// Room to write.
    pub write: bool,
}
