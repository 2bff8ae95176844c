//! The test's side of the conversation with its scripted burps.
//!
//! Each child connects when it starts and asks before each act. A [`Controller`] answers by the
//! rule that the test has set, or holds the child until the test releases it; and it tells the
//! test of each question and of each child's end, in order, so that a test waits for events and
//! not for time.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ostler_runtime::{Deadline, Thread};

use crate::step::{Question, Step};
use crate::wait::PATIENCE;

/// What a rule says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Do this now.
    Do(Vec<Step>),
    /// Wait until [`Controller::release`].
    Hold,
}

/// What happened, and to which process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This process asked.
    Asked(u32, Question),
    /// This process has ended.
    Ended(u32),
}

type Rule = Box<dyn FnMut(u32, &Question) -> Reply + Send>;

#[derive(Default)]
struct Shared {
    rule: Option<Rule>,
    /// The connection of each living child.
    children: HashMap<u32, UnixStream>,
}

/// Answers the questions of every child that connects to its socket.
pub struct Controller {
    shared: Arc<Mutex<Shared>>,
    events: Receiver<Event>,
    /// What [`Controller::wait`] has passed over.
    seen: Vec<Event>,
}

/// What a child does when no rule says otherwise: it behaves.
pub fn usual(question: &Question) -> Reply {
    match question {
        Question::Start => Reply::Do(vec![Step::greet()]),
        Question::Forked => Reply::Do(Vec::new()),
        _ => Reply::Do(vec![Step::Answer]),
    }
}

impl Controller {
    /// Listens at `path`. Its threads end with the process: they wait for children, and children
    /// end when the test does.
    ///
    /// # Panics
    /// When the socket cannot be made.
    pub fn listen(path: &Path) -> Self {
        let listener = UnixListener::bind(path).expect("the controller's socket");
        let shared = Arc::new(Mutex::new(Shared::default()));
        let (sender, events) = channel();
        let state = Arc::clone(&shared);
        let acceptor = Thread::spawn("controller", move || {
            for stream in listener.incoming() {
                let (Ok(stream), state, sender) = (stream, Arc::clone(&state), sender.clone())
                else {
                    return;
                };
                let serve = move || {
                    // A child may be killed in the middle of a line.
                    let _ = serve(stream, &state, &sender);
                };
                // Its stack goes with its child: a long run has thousands of them.
                if let Ok(thread) = Thread::spawn("child", serve) {
                    thread.detach();
                }
            }
        });
        // Joining would wait for ever: nothing wakes an acceptor.
        std::mem::forget(acceptor);
        Self { shared, events, seen: Vec::new() }
    }

    /// From now on every question is answered by `rule`.
    pub fn rule(&self, rule: impl FnMut(u32, &Question) -> Reply + Send + 'static) {
        lock(&self.shared).rule = Some(Box::new(rule));
    }

    /// From now on every child behaves, but for the query `text`, to which it does `steps`.
    pub fn at_query(&self, text: &str, steps: Vec<Step>) {
        let text = text.to_owned();
        self.rule(move |_, question| {
            if question.is_query(&text) { Reply::Do(steps.clone()) } else { usual(question) }
        });
    }

    /// From now on every child behaves, but is held at the query `text`.
    pub fn hold_at(&self, text: &str) {
        let text = text.to_owned();
        self.rule(
            move |_, question| {
                if question.is_query(&text) { Reply::Hold } else { usual(question) }
            },
        );
    }

    /// From now on every child that starts does `steps` instead of greeting.
    pub fn at_start(&self, steps: Vec<Step>) {
        self.rule(move |_, question| match question {
            Question::Start => Reply::Do(steps.clone()),
            _ => usual(question),
        });
    }

    /// From now on every child behaves.
    pub fn behave(&self) {
        lock(&self.shared).rule = None;
    }

    /// Lets a held child go on with `steps`. A child that has ended meanwhile hears nothing.
    pub fn release(&self, pid: u32, steps: &[Step]) {
        if let Some(stream) = lock(&self.shared).children.get_mut(&pid) {
            let _ = stream.write_all(lines(steps).as_bytes());
        }
    }

