//! A: security.

mod packages;
mod password;
mod queries;
mod rights;
mod secrets;
mod units;
