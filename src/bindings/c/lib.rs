//! The broker for C: what `ostler_broker.h` declares, where each function is described. Made into a
//! shared and a static library.
//!
//! # What crosses the boundary
//!
//! - Handles are boxes. A function takes `Option<&T>` or `Option<&mut T>` where C has a pointer to
//!   a handle that may be `NULL`, and `Option<Box<T>>` where it gives the handle away. Freeing
//!   takes a pointer to C's variable and makes it `NULL`, so that what is freed is no handle any more.
//! - Strings are a pointer and a length; results go to where an out-parameter points.
//! - No panic: every function does its work within `answered` of `fault.rs` or one of its kin,
//!   which make an error of it. `tests/policy.rs` looks for that.
//!
//! # What is unsafe here
//!
//! All that C says is believed as far as Rust cannot see: that a pointer leads to what its type
//! says, and a pair to so many bytes. The types above need no `unsafe` for the former; the latter
//! and lists of such pairs are read in `bytes.rs`, behind functions that are `unsafe` as those are
//! that C calls with them. What is lent to C lives as long as the header says, which no lifetime
//! can hold C to. And `#[unsafe(no_mangle)]` vouches for names: all begin with
//! `ostler_broker_`, which nobody else's do.

#![deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)]

mod buffer;
mod bytes;
mod containers;
mod data_forms;
mod data_make;
mod data_parse;
mod data_read;
mod endpoint;
mod endpoint_peers;
mod event;
mod exclusive;
mod fault;
mod given;
mod identifier;
mod iterator;
mod message;
mod names;
mod options;
mod options_stores;
mod options_tls;
mod peers;
mod proxy;
mod publishing;
mod response;
mod status;
mod status_subscriber;
mod store;
mod store_read;
mod store_write;
mod subscriber;

#[cfg(test)]
mod tests {
    use broker::data::Data;
    use broker::{Endpoint, Response, StatusSubscriber, Store, StoreProxy, Subscriber};

    use crate::exclusive::Exclusive;

    /// What the header says of threads.
    #[test]
    fn handles_go_from_thread_to_thread_and_are_shared_by_them() {
        fn shared<T: Send + Sync>() {}
        shared::<Data>();
        shared::<Endpoint>();
        shared::<StatusSubscriber>();
        shared::<Exclusive<Subscriber>>();
        shared::<Store>();
        shared::<StoreProxy>();
        shared::<Response>();
        shared::<crate::options::Options>();
        shared::<crate::event::Event>();
        shared::<crate::iterator::Elements<'_>>();
    }
}
