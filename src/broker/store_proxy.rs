//! Questions to a store whose answers come into a mailbox.

use std::collections::VecDeque;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use broker_data::Data;
use broker_store::StoreError;
use ostler_runtime::Deadline;

use crate::queue::Queue;
use crate::store::Store;
use crate::store_keeper::Keeping;
use crate::store_requests::OnAnswer;
use crate::store_role::Question;

/// Asks questions that nobody waits for: each has a number, and the answer comes into a mailbox. When as
/// many answers wait there, or as many bytes of them, as may
/// ([`StoreLimits::inbox`](crate::StoreLimits::inbox)), no other question is taken until half of them
/// are read.
pub struct StoreProxy {
    store: Store,
    mailbox: Arc<Mailbox>,
    last: AtomicU64,
}

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// The number of the question.
    pub id: u64,
    /// What the store says.
    pub answer: Result<Data, StoreError>,
}

struct Mailbox {
    answers: Queue<Response>,
    /// Questions without an answer.
    open: AtomicUsize,
}

impl StoreProxy {
    pub(crate) fn new(store: Store) -> Self {
        let answers = Queue::new(store.0.host.core.options.stores.inbox);
        let mailbox = Arc::new(Mailbox { answers, open: AtomicUsize::new(0) });
        Self { store, mailbox, last: AtomicU64::new(0) }
    }

    /// See [`Store::get`].
    pub fn get(&self, key: impl Into<Data>) -> Result<u64, StoreError> {
        self.ask(Question::Get(key.into()))
    }

    /// See [`Store::exists`]: a boolean.
    pub fn exists(&self, key: impl Into<Data>) -> Result<u64, StoreError> {
        self.ask(Question::Exists(key.into()))
    }

    /// See [`Store::get_index_from_value`].
    pub fn get_index_from_value(
        &self,
        key: impl Into<Data>,
        index: impl Into<Data>,
    ) -> Result<u64, StoreError> {
        self.ask(Question::GetIndex(key.into(), index.into()))
    }

    /// See [`Store::keys`]: a set.
    pub fn keys(&self) -> Result<u64, StoreError> {
        self.ask(Question::Keys)
    }

    /// See [`Store::put_unique`]: a boolean.
    pub fn put_unique(
        &self,
        key: impl Into<Data>,
        value: impl Into<Data>,
        expiry: Option<Duration>,
    ) -> Result<u64, StoreError> {
        let (id, on_answer) = self.open()?;
        let (key, value) = (key.into(), value.into());
        let host = &self.store.0.host;
        let deadline = Deadline::after(host.core.options.stores.request_wait);
        let action = |number| self.store.unique(key, value, expiry, number);
        let asked = host.write_and_ask(action, deadline, on_answer, Keeping::Roused);
        if asked.is_err() {
            self.mailbox.open.fetch_sub(1, Ordering::AcqRel);
        }
        asked.map(|_| id)
    }

    /// The next answer, if one comes in time.
    pub fn receive(&self, deadline: Deadline) -> Option<Response> {
        self.receive_many(1, deadline).pop()
    }

    /// The next answers: at least one unless the deadline passes, and as many as have come, up to
    /// `most`.
    pub fn receive_many(&self, most: usize, deadline: Deadline) -> Vec<Response> {
        let mut taken = VecDeque::new();
        self.mailbox.answers.take(most, deadline, &mut taken);
        taken.into()
    }

    /// How many answers have come.
    pub fn available(&self) -> usize {
        self.mailbox.answers.len()
    }

    /// A descriptor that is readable while answers wait, for `poll(2)` and its kind.
    pub fn fd(&self) -> rustix::io::Result<BorrowedFd<'_>> {
        self.mailbox.answers.descriptor()
    }

    fn ask(&self, question: Question) -> Result<u64, StoreError> {
        let (id, on_answer) = self.open()?;
        self.store.0.host.ask_later(question, on_answer);
        Ok(id)
    }

    /// A number for a question, and what its answer goes to.
    fn open(&self) -> Result<(u64, OnAnswer), StoreError> {
        let host = &self.store.0.host;
        let open = self.mailbox.open.fetch_add(1, Ordering::AcqRel);
        let waiting = open.saturating_add(self.mailbox.answers.len());
        if waiting >= host.core.options.stores.inbox.items || self.mailbox.answers.is_full() {
            self.mailbox.open.fetch_sub(1, Ordering::AcqRel);
            return Err(StoreError::Full { name: host.name.clone(), waited: Duration::ZERO });
        }
        let id = self.last.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let mailbox = Arc::clone(&self.mailbox);
        let on_answer = move |answer: Result<Data, StoreError>| {
            let bytes = answer.as_ref().map_or(size_of::<Response>(), Data::weight);
            mailbox.answers.put(Response { id, answer }, bytes);
            mailbox.open.fetch_sub(1, Ordering::AcqRel);
        };
        Ok((id, Box::new(on_answer)))
    }
}

#[cfg(test)]
mod tests {
    use broker_store::{BackendKind, BackendOptions};

    use super::*;
    use crate::{Endpoint, EndpointOptions, QueueLimits};

    #[test]
    fn answers_that_nobody_reads_take_no_more_than_so_many_bytes() {
        let mut options = EndpointOptions::default();
        options.stores.inbox = QueueLimits { items: 1000, bytes: 10_000 };
        let node = Endpoint::new(options).unwrap();
        let made = node.attach_master("st", BackendKind::Memory, &BackendOptions::default());
        let store = made.unwrap();
        store.put("key", "x".repeat(1000).as_str(), None).unwrap();
        let proxy = store.proxy();
        let asked = (0..1000).take_while(|_| proxy.get("key").is_ok()).count();
        assert!((5..=10).contains(&asked), "{asked}");
        let soon = Deadline::after(Duration::from_secs(60));
        assert_eq!(proxy.receive_many(1000, soon).len(), asked);
        proxy.get("key").unwrap();
    }
}
