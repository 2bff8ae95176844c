//! R: resources.

mod limits;
mod logs;
