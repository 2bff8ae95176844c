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

#[cfg(not(all(feature = "events", feature = "shared-cache")))]
mod absent;
mod answer;
mod background;
mod burp_config;
mod cache;
mod caller;
mod check;
mod check_access;
mod check_effective;
mod check_grant;
mod check_needs;
mod check_original;
mod check_report;
mod check_way;
mod client;
mod client_error;
mod client_patience;
mod client_stream;
mod client_target;
mod client_tls;
pub mod config;
pub mod daemon;
mod dialect;
mod endpoint;
#[cfg(feature = "events")]
mod event_changes;
#[cfg(feature = "events")]
mod event_greetings;
#[cfg(feature = "events")]
mod events;
#[cfg(not(feature = "events"))]
#[path = "events_absent.rs"]
mod events;
mod exchange;
mod exposition;
mod facts;
mod flight;
#[doc(hidden)]
pub mod fuzzing;
mod fuzzing_child;
mod lines;
pub mod load;
mod metrics;
mod news;
pub mod options;
mod password;
mod password_file;
mod pattern;
mod plan;
mod query;
mod quickack;
mod relay;
mod request;
mod running;
mod runtime_dir;
mod service;
mod session;
#[cfg(feature = "shared-cache")]
mod shared_cache;
#[cfg(not(feature = "shared-cache"))]
#[path = "shared_cache_absent.rs"]
mod shared_cache;
#[cfg(feature = "shared-cache")]
mod shared_cache_entry;
#[cfg(feature = "shared-cache")]
mod shared_cache_room;
#[cfg(feature = "shared-cache")]
mod shared_cache_settings;
#[cfg(feature = "shared-cache")]
mod shared_cache_thread;
#[cfg(feature = "shared-cache")]
mod shared_cache_view;
#[cfg(feature = "shared-cache")]
mod shared_cache_writer;
mod sharing;
mod status;
mod status_check;
mod status_clients;
mod status_feed;
mod status_json;
pub mod status_options;
mod status_report;
pub mod status_run;
mod status_time;
mod status_top;
mod status_watch;
mod status_zone;
mod summary;
mod transport;
mod version;
mod watched;
mod watcher;

pub use config::Config;
pub use options::Options;
pub use password::Password;
pub use transport::TransportChoice;
