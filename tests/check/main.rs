//! `bui-monitor --check`: what it prints of a right configuration, and what it says of a wrong one.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod grants;
mod irregular;
mod machine;
mod password_file;
mod report;
mod values;