    /// The processes that are alive and connected, in no order.
    pub fn alive(&self) -> Vec<u32> {
        lock(&self.shared).children.keys().copied().collect()
    }

    /// The first event, among those not yet waited for, that `wanted` makes something of. Events
    /// passed over stay for later waits.
    ///
    /// # Panics
    /// With `what` and the events seen, when it does not come under [`PATIENCE`].
    pub fn wait<T>(&mut self, what: &str, mut wanted: impl FnMut(&Event) -> Option<T>) -> T {
        let deadline = Deadline::after(PATIENCE);
        let mut next = 0;
        loop {
            while let Some(event) = self.seen.get(next) {
                if let Some(value) = wanted(event) {
                    self.seen.remove(next);
                    return value;
                }
                next += 1;
            }
            match self.events.recv_timeout(deadline.remaining().unwrap_or(PATIENCE)) {
                Ok(event) => self.seen.push(event),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    panic!("waited in vain: {what}; seen: {:?}", self.seen)
                }
            }
        }
    }

    /// Waits until some child asks the query `text`; says which.
    pub fn wait_query(&mut self, text: &str) -> u32 {
        self.wait(&format!("a child is asked {text}"), |event| match event {
            Event::Asked(pid, question) if question.is_query(text) => Some(*pid),
            _ => None,
        })
    }

    /// Waits until a child starts; says which.
    pub fn wait_start(&mut self) -> u32 {
        self.wait("a child starts", |event| match event {
            Event::Asked(pid, Question::Start) => Some(*pid),
            _ => None,
        })
    }

    /// Waits until `pid` has ended.
    pub fn wait_end(&mut self, pid: u32) {
        self.wait(&format!("child {pid} ends"), |event| {
            (*event == Event::Ended(pid)).then_some(())
        });
    }

    /// The processes that have been asked the query `text` so far, but for what waits have taken.
    pub fn asked(&mut self, text: &str) -> Vec<u32> {
        let asked = |event: &Event| match event {
            Event::Asked(pid, question) if question.is_query(text) => Some(*pid),
            _ => None,
        };
        self.untaken().iter().filter_map(asked).collect()
    }

    /// Every event so far that no wait has taken.
    pub fn untaken(&mut self) -> &[Event] {
        self.seen.extend(self.events.try_iter());
        &self.seen
    }

    /// Takes every event so far.
    pub fn take_events(&mut self) -> Vec<Event> {
        self.untaken();
        std::mem::take(&mut self.seen)
    }

    /// Forgets every event so far.
    pub fn forget(&mut self) {
        self.take_events();
    }
}

fn serve(stream: UnixStream, shared: &Mutex<Shared>, events: &Sender<Event>) -> io::Result<()> {
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let pid: u32 = line
        .trim_end()
        .strip_prefix("pid ")
        .and_then(|pid| pid.parse().ok())
        .ok_or_else(|| io::Error::other("not a scripted child"))?;
    lock(shared).children.insert(pid, writer.try_clone()?);
    let ended = converse(pid, &mut reader, &mut writer, shared, events);
    lock(shared).children.remove(&pid);
    // The test may have ended before its children.
    let _ = events.send(Event::Ended(pid));
    ended
}

fn converse(
    pid: u32,
    reader: &mut BufReader<UnixStream>,
    writer: &mut UnixStream,
    shared: &Mutex<Shared>,
    events: &Sender<Event>,
) -> io::Result<()> {
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let question = Question::from_line(line.trim_end())
            .ok_or_else(|| io::Error::other("not a question"))?;
        // The rule decides and the event is told under one lock: a test that has seen the event
        // and then changes the rule changes it for the next question.
        let mut state = lock(shared);
        let reply = match &mut state.rule {
            Some(rule) => rule(pid, &question),
            None => usual(&question),
        };
        let _ = events.send(Event::Asked(pid, question));
        drop(state);
        if let Reply::Do(steps) = reply {
            writer.write_all(lines(&steps).as_bytes())?;
        }
    }
}

fn lines(steps: &[Step]) -> String {
    let mut text: String = steps.iter().map(|step| step.to_line() + "\n").collect();
    text.push('\n');
    text
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
