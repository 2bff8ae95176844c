//! Publishes what happens to burp's clients and to the pool, as `[Events]` says.
//!
//! One thread asks burp for the summary, as those who watch do, and publishes what has changed.
//! The pool's threads only tell it of an incident, without waiting.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use broker::data::{Data, Timestamp};
use broker::events::{Events, EventsSettings, SECTION};
use crossbeam_channel::{Receiver, Sender, bounded, never};
use ostler_net::Answer;
use ostler_pool::Incident;
use ostler_runtime::shown::{Lines, seconds};
use ostler_runtime::threads::caught;
use ostler_runtime::utc::unix_millis;
use ostler_runtime::{Deadline, Exit, Reader, Thread};

use crate::event_changes::{Change, Clients};
use crate::event_greetings::Greetings;
use crate::service::Monitor;

/// Incidents of the pool that may wait to be published.
const WAITING: usize = 256;
/// Where incidents of the pool are published.
const POOL: &str = "burp/pool";
/// The event that says how a client is.
pub(crate) const CLIENT_STATE: &str = "Burp::client_state";
/// How often it is looked for newcomers, and the shortest time between two times that one of them
/// is told everything.
const GREETING: Duration = Duration::from_secs(1);
/// The same while somebody is still to be told more.
const GOING_ON: Duration = Duration::from_millis(100);

/// What `[Events]` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `interval`: how often burp is asked. Default 2 s.
    pub interval: Duration,
    /// To whom events are published.
    pub to: EventsSettings,
}

/// Reads the section; `None` if nothing is to be published, the default.
pub(crate) fn read(r: &mut Reader<'_>) -> Option<Settings> {
    let (least, most) = (Duration::from_millis(250), Duration::from_secs(3600));
    let interval = r.seconds(SECTION, "interval", least..=most, Duration::from_secs(2));
    Some(Settings { interval, to: EventsSettings::read(r)? })
}

impl Settings {
    pub(crate) fn show(&self, lines: &mut Lines) {
        lines.add(SECTION, "interval", seconds(self.interval));
        self.to.show(lines);
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.to.files()
    }

    /// What is wrong with the files.
    pub(crate) fn check(&self) -> Option<String> {
        Events::check(&self.to).err().map(|error| ostler_runtime::logging::with_cause(&error))
    }
}

/// What the thread is told.
enum Told {
    Interval(Option<Duration>),
    Incident { kind: &'static str, pid: u64, words: String },
    Stop,
}

/// See the module.
pub(crate) struct Reporter {
    events: Arc<Events>,
    tell: Sender<Told>,
    _thread: Thread,
}

impl Reporter {
    /// Starts the thread, which rests unless there is something to be published.
    pub(crate) fn start(settings: Option<&Settings>, monitor: &Arc<Monitor>) -> Result<Self, Exit> {
        let events = Arc::new(Events::default());
        events.set(settings.map(|settings| &settings.to)).map_err(|error| error.exit())?;
        let (tell, told) = bounded(WAITING);
        let noted = (Arc::clone(&events), tell.clone());
        monitor.pool().dialect().watch_incidents(move |incident| note(&noted, incident));
        let counted = Arc::clone(&events);
        monitor.count_events_by(move || counted.counts().labelled());
        let mut watch = Watch {
            events: Arc::clone(&events),
            monitor: Arc::clone(monitor),
            told,
            interval: settings.map(|settings| settings.interval),
            clients: Clients::default(),
            greetings: Greetings::default(),
            is_down: None,
        };
        let thread = Thread::spawn("events", move || watch.run()).map_err(|error| {
            log::error!("cannot start a thread: {error}");
            Exit::Os
        })?;
        Ok(Self { events, tell, _thread: thread })
    }

    /// Publishes as these settings say from now on. If it cannot be done, everything stays as it
    /// was.
    pub(crate) fn reload(&mut self, settings: Option<&Settings>) -> Result<(), Exit> {
        self.events.set(settings.map(|settings| &settings.to)).map_err(|error| error.exit())?;
        // The thread never rests for long while others wait for room.
        let _ = self.tell.send(Told::Interval(settings.map(|settings| settings.interval)));
        Ok(())
    }

