//! Waiting for what a subscriber gets without the subscriber, which others may use meanwhile.

use std::sync::Arc;

use ostler_runtime::Deadline;

use crate::queue::Queue;

/// See the module. It takes nothing: who is told that something is there reads it from the
/// subscriber, unless another one was faster.
#[derive(Clone)]
pub struct Arrivals(Arc<dyn Filling>);

/// A queue of anything.
trait Filling: Send + Sync {
    fn wait_filled(&self, deadline: Deadline) -> bool;
}

impl<T: Send> Filling for Queue<T> {
    fn wait_filled(&self, deadline: Deadline) -> bool {
        self.wait_filled(deadline)
    }
}

impl Arrivals {
    pub(crate) fn of<T: Send + 'static>(queue: &Arc<Queue<T>>) -> Self {
        Self(Arc::clone(queue) as Arc<dyn Filling>)
    }

    /// Waits until something is there to be read, or the subscription or its endpoint has ended;
    /// whether that is so in time.
    pub fn wait(&self, deadline: Deadline) -> bool {
        self.0.wait_filled(deadline)
    }
}
