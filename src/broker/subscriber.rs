//! A subscription that is read when its owner likes: waiting, for a while, or not at all.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::arrivals::Arrivals;
use crate::core::Core;
use crate::data::Data;
use crate::overflow::Overflow;
use crate::parcel::Parcel;
use crate::queue::{Queue, QueueLimits};
use crate::route::{Outlet, Owner, Route};
use crate::{Message, Topic};

/// Messages that a reader takes from the queue at once, at most.
const BATCH: usize = 128;

/// What a subscription brings.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// The topic that it was published under.
    pub topic: Topic,
    /// What was published.
    pub data: Data,
}

/// Gets the messages of some topics that come from peers and WebSocket clients. Dropping it ends the
/// subscription.
pub struct Subscriber {
    inner: Subscription,
    /// Taken from the queue and not read yet.
    taken: VecDeque<Message>,
    /// Whether somebody waits for the descriptor or the queue, which know nothing of what was taken.
    is_polled: bool,
}

/// The queue of a subscription, and its place in the endpoint.
pub(crate) struct Subscription {
    core: Arc<Core>,
    queue: Arc<Queue<Message>>,
    route: Mutex<(Arc<Route>, Vec<Topic>)>,
}

impl Subscription {
    /// Begins a subscription.
    pub(crate) fn new(
        core: &Arc<Core>,
        owner: Owner,
        topics: Vec<Topic>,
        limits: QueueLimits,
        overflow: Overflow,
    ) -> Self {
        let queue = Arc::new(Queue::new(limits));
        let outlet =
            Arc::new(Inbox { core: Arc::clone(core), queue: Arc::clone(&queue), overflow });
        let route = core.routing.add(owner, topics.iter().collect(), outlet);
        core.attract(&topics);
        core.keep_queue(&queue);
        Self { core: Arc::clone(core), queue, route: Mutex::new((route, topics)) }
    }

    pub(crate) fn queue(&self) -> &Arc<Queue<Message>> {
        &self.queue
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Topic>)) {
        let mut route = self.route.lock().unwrap_or_else(PoisonError::into_inner);
        let (route, topics) = &mut *route;
        let before = topics.clone();
        change(topics);
        *route = self.core.routing.refilter(route, topics.iter().collect());
        self.core.attract(&*topics);
        self.core.repel(&before);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let (route, topics) = &*self.route.lock().unwrap_or_else(PoisonError::into_inner);
        self.core.routing.remove(route);
        self.core.repel(topics);
        self.queue.close();
    }
}

/// Where the messages of a subscription wait.
struct Inbox {
    core: Arc<Core>,
    queue: Arc<Queue<Message>>,
    overflow: Overflow,
}

impl Outlet for Inbox {
    fn is_blocked(&self, _: bool) -> bool {
        self.overflow == Overflow::Block && self.queue.is_full()
    }

    fn when_room(&self, waiter: Box<dyn FnOnce() + Send>) -> bool {
        self.queue.when_room(waiter)
    }

    fn wait_room(&self, deadline: Deadline) -> bool {
        self.queue.wait_room(deadline)
    }

    fn deliver(&self, parcel: &Parcel<'_>) {
        let (message, bytes) = (parcel.message.clone(), parcel.message.frame().len());
        let dropped = match self.overflow {
            Overflow::DropOldest => self.queue.push_out(message, bytes),
            Overflow::DropNewest => self.queue.put_or_drop(message, bytes),
            Overflow::Disconnect => self.queue.put_or_close(message, bytes),
            Overflow::Block => {
                self.queue.put(message, bytes);
                0
            }
        };
        self.core.counters.unread.add(dropped);
    }
}

/// Waits for each message, up to the end of the endpoint.
impl Iterator for Subscriber {
    type Item = Received;

    fn next(&mut self) -> Option<Received> {
        self.get()
    }
}

impl Subscriber {
    pub(crate) fn new(inner: Subscription) -> Self {
        Self { inner, taken: VecDeque::new(), is_polled: false }
    }

