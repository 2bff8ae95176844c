//! What the threads of links share: one poll set in which all of them wait, the queue of links
//! that have news which polling does not tell, and the clock that ticks.
//!
//! A thread that finds something to do does it itself, so that nothing that comes in passes from
//! one thread to another before it is dealt with. Of the threads that sleep one keeps the time, as
//! long as there is a link.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ostler_runtime::{Wake, now};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

use crate::LinkLimits;
use crate::link_doors::Doors;
use crate::link_inner::Inner;
use crate::link_state::News;
use crate::link_statistics::LinkCounters;
use crate::link_unconsumed::Unconsumed;
use crate::slab::Slab;

/// How often links tick.
const TICK: Duration = Duration::from_millis(250);

/// Links that a thread attends to before it looks at what polling has to tell.
const BURST: usize = 8;

/// The token of the descriptor that wakes one thread; no slab index comes near it.
const WAKE_TOKEN: u64 = u64::MAX;
/// That of the descriptor that ends all.
const STOP_TOKEN: u64 = u64::MAX - 1;

/// The shared parts.
pub(crate) struct Hub {
    pub(crate) epoll: OwnedFd,
    pub(crate) limits: LinkLimits,
    pub(crate) counters: LinkCounters,
    pub(crate) doors: Doors,
    pub(crate) unconsumed: Unconsumed,
    pub(crate) stop: Wake,
    stopped: AtomicBool,
    wake: Wake,
    work: Mutex<Work>,
    links: Mutex<Links>,
}

/// The queue of links with news, and who sleeps.
#[derive(Default)]
struct Work {
    queue: VecDeque<Arc<Inner>>,
    /// Threads that sleep, or have just been woken.
    sleeping: usize,
    /// Whether one of them keeps the time.
    timed: bool,
}

/// All links.
struct Links {
    slab: Slab<Arc<Inner>>,
    /// When they tick next.
    tick: Instant,
    /// Whether more may come.
    open: bool,
}

