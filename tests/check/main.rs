//! `bui-monitor --check`: what it prints of a right configuration, and what it says of a wrong one.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod access;
mod grants;
mod irregular;
mod machine;
mod password_file;
mod report;
mod values;
