//! The Python module `broker`, with the names that the original's module has. What needs Rust is in
//! `broker._broker`, which is this; the rest is Python, in `broker/`.
//!
//! No wait here holds the interpreter: other threads of Python go on. Ctrl-C ends it, but for two: a
//! change of a store waits for up to 11 seconds, 1 for readers that are behind and 10 for room; and a
//! store that is freed without `reset()` waits for its end, for up to 10.

#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

mod address;
mod classes;
mod configuration;
mod convert_in;
mod convert_out;
mod count;
mod data;
mod endpoint;
mod enum_value;
mod event;
mod infos;
mod port;
mod process;
mod publisher;
mod receiving;
mod set;
mod status;
mod status_subscriber;
mod store;
mod subnet;
mod subscriber;
mod table;
mod timespan;
mod timestamp;
mod topic;
mod vector;
mod waiting;

use pyo3::pymodule;

/// What of `broker` is in Rust. Scripts import `broker`.
#[pymodule]
mod _broker {
    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::{
        address::Address,
        classes::codes,
        configuration::{BrokerOptions, Configuration},
        convert_out::{to_py, to_py_immutable},
        count::Count,
        data::Data,
        endpoint::Endpoint,
        enum_value::Enum,
        event::Event,
        infos::{EndpointInfo, NetworkInfo, OptionalNetworkInfo, PeerInfo},
        port::Port,
        publisher::Publisher,
        set::Set,
        status::{Error, Status},
        status_subscriber::StatusSubscriber,
        store::Store,
        subnet::Subnet,
        subscriber::{SafeSubscriber, Subscriber},
        table::Table,
        timespan::Timespan,
        timestamp::{Timestamp, now},
        topic::Topic,
        vector::Vector,
    };

    /// The version of the package, in three numbers.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        let number = |text: &str| text.parse::<u16>().unwrap_or_default();
        let version = (
            number(env!("CARGO_PKG_VERSION_MAJOR")),
            number(env!("CARGO_PKG_VERSION_MINOR")),
            number(env!("CARGO_PKG_VERSION_PATCH")),
        );
        module.add("VERSION", version)
    }
}
