//! A subscription that publishes too, and sees what other hubs of its endpoint publish.

use crate::{Publisher, Subscriber};

/// Both ends of an endpoint in one. Unlike a [`Subscriber`] alone, it gets what others publish on the
/// same endpoint, whether through hubs or not.
pub struct Hub {
    publisher: Publisher,
    subscriber: Subscriber,
}

impl Hub {
    pub(crate) fn new(publisher: Publisher, subscriber: Subscriber) -> Self {
        Self { publisher, subscriber }
    }

    /// What comes.
    pub fn subscriber(&mut self) -> &mut Subscriber {
        &mut self.subscriber
    }

    /// What goes out. This hub does not get it itself.
    pub fn publisher(&self) -> &Publisher {
        &self.publisher
    }
}
