//! A server: its threads, and how it comes to its end.

use std::io;
use std::sync::{Arc, Weak};

use ostler_runtime::{Deadline, Thread};

use crate::acceptor::{self, Stop};
use crate::shared::{Shared, Work};
use crate::{Limits, Listener, Service, Statistics, worker};

/// A running server. It stops in three steps, of which a caller may leave out any:
/// [`stop_accepting`](Self::stop_accepting), [`drain`](Self::drain), [`stop`](Self::stop).
/// Dropping it is the third.
pub struct Server {
    // Threads end in the order of the fields: first nobody comes in, then nobody is woken, and
    // only then do the threads go that everybody else hands work to.
    acceptor: Option<Thread>,
    parked: Option<Thread>,
    workers: Vec<Thread>,
    stop: Arc<Stop>,
    shared: Arc<Shared>,
}

/// How draining ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every connection came to its end.
    Whole,
    /// The deadline passed while that many were open.
    Cut(usize),
}

/// Reads the counters of a server for as long as it is there.
#[derive(Clone)]
pub struct Meter(Weak<Shared>);

impl Meter {
    /// The counters now; all zero when the server has gone.
    pub fn statistics(&self) -> Statistics {
        self.0.upgrade().map(|shared| shared.statistics()).unwrap_or_default()
    }
}

impl Server {
    /// Serves connections to `listeners` on `threads` connection threads (at least one).
    pub fn start(
        listeners: Vec<Listener>,
        threads: usize,
        limits: Limits,
        service: Arc<dyn Service>,
    ) -> io::Result<Self> {
        let threads = threads.max(1);
        let (shared, queue) = Shared::new(service, limits, threads)?;
        let stop = Arc::new(Stop::new()?);
        // Built first, so that an error below ends the threads that are there already.
        let mut server = Self { acceptor: None, parked: None, workers: Vec::new(), stop, shared };
        for number in 1..=threads {
            let (shared, queue) = (server.shared.clone(), queue.clone());
            let body = move || worker::run(&shared, &queue);
            server.workers.push(Thread::spawn(&format!("conn:{number}"), body)?);
        }
        let shared = server.shared.clone();
        server.parked = Some(Thread::spawn("parked", move || shared.parked.run(&shared))?);
        let (shared, stop) = (server.shared.clone(), server.stop.clone());
        let body = move || acceptor::run(&shared, listeners, &stop);
        server.acceptor = Some(Thread::spawn("acceptor", body)?);
        Ok(server)
    }

    /// Closes the listeners: when this returns, new connections are refused by the kernel.
    pub fn stop_accepting(&mut self) {
        self.stop.ask();
        drop(self.acceptor.take());
    }

    /// Closes silent connections and waits until all others have come to their end: requests
    /// that have begun are read and answered, and so are those of clients that a proxy has just
    /// connected for, or may have. New ones are not accepted any more.
    pub fn drain(&mut self, deadline: Deadline) -> Drained {
        self.stop_accepting();
        match self.shared.drain(deadline) {
            0 => Drained::Whole,
            open => Drained::Cut(open),
        }
    }

    /// Closes everything and joins the threads. A [`Reply`](crate::Reply) that is still out finds
    /// its connection closed when it is sent.
    pub fn stop(self) {
        drop(self);
    }

    /// The counters now.
    pub fn statistics(&self) -> Statistics {
        self.shared.statistics()
    }

    /// The same for somebody who must not hold the server itself, such as its own service.
    pub fn meter(&self) -> Meter {
        Meter(Arc::downgrade(&self.shared))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop_accepting();
        self.shared.parked.close();
        drop(self.parked.take());
        for _ in &self.workers {
            self.shared.hand_on(Work::Stop);
        }
        self.workers.clear();
    }
}
