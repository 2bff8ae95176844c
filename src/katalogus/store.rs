//! The store: tasks go in from any thread, run on threads of its own that each hold a connection,
//! and are answered after the commit.
//!
//! ```text
//!            submit ──▶ reads  ──▶ store:read:1..n   SQLite: each with a connection that only reads
//!                   └─▶ writes ──▶ store:write       SQLite: one COMMIT for all tasks that wait
//!            submit ──▶ tasks  ──▶ store:1..n        PostgreSQL: a transaction a task
//!                                  store:late        ends what waits for too long
//! ```
//!
//! A submitted task never blocks its caller. The queues are bounded; a task that waits beyond its
//! deadline ends as [`StoreError::Late`], whatever the other threads are busy with. While the database
//! is gone, tasks end at once as [`StoreError::Unavailable`], and the threads connect again by
//! themselves. What the database holds is never remembered here: other processes may work on it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ostler_runtime::{Deadline, Thread};

use crate::store_queue::{Job, Queue};
use crate::store_thread::{Backend, Shared, serve};
use crate::{Abort, Access, Database, Session, StoreError, StoreStatistics, Task};

/// How often tasks that wait are looked at for those that are late. A thread that takes a task looks
/// as well, so this counts only when all of them are held up.
const LOOK: Duration = Duration::from_millis(500);

/// What a store is opened with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreSettings {
    /// The database.
    pub database: Database,
    /// Tasks that wait, at most, for each kind of thread.
    pub max_queued: usize,
    /// SQLite: threads that read.
    pub readers: usize,
    /// SQLite: tasks in one commit, at most.
    pub max_batch: usize,
    /// How long a task waits, at most, for a lock that another process holds on the database.
    pub max_lock_wait: Duration,
    /// PostgreSQL: connections, each with its thread.
    pub connections: usize,
    /// PostgreSQL: how long an attempt to connect lasts, at most. Whole seconds, at least two.
    pub max_connect: Duration,
    /// How long tasks that were taken may still run when the store is dropped.
    pub max_stop: Duration,
}

impl StoreSettings {
    /// The defaults for a database.
    pub fn new(database: Database) -> Self {
        Self {
            database,
            max_queued: 1024,
            readers: 2,
            max_batch: 64,
            max_lock_wait: Duration::from_secs(5),
            connections: 4,
            max_connect: Duration::from_secs(3),
            max_stop: Duration::from_secs(10),
        }
    }
}

/// A database with the threads that work on it. Dropping it finishes the tasks that it has taken.
pub struct Store {
    shared: Arc<Shared>,
    /// The same queue twice with PostgreSQL, where each thread does both.
    reads: Arc<Queue>,
    writes: Arc<Queue>,
    max_stop: Duration,
    threads: Vec<Thread>,
    /// Each thread holds the other end, and never sends.
    ended: Receiver<()>,
    /// Ends the thread that looks for late tasks, when it is dropped.
    looking: Option<(Sender<()>, Thread)>,
}

impl Store {
    /// Starts the threads, which connect by themselves. The database need not be there yet, but its
    /// tables are not made here: that is [`crate::Migrator::apply`].
    pub fn open(settings: &StoreSettings) -> Result<Self, StoreError> {
        let shared = Arc::new(Shared::default());
        let writes = Arc::new(Queue::new(settings.max_queued));
        let reads = match settings.database {
            Database::Sqlite(_) => Arc::new(Queue::new(settings.max_queued)),
            Database::Postgres(_) => Arc::clone(&writes),
        };
        let (held, ended) = bounded(0);
        let mut store = Self {
            shared,
            reads,
            writes,
            max_stop: settings.max_stop,
            threads: Vec::new(),
            ended,
            looking: None,
        };
        let started = store.start(settings, &held);
        // Only the threads hold it now, and a store that is dropped waits for its end.
        drop(held);
        match started {
            Ok(()) => Ok(store),
            Err(error) => {
                Err(StoreError::Unavailable(format!("a thread cannot be started: {error}")))
            }
        }
    }

    /// Hands a task over. Never blocks. The task's `done` is called in any case.
    pub fn submit(&self, access: Access, deadline: Deadline, task: Box<dyn Task>) {
        self.hand(Job { task, submitted: access, access, deadline, repeated: false });
    }

    /// Runs `work` in a transaction and waits for its end. `work` may be called several times.
    ///
    /// If it leaves with [`Abort::Rollback`] it has no value to give: an error is
    /// [`StoreError::Other`] then. When the deadline passes while it runs, the outcome is
    /// [`StoreError::Late`] although it may still be committed.
    pub fn call<T: Send + 'static>(
        &self,
        access: Access,
        deadline: Deadline,
        work: impl FnMut(&mut Session<'_>) -> Result<T, Abort> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = bounded(1);
        self.submit(access, deadline, Box::new(Call { work, value: None, answer: sender }));
        let answer = match deadline.instant() {
            Some(moment) => receiver.recv_deadline(moment).ok(),
            None => receiver.recv().ok(),
        };
        answer.unwrap_or(Err(StoreError::Late))
    }

