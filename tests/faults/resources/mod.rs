//! R: resources.

mod limits;
mod logs;
pub(crate) mod machine;
