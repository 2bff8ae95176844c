//! What a node does beside serving: it prints, counts, sends pings or answers them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use ostler_runtime::{Exit, Thread};
use rustix::process::{Signal, getpid, kill_process};

use crate::node_message::NodeMessage;
use crate::node_ping::{answer, measure};
use crate::node_program::print;
use crate::node_settings::{Mode, NodeSettings};
use crate::{Endpoint, Happening, Publisher, Received, Tap, Worker};

/// How often a rate is printed.
const SECOND: Duration = Duration::from_secs(1);

/// See the module. They end with the endpoint whose subscriptions they read.
pub(crate) struct Tasks {
    threads: Vec<Thread>,
    /// Nothing is said through it; its end is the end.
    end: Option<crossbeam_channel::Sender<()>>,
    is_over: Arc<AtomicBool>,
    failed: Arc<AtomicBool>,
    /// Held for what their ends would end.
    workers: Vec<Worker>,
    taps: Vec<Tap>,
}

impl Tasks {
    /// Starts what the settings ask for.
    pub(crate) fn start(endpoint: &Endpoint, settings: &NodeSettings) -> io::Result<Self> {
        let (end, ended) = bounded(0);
        let mut tasks = Self {
            threads: Vec::new(),
            end: Some(end),
            is_over: Arc::default(),
            failed: Arc::default(),
            workers: Vec::new(),
            taps: Vec::new(),
        };
        if settings.verbose {
            tasks.print_statuses(endpoint)?;
        }
        match settings.mode {
            Mode::Relay => tasks.relay(endpoint, settings, ended)?,
            Mode::Pong => tasks.pong(endpoint, settings, ended)?,
            Mode::Ping => tasks.ping(endpoint, settings)?,
        }
        Ok(tasks)
    }

    /// Waits for the tasks, whose endpoint has ended.
    pub(crate) fn end(mut self) -> Exit {
        self.is_over.store(true, Ordering::Release);
        drop(self.end.take());
        self.threads.clear();
        self.workers.clear();
        self.taps.clear();
        if self.failed.load(Ordering::Acquire) { Exit::Unavailable } else { Exit::Success }
    }

    fn print_statuses(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let statuses = endpoint.status_subscriber(true);
        let thread = Thread::spawn("statuses", move || {
            while let Some(happening) = statuses.get() {
                match happening {
                    Happening::Status(status) => print(&format!("*** {status}")),
                    Happening::Error(error) => print(&format!("*** {error}")),
                }
            }
        })?;
        self.threads.push(thread);
        Ok(())
    }

    fn relay(
        &mut self,
        endpoint: &Endpoint,
        settings: &NodeSettings,
        ended: Receiver<()>,
    ) -> io::Result<()> {
        let (stop, stopped) = bounded::<()>(1);
        // Looked for by its bytes: most messages are not decoded for it.
        let payload = {
            let mut bytes = Vec::new();
            broker_data::Data::from(&NodeMessage::Stop).encode(&mut bytes);
            bytes
        };
        let count = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&count);
        self.taps.push(endpoint.tap(settings.topics.clone(), move |message| {
            counted.fetch_add(1, Ordering::Relaxed);
            if message.payload() == payload {
                // Once is enough.
                let _ = stop.try_send(());
            }
        }));
        if settings.stop {
            self.stop_when_asked(stopped, ended.clone())?;
        }
        if settings.rate {
            self.threads.push(Thread::spawn("rate", move || print_rates(&count, &ended))?);
        }
        if settings.verbose {
            let name = settings.name.clone();
            let printed = move |received: Received| print(&relayed(&name, &received));
            self.workers.push(endpoint.subscribe_callback(settings.topics.clone(), printed)?);
        }
        Ok(())
    }

    fn pong(
        &mut self,
        endpoint: &Endpoint,
        settings: &NodeSettings,
        ended: Receiver<()>,
    ) -> io::Result<()> {
        let (tap, stopped) = answer(endpoint, &settings.topics);
        self.taps.push(tap);
        if settings.stop { self.stop_when_asked(stopped, ended) } else { Ok(()) }
    }

    fn ping(&mut self, endpoint: &Endpoint, settings: &NodeSettings) -> io::Result<()> {
        let publisher: Publisher = endpoint.publisher();
        let (settings, is_over, failed) =
            (settings.clone(), Arc::clone(&self.is_over), Arc::clone(&self.failed));
        let pongs = crate::node_ping::Pongs::new(endpoint, &settings.topics);
        let thread = Thread::spawn("ping", move || {
            let told = |trip: Duration| print(&trip.as_nanos().to_string());
            let measured = measure(&publisher, &pongs, &settings, told, &is_over);
            if let Err(error) = measured {
                log::error!("{error}");
                failed.store(true, Ordering::Release);
            }
            stop_process();
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Ends the process when somebody says so.
    fn stop_when_asked(&mut self, stopped: Receiver<()>, ended: Receiver<()>) -> io::Result<()> {
        let wait = move || {
            crossbeam_channel::select! {
                recv(stopped) -> said => if said.is_ok() { stop_process() },
                recv(ended) -> _ => {},
            }
        };
        self.threads.push(Thread::spawn("stop", wait)?);
        Ok(())
    }
}

/// Ends the process as a signal would.
pub(crate) fn stop_process() {
    if let Err(error) = kill_process(getpid(), Signal::TERM) {
        log::error!("cannot stop: {error}");
    }
}

/// What is printed of a message.
fn relayed(name: &str, received: &Received) -> String {
    let prefix = if name.is_empty() { String::new() } else { format!("{name}: ") };
    match NodeMessage::read(&received.data) {
        Some(NodeMessage::Ping(number, _)) => format!("{prefix}received ping {number}"),
        Some(NodeMessage::Pong(number)) => format!("{prefix}received pong {number}"),
        Some(NodeMessage::Stop) => format!("{prefix}received stop"),
        None => format!("{prefix}data({}, {})", received.topic, received.data),
    }
}

/// Prints every second how much `count` has grown, until `ended` is.
pub(crate) fn print_rates(count: &AtomicU64, ended: &Receiver<()>) {
    let mut before = 0;
    while ended.recv_timeout(SECOND) == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
        let all = count.load(Ordering::Relaxed);
        print(&format!("{} msgs/s", all.saturating_sub(before)));
        before = all;
    }
}
