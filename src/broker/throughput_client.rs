//! The side of `broker-throughput` that sends.

use std::time::{Duration, Instant};

use ostler_runtime::{Deadline, now};

use crate::node_program::print;
use crate::throughput_events::{EVENTS, STATS};
use crate::throughput_options::Load;
use crate::throughput_server::received;
use crate::{Endpoint, PublishError, Subscriber, Topic, TopicTooLong};

/// How long the server may take to be a peer that wants the events.
const PEERING: Duration = Duration::from_secs(10);
/// How long the peer may say nothing of what has arrived, where that is waited for: a server says it
/// every second.
const MAX_SILENCE: Duration = Duration::from_secs(30);
/// How often it is said how many were sent.
const SECOND: Duration = Duration::from_secs(1);

/// Why sending has ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendingError {
    #[error("cannot peer with {0}:{1}: {2}")]
    NoPeer(String, u16, crate::Error),
    #[error("the peer does not want the events: is it a broker-throughput --server?")]
    Unwanted,
    #[error("{0}")]
    Publish(#[from] PublishError),
    #[error("the peer has gone")]
    Lost,
    #[error("{0} events were sent and have not arrived, which is more than --max-in-flight")]
    InFlight(u64),
    #[error("the peer has said nothing for {MAX_SILENCE:?} of what has come to it")]
    Silent,
    #[error(transparent)]
    Topic(#[from] TopicTooLong),
}

/// What was sent and has arrived.
struct Sending<'a> {
    endpoint: &'a Endpoint,
    topic: Topic,
    load: Load,
    stats: Subscriber,
    sent: u64,
    arrived: u64,
    /// When the peer has said so.
    heard: Instant,
    since: Instant,
    told: u64,
}

/// Sends until the load is done, the peer goes, or the process ends.
pub(crate) fn run(endpoint: &Endpoint, to: &(String, u16), load: Load) -> Result<(), SendingError> {
    let stats = endpoint.subscribe([Topic::new(STATS)?]);
    let peered = endpoint.peer(&to.0, to.1, None, Deadline::after(PEERING));
    peered.map_err(|error| SendingError::NoPeer(to.0.clone(), to.1, error))?;
    let topic = Topic::new(EVENTS)?;
    if !endpoint.await_filter_entry(&topic, Deadline::after(PEERING)) {
        return Err(SendingError::Unwanted);
    }
    let since = now();
    let mut sending =
        Sending { endpoint, topic, load, stats, sent: 0, arrived: 0, heard: since, since, told: 0 };
    sending.run()?;
    // What is in flight now arrives before the farewell is answered.
    print(&format!("{} in all", sending.sent));
    Ok(())
}

impl Sending<'_> {
    fn run(&mut self) -> Result<(), SendingError> {
        let mut size = self.load.batch_size.get();
        let mut due = now();
        let mut larger = self.larger_after(due);
        loop {
            self.batch(size)?;
            while let Some(at) = larger.filter(|at| now() >= *at) {
                size = size.saturating_add(self.load.increase_amount);
                larger = self.larger_after(at);
            }
            if self.load.batch_rate > 0.0 {
                let pause = Duration::from_secs_f64(self.load.batch_rate.recip());
                due = due.checked_add(pause).unwrap_or(due);
            }
            if self.is_done(Deadline::at(due))? {
                return Ok(());
            }
        }
    }

    /// Until when to hear: no longer than the peer may be silent, where that counts.
    fn wakes(&self, due: Deadline) -> Deadline {
        let silent = self.heard.checked_add(MAX_SILENCE).filter(|_| self.load.max_received > 0);
        silent.map_or(due, |at| due.earlier(Deadline::at(at)))
    }

    /// When batches become larger after they have at `time`.
    fn larger_after(&self, time: Instant) -> Option<Instant> {
        let interval = self.load.increase_interval;
        if interval.is_zero() { None } else { time.checked_add(interval) }
    }

    fn batch(&mut self, size: u64) -> Result<(), SendingError> {
        for _ in 0..size {
            let event = self.load.event_type.event(self.sent);
            if self.endpoint.publish(&self.topic, &event)? == 0 {
                return Err(SendingError::Lost);
            }
            self.sent = self.sent.saturating_add(1);
            self.tell();
        }
        Ok(())
    }

    /// Hears what the server says until the next batch is due; whether no more are.
    fn is_done(&mut self, due: Deadline) -> Result<bool, SendingError> {
        loop {
            if let Some(told) = self.stats.get_before(self.wakes(due)) {
                if let Some(arrived) = received(&told.data) {
                    (self.arrived, self.heard) = (arrived, now());
                }
            }
            self.tell();
            let in_flight = self.sent.saturating_sub(self.arrived);
            if self.load.max_in_flight > 0 && in_flight > self.load.max_in_flight {
                return Err(SendingError::InFlight(in_flight));
            }
            let waits = self.load.max_received > 0;
            if waits && self.arrived >= self.load.max_received {
                return Ok(true);
            }
            if waits && now().saturating_duration_since(self.heard) >= MAX_SILENCE {
                return Err(SendingError::Silent);
            }
            if due.passed() {
                return Ok(false);
            }
        }
    }

    fn tell(&mut self) {
        // The clock is not read for each event.
        if self.sent % 128 != 0 && self.load.batch_rate <= 0.0 {
            return;
        }
        let time = now();
        if time.saturating_duration_since(self.since) < SECOND {
            return;
        }
        let (new, in_flight) =
            (self.sent.saturating_sub(self.told), self.sent.saturating_sub(self.arrived));
        let sent = self.sent;
        print(&format!("{new} events/s sent, {sent} in all, {in_flight} in flight"));
        (self.since, self.told) = (time, self.sent);
    }
}
