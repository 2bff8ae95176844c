//! To which process something belongs. One that was forked has a copy without the threads that work
//! for it, on sockets that are the other's.

use std::process;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// The process that has made something.
#[derive(Clone, Copy)]
pub(crate) struct Maker(u32);

impl Maker {
    /// This process.
    pub(crate) fn this() -> Self {
        Self(process::id())
    }

    /// Whether this is the process.
    pub(crate) fn is_here(self) -> bool {
        self.0 == process::id()
    }

    /// An error in any other one.
    pub(crate) fn must_be_here(self) -> PyResult<()> {
        if self.is_here() {
            return Ok(());
        }
        Err(PyRuntimeError::new_err("it belongs to the process that was forked; make another one"))
    }
}
