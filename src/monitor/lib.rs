//! `bui-monitor`: a pool of burp status monitors behind one socket, for Burp-UI.
//!
//! The way of a request:
//!
//! ```text
//! net          service           pool              session, exchange     burp -a m
//! frame ────▶ request ────▶ cache? flight? ────▶ slot ────▶ query ─────────▶ stdin
//! answer ◀──── answer ◀──── everybody who waits ◀───────── one line ◀────── stdout
//! ```

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod access;
mod answer;
mod background;
mod burp_config;
mod cache;
mod check;
mod client;
mod client_error;
mod client_patience;
mod client_stream;
mod client_target;
mod client_tls;
pub mod config;
pub mod daemon;
mod dialect;
mod effective;
mod exchange;
mod facts;
mod flight;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_child;
mod grant;
mod guesses;
mod lines;
pub mod load;
mod needs;
pub mod options;
mod original;
mod password;
mod password_file;
mod pattern;
mod plan;
mod query;
mod quickack;
mod relay;
mod report;
mod request;
mod running;
mod runtime_dir;
mod service;
mod session;
mod status;
mod status_check;
mod status_clients;
mod status_json;
pub mod status_options;
mod status_report;
pub mod status_run;
mod status_text;
mod status_time;
mod status_watch;
mod status_zone;
mod summary;
mod transport;
mod version;
mod watched;
mod way;

pub use config::Config;
pub use options::Options;
pub use password::Password;
pub use transport::TransportChoice;
