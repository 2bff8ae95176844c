//! The thread that writes into the store: a store that takes its time holds up nobody but it.

use std::sync::Arc;
use std::time::Duration;

use broker::Store;
use broker::data::Timestamp;
use crossbeam_channel::{Receiver, Sender};
use ostler_runtime::Deadline;
use ostler_runtime::threads::caught;

use crate::exchange::Bytes;
use crate::query::Query;
use crate::shared_cache::State;
use crate::shared_cache_entry::{Keys, value};
use crate::shared_cache_room::Taken;
use crate::shared_cache_thread::{Told, count};

/// Changes that may wait for the store's master: one that does not keep up is told no more.
const MAX_UNACKED: u64 = 1024;

/// What is to be written, and until when there is any use in it.
pub(crate) type Job = (Deadline, Write);

/// See [`Job`].
#[derive(Debug)]
pub(crate) enum Write {
    /// That this daemon asks burp, unless another one does: the answer has this number.
    Claim(u64, Query),
    /// That it does no more.
    Release(Query),
    /// An answer, for the time that is left.
    Answer {
        query: Query,
        /// When the query went to burp, by this machine's clock.
        born: Timestamp,
        bytes: Bytes,
        /// What it takes while it waits.
        taken: Taken,
    },
}

/// See the module.
pub(crate) struct Writer {
    pub(crate) store: Store,
    pub(crate) keys: Keys,
    /// How long a claim stands.
    pub(crate) wait: Duration,
    pub(crate) state: Arc<State>,
    pub(crate) jobs: Receiver<Job>,
    pub(crate) tell: Sender<Told>,
}

impl Writer {
    /// Writes until nobody is left who has something to be written, or nothing is shared any more.
    pub(crate) fn run(self) {
        for (until, write) in &self.jobs {
            if self.state.has_ended() {
                break;
            }
            caught("a shared answer", || self.write(until, write));
        }
    }

    fn write(&self, until: Deadline, write: Write) {
        let left = until.remaining().filter(|left| !left.is_zero());
        match (write, left) {
            (Write::Claim(number, query), Some(_)) => self.claim(number, query),
            (Write::Release(query), Some(_)) => {
                // It ends by itself too.
                let _ = self.store.erase(self.keys.claim(&query));
            }
            (Write::Answer { query, born, bytes, taken: _taken }, Some(left))
                if self.store.statistics().unacked <= MAX_UNACKED
                    && self.answer(&query, born, &bytes, left) =>
            {
                count(&self.state.told);
            }
            (Write::Answer { .. }, _) => count(&self.state.kept_back),
            // Who waited for it has given up, or it may be another daemon's by now.
            (Write::Claim(..) | Write::Release(_), None) => {}
        }
    }

    fn claim(&self, number: u64, query: Query) {
        let (key, me) = (self.keys.claim(&query), self.store.entity_id().endpoint.to_string());
        // The master has it a moment later, and lets it stand for as long from then on.
        let until = Deadline::after(self.wait);
        let tell = self.tell.clone();
        let answered = move |answer| {
            // Without it the flight's deadline passes.
            let _ = tell.try_send(Told::Claimed { number, query, until, answer });
        };
        let refused = answered.clone();
        if let Err(error) = self.store.put_unique_then(key, me, Some(self.wait), answered) {
            refused(Err(error));
        }
    }

    fn answer(&self, query: &Query, born: Timestamp, bytes: &Bytes, left: Duration) -> bool {
        let value = value(born, bytes.as_slice());
        self.store.put(self.keys.answer(query), value, Some(left)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use broker::data::Data;
    use broker::{BackendKind, BackendOptions, Endpoint, EndpointOptions};
    use crossbeam_channel::unbounded;

    use super::*;
    use crate::shared_cache_room::Room;

    #[test]
    fn what_comes_too_late_is_not_written_and_takes_nothing_from_others() {
        let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
        let none = BackendOptions::default();
        let store = endpoint.attach_master("st", BackendKind::Memory, &none).unwrap();
        let (send, jobs) = unbounded();
        let (tell, told) = unbounded();
        let keys = Keys::new("v".to_owned());
        let state = Arc::<State>::default();
        let writer = Writer {
            store: store.clone(),
            keys: keys.clone(),
            wait: Duration::from_secs(600),
            state: Arc::clone(&state),
            jobs,
            tell,
        };
        let query = |text: &str| Query::parse(text).unwrap();
        let (late, soon) = (Deadline::after(Duration::ZERO), Deadline::after(writer.wait));
        let answer = |text| {
            let (buffer, born) = (Arc::new(b"{}".to_vec()), Timestamp::from_nanos(1));
            let taken = Room::default().take(2).unwrap();
            Write::Answer { query: query(text), born, bytes: Bytes { buffer, range: 0..2 }, taken }
        };
        store.put(keys.claim(&query("c:another")), "another", None).unwrap();
        for (until, write) in [
            (late, Write::Claim(1, query("c:late"))),
            (late, answer("c:late")),
            (late, Write::Release(query("c:another"))),
            (soon, Write::Claim(2, query("c:another"))),
            (soon, Write::Claim(3, query("c:mine"))),
            (soon, answer("c:mine")),
            (soon, Write::Claim(4, query("c:done"))),
            (soon, Write::Release(query("c:done"))),
        ] {
            send.send((until, write)).unwrap();
        }
        drop(send);
        writer.run();
        let claims: Vec<(u64, bool)> = told
            .try_iter()
            .map(|told| match told {
                Told::Claimed { number, answer: Ok(Data::Boolean(is_mine)), .. } => {
                    (number, is_mine)
                }
                _ => (0, false),
            })
            .collect();
        assert_eq!(claims, [(2, false), (3, true), (4, true)]);
        let mine = query("c:mine");
        let keys = [keys.claim(&query("c:another")), keys.claim(&mine), keys.answer(&mine)];
        assert_eq!(store.keys().unwrap(), keys.into());
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        assert_eq!((read(&state.told), read(&state.kept_back)), (1, 1));
    }
}