    /// What it has done so far.
    pub fn statistics(&self) -> StoreStatistics {
        let mut queued = self.writes.len();
        if !Arc::ptr_eq(&self.reads, &self.writes) {
            queued = queued.saturating_add(self.reads.len());
        }
        self.shared.counters.read(queued)
    }

    fn hand(&self, job: Job) {
        let queue = match job.access {
            Access::Read => &self.reads,
            Access::Write => &self.writes,
        };
        if let Err((job, error)) = queue.push(job) {
            self.shared.end(job, Err(error));
        }
    }

    fn start(&mut self, settings: &StoreSettings, held: &Sender<()>) -> io::Result<()> {
        self.look()?;
        match &settings.database {
            Database::Sqlite(path) => {
                let writer = crate::store_sqlite::Writer::new(path, settings);
                self.thread("store:write", &Arc::clone(&self.writes), writer, held)?;
                for number in 1..=settings.readers.max(1) {
                    let reader = crate::store_sqlite::Reader::new(path, settings);
                    let name = format!("store:read:{number}");
                    self.thread(&name, &Arc::clone(&self.reads), reader, held)?;
                }
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(uri) => {
                for number in 1..=settings.connections.max(1) {
                    let worker = crate::store_postgres::Worker::new(uri, settings);
                    let name = format!("store:{number}");
                    self.thread(&name, &Arc::clone(&self.writes), worker, held)?;
                }
            }
            #[cfg(not(feature = "postgres"))]
            Database::Postgres(_) => {
                return Err(io::Error::other(crate::DatabaseError::NoPostgres));
            }
        }
        Ok(())
    }

    fn thread(
        &mut self,
        name: &str,
        queue: &Arc<Queue>,
        backend: impl Backend,
        held: &Sender<()>,
    ) -> io::Result<()> {
        let (shared, queue) = (Arc::clone(&self.shared), Arc::clone(queue));
        let (writes, held) = (Arc::clone(&self.writes), held.clone());
        let body = move || {
            serve(&backend, &queue, &writes, &shared);
            drop(held);
        };
        self.threads.push(Thread::spawn(name, body)?);
        Ok(())
    }

    /// Starts the thread that looks for late tasks.
    fn look(&mut self) -> io::Result<()> {
        let (sender, receiver) = bounded(0);
        let shared = Arc::clone(&self.shared);
        let queues = [Arc::clone(&self.reads), Arc::clone(&self.writes)];
        let body = move || {
            while receiver.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout) {
                for job in queues.iter().flat_map(|queue| queue.late()) {
                    shared.end(job, Err(StoreError::Late));
                }
            }
        };
        self.looking = Some((sender, Thread::spawn("store:late", body)?));
        Ok(())
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let deadline = Deadline::after(self.max_stop);
        // Readers first: what they find they must write is then still taken.
        for queue in [&self.reads, &self.writes] {
            queue.close();
            for job in queue.finish(deadline) {
                let error = StoreError::Unavailable("the service has stopped".into());
                self.shared.end(job, Err(error));
            }
        }
        if let Some((sender, thread)) = self.looking.take() {
            drop(sender);
            thread.join();
        }
        let still_run = match deadline.instant() {
            Some(moment) => self.ended.recv_deadline(moment) == Err(RecvTimeoutError::Timeout),
            None => self.ended.recv().is_ok(),
        };
        if still_run {
            log::error!("the database holds a thread up; it is left behind");
            self.threads.drain(..).for_each(Thread::detach);
        }
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").field("threads", &self.threads).finish_non_exhaustive()
    }
}

/// A closure that somebody waits for.
struct Call<T, F> {
    work: F,
    value: Option<T>,
    answer: Sender<Result<T, StoreError>>,
}

impl<T: Send, F: FnMut(&mut Session<'_>) -> Result<T, Abort> + Send> Task for Call<T, F> {
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Abort> {
        self.value = None;
        self.value = Some((self.work)(session)?);
        Ok(())
    }

    fn done(self: Box<Self>, outcome: Result<(), StoreError>) {
        let nothing = || StoreError::Other("the task was rolled back without an answer".into());
        let Self { value, answer, .. } = *self;
        // Whoever waited may have left at the deadline.
        let _ = answer.try_send(outcome.and_then(|()| value.ok_or_else(nothing)));
    }
}
