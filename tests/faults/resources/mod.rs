//! R: resources.

mod limits;
mod logs;
mod machine;
