//! What a clone begins with: all keys and their values, if that is not longer than peers take. What is
//! longer is not gathered to its end: a storage may have far more than there is memory.

use std::ops::ControlFlow;

use broker_data::Data;

/// See the module.
#[derive(Debug)]
pub(crate) struct Snapshot {
    values: Vec<(Data, Data)>,
    /// Bytes of the next ones on the wire, at most.
    left: usize,
    wire: Vec<u8>,
    is_too_long: bool,
}

impl Snapshot {
    /// One of `most` bytes on the wire.
    pub(crate) fn new(most: usize) -> Self {
        Self { values: Vec::new(), left: most, wire: Vec::new(), is_too_long: false }
    }

    /// Takes a key with its value; whether another one may have room.
    pub(crate) fn add(&mut self, key: Data, value: Data) -> ControlFlow<()> {
        self.wire.clear();
        key.encode(&mut self.wire);
        value.encode(&mut self.wire);
        match self.left.checked_sub(self.wire.len()) {
            Some(left) if !self.is_too_long => {
                self.left = left;
                self.values.push((key, value));
                ControlFlow::Continue(())
            }
            _ => {
                self.is_too_long = true;
                self.values.clear();
                ControlFlow::Break(())
            }
        }
    }

    /// It, unless it is too long.
    pub(crate) fn finish(self) -> Option<Self> {
        (!self.is_too_long).then_some(self)
    }

    /// The keys and their values.
    pub(crate) fn into_values(self) -> Vec<(Data, Data)> {
        self.values
    }

    /// Bytes on the wire that it might have more.
    pub(crate) fn left(&self) -> usize {
        self.left
    }
}

#[cfg(test)]
#[path = "snapshot_cases.rs"]
mod cases;
