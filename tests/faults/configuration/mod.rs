//! K: configuration and compatibility.

mod files;
mod generated;
mod generator;
mod keys;
mod versions;