impl Hub {
    pub(crate) fn new(limits: LinkLimits) -> rustix::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let (wake, stop) = (Wake::new()?, Wake::new()?);
        // Each call to wake wakes one thread, and nobody has to clear anything for it.
        let once = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&epoll, &wake, epoll::EventData::new_u64(WAKE_TOKEN), once)?;
        let data = epoll::EventData::new_u64(STOP_TOKEN);
        epoll::add(&epoll, &stop, data, epoll::EventFlags::IN)?;
        Ok(Self {
            epoll,
            limits,
            counters: LinkCounters::default(),
            doors: Doors::default(),
            unconsumed: Unconsumed::default(),
            stop,
            stopped: AtomicBool::new(false),
            wake,
            work: Mutex::default(),
            links: Mutex::new(Links { slab: Slab::new(), tick: now(), open: true }),
        })
    }

    /// Puts a link in, which `make` makes from its number. `None` once the threads are to end.
    pub(crate) fn add(&self, make: impl FnOnce(u64) -> Inner) -> Option<Arc<Inner>> {
        let mut links = self.links();
        if !links.open {
            return None;
        }
        let id = links.slab.vacancy()?;
        let link = Arc::new(make(id));
        links.slab.put(id, link.clone()).ok()?;
        Some(link)
    }

    /// Lets a link go.
    pub(crate) fn remove(&self, id: u64) {
        // Dropped outside the lock.
        let gone = self.links().slab.take(id);
        drop(gone);
    }

    /// The link that holds most bytes that were not consumed.
    pub(crate) fn largest(&self) -> Option<Arc<Inner>> {
        let links = self.links();
        let all = links.slab.guests().map(|(_, link)| link);
        all.max_by_key(|link| link.share.load(Ordering::Relaxed)).cloned()
    }

    /// How many links there are.
    pub(crate) fn len(&self) -> usize {
        self.links().slab.len()
    }

    /// Has the threads end, and nobody come in any more.
    pub(crate) fn stop(&self) {
        self.links().open = false;
        self.stopped.store(true, Ordering::SeqCst);
        self.stop.wake();
    }

    /// Whether the threads are to end.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// All links, and what still waits for a thread is forgotten.
    pub(crate) fn take_all(&self) -> Vec<Arc<Inner>> {
        let forgotten = std::mem::take(&mut self.work().queue);
        drop(forgotten);
        self.links().slab.take_where(|_| true)
    }

    /// Queues a link that has news.
    pub(crate) fn hand_on(&self, link: Arc<Inner>) {
        let mut work = self.work();
        // Where something is queued already, somebody has been woken for it, and whoever takes it
        // wakes the next.
        let wakes = work.queue.is_empty() && work.sleeping > 0;
        work.queue.push_back(link);
        drop(work);
        if wakes {
            self.wake.wake();
        }
    }

    /// The work of each thread, until [`stop`](Self::stop).
    pub(crate) fn run(&self) {
        // What links are read into.
        let mut scratch = Vec::new();
        let mut events = Vec::with_capacity(1);
        while !self.is_stopped() {
            self.tick_if_due(&mut scratch);
            for _ in 0..BURST {
                let Some(link) = self.next_queued() else { break };
                link.attend_queued(&mut scratch);
            }
            events.clear();
            self.wait(&mut events);
            for event in &events {
                self.deal_with(*event, &mut scratch);
            }
        }
    }

    fn next_queued(&self) -> Option<Arc<Inner>> {
        let mut work = self.work();
        let link = work.queue.pop_front()?;
        let wakes = !work.queue.is_empty() && work.sleeping > 0;
        drop(work);
        if wakes {
            self.wake.wake();
        }
        Some(link)
    }

    fn deal_with(&self, event: epoll::Event, scratch: &mut Vec<u8>) {
        let token = event.data.u64();
        if token == WAKE_TOKEN || token == STOP_TOKEN {
            return;
        }
        let flags = event.flags;
        let link = self.links().slab.get(token).cloned();
        let Some(link) = link else { return };
        let failed = flags.intersects(epoll::EventFlags::ERR | epoll::EventFlags::HUP);
        let mut news = News::default();
        if failed || flags.contains(epoll::EventFlags::RDHUP) {
            news |= News::HANGUP;
        }
        if failed || flags.contains(epoll::EventFlags::IN) {
            news |= News::READABLE;
        }
        if failed || flags.contains(epoll::EventFlags::OUT) {
            news |= News::WRITABLE;
        }
        link.attend_polled(news, scratch);
    }

    /// Waits for one event: each of the others is for whichever thread is free.
    fn wait(&self, events: &mut Vec<epoll::Event>) {
        let tick = {
            let links = self.links();
            (links.slab.len() > 0).then_some(links.tick)
        };
        let mut work = self.work();
        let mut keeps_time = false;
        let limit = if work.queue.is_empty() {
            work.sleeping = work.sleeping.saturating_add(1);
            keeps_time = !work.timed && tick.is_some();
            work.timed |= keeps_time;
            let left = || tick.map(|tick| tick.saturating_duration_since(now()));
            if keeps_time { left() } else { None }
        } else {
            Some(Duration::ZERO)
        };
        let sleeps = work.queue.is_empty();
        drop(work);
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        // An interrupted wait comes back without events, which is one round for nothing.
        let _ = epoll::wait(&self.epoll, spare_capacity(events), limit.as_ref());
        if sleeps {
            let mut work = self.work();
            work.sleeping = work.sleeping.saturating_sub(1);
            work.timed &= !keeps_time;
        }
    }

    /// Ticks all links if it is time.
    fn tick_if_due(&self, scratch: &mut Vec<u8>) {
        let time = now();
        let ticked: Vec<_> = {
            let mut links = self.links();
            if time < links.tick || links.slab.len() == 0 {
                return;
            }
            links.tick = time.checked_add(TICK).unwrap_or(time);
            links.slab.guests().map(|(_, link)| link.clone()).collect()
        };
        for link in ticked {
            link.attend(News::TICK, scratch);
        }
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