    /// The next message, however long it takes to come; `None` once the endpoint has ended.
    pub fn get(&mut self) -> Option<Received> {
        self.get_before(Deadline::NEVER)
    }

    /// The next message, if one comes in time.
    pub fn get_before(&mut self, deadline: Deadline) -> Option<Received> {
        loop {
            let message = self.get_message(deadline)?;
            if let Some(received) = self.decoded(&message) {
                return Some(received);
            }
        }
    }

    /// What a message brings; `None` if it cannot be decoded, which is counted and logged.
    pub fn decoded(&self, message: &Message) -> Option<Received> {
        match message.decode() {
            // No message has a longer topic than there may be.
            Ok(data) => Some(Received { topic: Topic::new(message.topic()).ok()?, data }),
            Err(error) => {
                self.inner.core.undecodable(message, &error);
                None
            }
        }
    }

    /// The next messages: at least one unless the deadline passes, and as many as have come, up to
    /// `most`.
    pub fn get_many(&mut self, most: usize, deadline: Deadline) -> Vec<Received> {
        let mut received = Vec::new();
        let first = if most > 0 { self.get_before(deadline) } else { None };
        received.extend(first);
        let now = Deadline::after(Duration::ZERO);
        while !received.is_empty() && received.len() < most {
            let Some(next) = self.get_before(now) else { break };
            received.push(next);
        }
        received
    }

    /// All that has come.
    pub fn poll(&mut self) -> Vec<Received> {
        self.get_many(usize::MAX, Deadline::after(Duration::ZERO))
    }

    /// The next message as it came, undecoded, if it comes in time.
    pub fn get_message(&mut self, deadline: Deadline) -> Option<Message> {
        if self.taken.is_empty() {
            let most = if self.is_polled { 1 } else { BATCH };
            self.inner.queue.take(most, deadline, &mut self.taken);
        }
        self.taken.pop_front()
    }

    /// How many messages have come and were not read.
    pub fn available(&self) -> usize {
        self.inner.queue.len().saturating_add(self.taken.len())
    }

    /// Whether the endpoint has ended and all that had come was read.
    pub fn has_ended(&self) -> bool {
        self.taken.is_empty() && self.inner.queue.has_ended()
    }

    /// A descriptor that is readable while messages wait, for `poll(2)` and its kind. It stays
    /// readable once the endpoint has ended.
    pub fn fd(&mut self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.leave_in_queue();
        self.inner.queue.descriptor()
    }

    /// What waits for messages without the subscriber, for who shares it among threads.
    pub fn arrivals(&mut self) -> Arrivals {
        self.leave_in_queue();
        Arrivals::of(&self.inner.queue)
    }

    /// Gives messages back that were read, in their order: they are the next ones again, and the
    /// descriptor is readable.
    pub fn give_back(&mut self, messages: Vec<Message>) {
        for message in messages.into_iter().rev() {
            self.taken.push_front(message);
        }
        if self.is_polled {
            self.leave_in_queue();
        }
    }

    /// Of what was taken and not read neither the descriptor knows nor who waits without the
    /// subscriber: from now on one message is taken at a time.
    fn leave_in_queue(&mut self) {
        self.is_polled = true;
        let unread = self.taken.drain(..).map(|message| {
            let bytes = message.frame().len();
            (message, bytes)
        });
        self.inner.queue.put_back(unread);
    }

    /// How many messages were dropped because nobody read them in time; always zero unless
    /// dropping was asked for.
    pub fn dropped(&self) -> u64 {
        self.inner.queue.dropped()
    }

    /// Gets the messages of this topic too.
    pub fn add_topic(&self, topic: Topic) {
        self.inner.change(|topics| topics.push(topic));
    }

    /// Gets no more messages for this topic's sake. Those that wait already are still read.
    pub fn remove_topic(&self, topic: &Topic) {
        self.inner.change(|topics| topics.retain(|one| one != topic));
    }
}
