//! Clients that ask all the time while something else happens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};

use ostler_runtime::Thread;

use crate::wire::query;
use crate::{Address, Answer, wait_for};

/// Clients at work.
pub struct Load {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    wrong: Receiver<Answer>,
    threads: Vec<Thread>,
}

impl Load {
    /// So many clients, each with one query after another.
    pub fn start(address: &Address, clients: usize) -> Self {
        let address = address.clone();
        Self::by(clients, move |_, text| query(&address, text))
    }

    /// So many clients, each with one query after another; `ask` gets the number of the client and
    /// its query.
    pub fn by(
        clients: usize,
        ask: impl Fn(usize, &str) -> Answer + Clone + Send + 'static,
    ) -> Self {
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (sender, wrong) = channel();
        let threads = (0..clients).map(|number| {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let (ask, sender) = (ask.clone(), sender.clone());
            // Equal queries would share an execution.
            let text = format!("c:client{}:b:{}", number % 3 + 1, number / 3 % 2 + 1);
            let asks = move || {
                let mut first = None;
                while !stop.load(Ordering::Acquire) {
                    let answer = ask(number, &text);
                    answered.fetch_add(1, Ordering::AcqRel);
                    // What burp knows does not change here, so another answer is another query's.
                    let right = answer.status() == "OK"
                        && *first.get_or_insert_with(|| answer.clone()) == answer;
                    if !right && sender.send(answer).is_err() {
                        return;
                    }
                }
            };
            Thread::spawn("load", asks).unwrap()
        });
        let threads = threads.collect();
        Self { stop, answered, wrong, threads }
    }

    /// Waits for so many answers more.
    pub fn pass(&self, answers: usize) {
        let wanted = self.answered.load(Ordering::Acquire) + answers;
        wait_for("clients are answered", || self.answered.load(Ordering::Acquire) >= wanted);
    }

    /// So many have been answered so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Acquire)
    }

    /// Ends it: every answer must have been `OK`, and the right one. Says how many there were.
    pub fn end(self) -> usize {
        let (answered, wrong) = self.finish();
        assert!(wrong.is_empty(), "{} of the answers: {:?}", wrong.len(), wrong.first());
        answered
    }

    /// Ends it: how many answers there were, and those that were not `OK`
    /// or belonged to another query.
    pub fn finish(mut self) -> (usize, Vec<Answer>) {
        self.pass(self.threads.len());
        self.stop.store(true, Ordering::Release);
        for thread in std::mem::take(&mut self.threads) {
            thread.join();
        }
        (self.answered.load(Ordering::Acquire), self.wrong.try_iter().collect())
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // A test that fails meanwhile joins the threads, too.
        self.stop.store(true, Ordering::Release);
    }
}
