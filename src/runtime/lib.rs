//! The ground floor of Ostler's daemons: time, threads, signals, logging, exit codes and the INI
//! dialect. It knows nothing of sockets or children.

pub mod accounts;
pub mod checked;
pub mod clock;
pub mod descriptors;
pub mod environment;
pub mod exit;
pub mod files;
#[doc(hidden)]
pub mod fuzzing;
pub mod ini;
#[cfg(test)]
mod ini_cases;
mod ini_line;
mod ini_value;
mod interpolation;
pub mod latency;
pub mod logging;
pub mod moment;
pub mod notify;
pub mod numbers;
pub mod plot;
pub mod privileges;
pub mod problem;
pub mod screen;
pub mod secret;
pub mod seldom;
pub mod shown;
pub mod signals;
pub mod sources;
pub mod supervise;
pub mod terminal;
pub mod threads;
pub mod typed;
pub mod utc;
pub mod wake;

pub use accounts::{Account, Accounts};
pub use clock::{Deadline, now};
pub use exit::Exit;
pub use ini::Document;
pub use logging::LevelFilter;
pub use moment::Moment;
pub use notify::Notifier;
pub use problem::Problem;
pub use seldom::Seldom;
pub use signals::{Event, Signals};
pub use threads::Thread;
pub use typed::{Key, Reader};
pub use wake::Wake;