    /// What is known by now is published, and then nothing any more. Burp's answers have come, or
    /// do not come any more.
    pub(crate) fn stop(self) {
        let events = Arc::clone(&self.events);
        drop(self);
        let _ = events.set(None);
    }
}

/// The thread ends when it is told to: it is joined behind this, also where the daemon does not come to
/// its start.
impl Drop for Reporter {
    fn drop(&mut self) {
        // It may have ended by itself only if it has panicked.
        let _ = self.tell.send(Told::Stop);
    }
}

/// Tells the thread of an incident. Called by the pool's threads.
fn note((events, tell): &(Arc<Events>, Sender<Told>), incident: &Incident<'_>) {
    if !events.is_on() {
        return;
    }
    let told = Told::Incident {
        kind: incident.kind.name(),
        pid: incident.pid.map_or(0, u64::from),
        words: incident.cause.words.clone(),
    };
    if tell.try_send(told).is_err() {
        events.count_drop();
    }
}

/// What the thread knows.
struct Watch {
    events: Arc<Events>,
    monitor: Arc<Monitor>,
    told: Receiver<Told>,
    /// `None` while nothing is to be published.
    interval: Option<Duration>,
    clients: Clients,
    greetings: Greetings,
    /// Whether no child could be asked at the last look.
    is_down: Option<bool>,
}

impl Watch {
    fn run(&mut self) {
        let (nobody, mut asked) = (never(), None::<Receiver<Answer>>);
        let mut look = Deadline::after(Duration::ZERO);
        let mut greet = look;
        loop {
            let due = if self.interval.is_some() { look.earlier(greet) } else { Deadline::NEVER };
            let wait = due.remaining().unwrap_or(Duration::MAX);
            crossbeam_channel::select! {
                recv(self.told) -> told => match told {
                    Ok(Told::Interval(interval)) => {
                        if interval.is_none() {
                            // Nobody is told what came meanwhile.
                            (self.clients, self.is_down, asked) = (Clients::default(), None, None);
                        }
                        self.interval = interval;
                        look = Deadline::after(Duration::ZERO);
                    }
                    Ok(Told::Incident { kind, pid, words }) => self.incident(kind, pid, &words),
                    Ok(Told::Stop) | Err(_) => return,
                },
                recv(asked.as_ref().unwrap_or(&nobody)) -> answer => {
                    asked = None;
                    if let Ok(answer) = answer {
                        caught("a look at what has changed", || self.seen(&answer));
                    }
                }
                default(wait) => {
                    if look.passed() {
                        self.look_at_pool();
                        // A burp that is slow is not asked twice.
                        if asked.is_none() {
                            let (sender, receiver) = bounded(1);
                            self.monitor.summary(sender);
                            asked = Some(receiver);
                        }
                        look = Deadline::after(self.interval.unwrap_or_default());
                    }
                    if greet.passed() {
                        let goes_on = self.greetings.go_on(&self.events, &self.clients);
                        greet = Deadline::after(if goes_on { GOING_ON } else { GREETING });
                    }
                }
            }
        }
    }

    fn seen(&mut self, answer: &Answer) {
        if answer.head.as_bytes().starts_with(b"O") {
            for change in self.clients.look(answer.body.as_bytes(), unix_millis() / 1000) {
                self.change(change);
            }
        }
    }

    fn change(&self, change: Change) {
        match change {
            Change::State { client, was, state, phase } => {
                let topic = state_topic(&client);
                let arguments = [client, was, state, phase].map(Data::from);
                self.events.publish(&topic, CLIENT_STATE, arguments);
            }
            Change::Backup { client, number, started, flags } => {
                let topic = format!("burp/client/{client}/backup");
                let flags = Data::Vector(flags.into_iter().map(Data::from).collect());
                let arguments = [client.into(), number.into(), time(started), flags];
                self.events.publish(&topic, "Burp::backup_finished", arguments);
            }
        }
    }

    /// Whether the pool can answer has changed.
    fn look_at_pool(&mut self) {
        let unready = self.monitor.unready();
        let was_down = self.is_down.replace(unready.is_some());
        if was_down.is_some_and(|was_down| was_down != unready.is_some()) {
            let kind = if unready.is_some() { "down" } else { "up" };
            self.incident(kind, 0, unready.unwrap_or_default());
        }
    }

    fn incident(&self, kind: &str, pid: u64, words: &str) {
        let arguments = [kind.into(), pid.into(), words.into()];
        self.events.publish(POOL, "Burp::pool_incident", arguments);
    }
}

/// Where it is published how a client is.
pub(crate) fn state_topic(client: &str) -> String {
    format!("burp/client/{client}/state")
}

fn time(seconds: u64) -> Data {
    let nanos = i64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1_000_000_000));
    Timestamp::from_nanos(nanos.unwrap_or(i64::MAX)).into()
}
