//! A fixed pool of long-lived child processes that answer requests over their pipes.
//!
//! The pool knows children, deadlines and slots. What is said to a child is the business of a
//! [`Dialect`]; what an answer is good for is the caller's. There is no async runtime: each slot is
//! one plain thread that owns one child (and, while it is replaced, the child's successor), spawns
//! it, talks with it over non-blocking pipes, and kills and reaps it.
//!
//! ```text
//! caller ──submit──▶ checkout (one queue, in order of arrival) ──▶ slot thread ──▶ child
//!    ▲                                                                │
//!    └───────────────────────── done(answer) ◀────────────────────────┘
//! ```
//!
//! Promises:
//! * every call ends, with an answer or an error, by its deadline;
//! * an answer belongs to its request: a child that says anything out of turn is destroyed;
//! * no slot is lost: whatever happens to a child, its slot starts another one, with back-off;
//! * a replaced child serves until its successor is ready;
//! * children die with their parent (death signal and end of input), and with their whole process
//!   group when the pool destroys them.
//!
//! A request may be asked twice: when its child is lost, another one is asked, unless the call says
//! [never twice](Call::never_twice).
//!
//! A binary that uses the pool calls [`launch::exec_child_if_asked`] first thing in `main`, because
//! children are started through a re-execution of the binary itself.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod backoff;
mod call;
mod checkout;
mod child;
pub mod descendants;
pub mod dialect;
mod errand;
#[doc(hidden)]
pub mod fuzzing;
mod interview;
pub mod launch;
mod loss;
mod mailbox;
#[cfg(all(test, shuttle))]
mod models;
mod offer;
pub mod oneshot;
mod pool;
mod replace;
#[cfg(all(test, shuttle))]
mod schedules;
mod slot;
pub mod state;
pub mod statistics;
mod sync;
mod wait;

pub use call::{Call, CallError};
pub use dialect::{Cause, Dialect, Idle, Incident, IncidentKind, Session, Step};
pub use errand::{Errand, ErrandEnd, Terms};
pub use interview::{Bounds, End, interview};
pub use launch::Launch;
pub use pool::{Options, Pool};
pub use statistics::{Losses, Replacements, SlotReport, Statistics};
