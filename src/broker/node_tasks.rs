//! What a node does beside serving: it prints, counts, sends pings or answers them.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use ostler_runtime::Exit;
use rustix::process::{Signal, getpid, kill_process};

use crate::node_message::NodeMessage;
use crate::node_ping::{Pongs, answer, measure};
use crate::node_program::print;
use crate::node_settings::{Mode, NodeSettings};
use crate::printing::Printing;
use crate::{Endpoint, Happening, Overflow, Publisher, Received, Subscriber, Tap};

/// How often a rate is printed.
const SECOND: Duration = Duration::from_secs(1);

/// See the module. They end with the endpoint whose subscriptions they read.
#[derive(Default)]
pub(crate) struct Tasks {
    threads: Vec<Printing>,
    /// Nothing is said through it; its end is the end.
    end: Option<Sender<()>>,
    failed: Arc<AtomicBool>,
    /// Held for what their ends would end.
    taps: Vec<Tap>,
}

impl Tasks {
    /// Starts what the settings ask for. What has been started is there also if the rest fails.
    pub(crate) fn start(&mut self, endpoint: &Endpoint, settings: &NodeSettings) -> io::Result<()> {
        let (end, ended) = bounded(0);
        self.end = Some(end);
        if settings.verbose {
            self.print_statuses(endpoint)?;
        }
        match settings.mode {
            Mode::Relay => self.relay(endpoint, settings, ended),
            Mode::Pong => self.pong(endpoint, settings, ended),
            Mode::Ping => self.ping(endpoint, settings, ended),
        }
    }

    /// Has those end that do not by the end of the endpoint.
    pub(crate) fn leave(&mut self) {
        drop(self.end.take());
    }

    /// Waits for the tasks, whose endpoint has ended. What has been printed and nobody reads is not
    /// waited for.
    pub(crate) fn end(mut self) -> Exit {
        self.leave();
        let deadline = Printing::patience();
        self.threads.drain(..).for_each(|thread| thread.end(deadline));
        if self.failed.load(Ordering::Acquire) { Exit::Unavailable } else { Exit::Success }
    }

    fn print_statuses(&mut self, endpoint: &Endpoint) -> io::Result<()> {
        let statuses = endpoint.status_subscriber(true);
        self.spawn("statuses", move || {
            while let Some(happening) = statuses.get() {
                match happening {
                    Happening::Status(status) => print(&format!("*** {status}")),
                    Happening::Error(error) => print(&format!("*** {error}")),
                }
            }
        })
    }

    fn spawn(&mut self, name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
        self.threads.push(Printing::start(name, body)?);
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
            self.spawn("rate", move || print_rates(&count, &ended))?;
        }
        if settings.verbose {
            let name = settings.name.clone();
            // Whoever reads what is printed does not keep peers waiting.
            let printed = endpoint.subscribe_with(settings.topics.clone(), Overflow::DropOldest);
            self.spawn("printer", move || print_messages(printed, &name))?;
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

    fn ping(
        &mut self,
        endpoint: &Endpoint,
        settings: &NodeSettings,
        ended: Receiver<()>,
    ) -> io::Result<()> {
        let publisher: Publisher = endpoint.publisher();
        let (settings, failed) = (settings.clone(), Arc::clone(&self.failed));
        let pongs = Pongs::new(endpoint, &settings.topics, ended);
        self.spawn("ping", move || {
            let told = |trip: Duration| print(&trip.as_nanos().to_string());
            let measured = measure(&publisher, &pongs, &settings, told);
            if let Err(error) = measured {
                log::error!("{error}");
                failed.store(true, Ordering::Release);
            }
            if !pongs.are_over() {
                stop_process();
            }
        })
    }

    /// Ends the process when somebody says so.
    fn stop_when_asked(&mut self, stopped: Receiver<()>, ended: Receiver<()>) -> io::Result<()> {
        let wait = move || {
            crossbeam_channel::select! {
                recv(stopped) -> said => if said.is_ok() { stop_process() },
                recv(ended) -> _ => {},
            }
        };
        self.spawn("stop", wait)
    }
}

/// Ends the process as a signal would.
pub(crate) fn stop_process() {
    if let Err(error) = kill_process(getpid(), Signal::TERM) {
        log::error!("cannot stop: {error}");
    }
}

/// Prints messages until the subscription ends.
fn print_messages(mut messages: Subscriber, name: &str) {
    let mut told = 0;
    while let Some(received) = messages.get() {
        let dropped = messages.dropped();
        if dropped > told {
            print(&format!("*** {} messages are not printed", dropped.saturating_sub(told)));
            told = dropped;
        }
        print(&relayed(name, &received));
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
    while ended.recv_timeout(SECOND) == Err(RecvTimeoutError::Timeout) {
        let all = count.load(Ordering::Relaxed);
        print(&format!("{} msgs/s", all.saturating_sub(before)));
        before = all;
    }
}
