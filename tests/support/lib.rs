//! What every test of Ostler stands on: binaries that are surely fresh, daemons that surely end,
//! scripted children, a private burp server, and waits with a deadline.
//!
//! A failing step here fails its test at once: everything panics with words that say what was
//! waited for.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this library is part of the tests, and a test fails by panicking"
)]

pub mod aside;
pub mod backends;
pub mod binaries;
pub mod broker_peer;
pub mod broker_program;
pub mod catalogue;
pub mod certificates;
pub mod checked;
pub mod clients;
pub mod controller;
pub mod daemon;
pub mod echo;
pub mod fake;
pub mod fault;
pub mod golden;
pub mod haproxy;
mod hollow;
pub mod http;
pub mod installed;
mod keys;
pub mod load;
pub mod log;
pub mod manager;
pub mod markdown;
pub mod openkat;
mod openkat_books;
mod openkat_bytes;
mod openkat_clients;
mod openkat_octopoes;
mod openkat_scheduler;
mod openkat_site;
pub mod openkat_tasks;
pub mod packaged;
pub mod page;
pub mod plugin_hosts;
pub mod postgres;
pub mod private;
pub mod process;
pub mod program;
pub mod proxy;
pub mod python;
pub mod random;
pub mod scripted_host;
pub mod secure;
pub mod self_contained;
pub mod step;
pub mod systemd;
pub mod unit;
pub mod wait;
pub mod websocket;
pub mod wire;
pub mod workers;

pub use catalogue::{Catalogue, CatalogueSettings};
pub use certificates::{Certificates, Pair};
pub use controller::{Controller, Event, Reply};
pub use daemon::{Daemon, Settings};
pub use echo::Echo;
pub use fake::FakeBurp;
pub use fault::Fault;
pub use http::{Caller, Heard, Site};
pub use installed::Installed;
pub use load::Load;
pub use manager::Manager;
pub use openkat::OpenKat;
pub use plugin_hosts::PluginHosts;
pub use postgres::Postgres;
pub use private::{Kind, PrivateBurp};
pub use process::Process;
pub use scripted_host::ScriptedHost;
pub use secure::{Secure, Version};
pub use step::{Question, Step};
pub use systemd::PrivateSystemd;
pub use unit::Unit;
pub use wait::{PATIENCE, wait_for, wait_until};
pub use wire::{Address, Answer, Wire};
pub use workers::{Workers, WorkersSettings};
