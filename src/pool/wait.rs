//! The wait of a slot: one `poll` over everything that can happen to it, and its events.

use std::io::ErrorKind;
use std::os::fd::AsFd;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::child::Read;
use crate::dialect::{Dialect, Session};
use crate::slot::{Detail, Slot};
use crate::state::{Event, State};

/// How long a child that closed its output has to end by itself, so that its status can be told.
/// The system closes what a dying child has open before it is over, and in between others may have the
/// processor.
pub(crate) const END_OF_OUTPUT: Duration = Duration::from_secs(1);

/// What a descriptor in the poll set belongs to.
#[derive(Clone, Copy)]
enum Source {
    Mailbox,
    Input(usize),
    Output(usize),
    Complaint(usize),
    Session(usize),
    Process(usize),
}

impl<D: Dialect> Slot<D> {
    /// Waits for the next thing to happen, and lets it happen.
    pub(crate) fn wait(&mut self) {
        for child in &mut self.children {
            if matches!(child.state, State::Greeting | State::Lent | State::Overdue) {
                child.session.before_wait();
            }
        }
        let timeout = self.deadline().remaining().map(timespec);
        let ready = self.poll(timeout.as_ref());
        for source in ready {
            match source {
                Source::Mailbox => self.open_mailbox(),
                Source::Input(index) => {
                    if let Some(child) = self.children.get_mut(index) {
                        // What cannot be written shows as the child's end.
                        if child.write().is_err() {
                            child.stdin = None;
                        }
                    }
                }
                Source::Output(index) => self.read(index),
                Source::Complaint(index) => {
                    if let Some(child) = self.children.get_mut(index) {
                        if let Some(text) = child.read_stderr() {
                            log::warn!("child {} complains: {text}", child.pid());
                        }
                    }
                }
                Source::Session(index) => {
                    if let Some(child) = self.children.get_mut(index) {
                        if let Err(why) = child.session.descriptors_ready() {
                            self.happen(index, Event::Broke, Detail::because(why));
                        }
                    }
                }
                Source::Process(index) => self.end(index),
            }
        }
        self.pass_deadlines();
    }

    /// The earliest moment at which something must be done without being told.
    fn deadline(&self) -> Deadline {
        let mut earliest =
            self.shared.checkout.expire(&self.mailbox).map_or(Deadline::NEVER, Deadline::at);
        for child in &self.children {
            earliest = earliest.earlier(child.deadline);
        }
        for (due, _) in &self.held {
            earliest = earliest.earlier(Deadline::at(*due));
        }
        if self.mailbox.is_retired() {
            return earliest;
        }
        if !self.has_live_child() && self.may_start() {
            earliest = earliest.earlier(Deadline::at(self.start_at));
        }
        if self.serving().is_some() {
            earliest = earliest.earlier(Deadline::at(self.replacement.check_at));
        }
        earliest
    }

    fn poll(&self, timeout: Option<&Timespec>) -> Vec<Source> {
        let mut sources = vec![Source::Mailbox];
        let mut set = vec![PollFd::new(&*self.mailbox, PollFlags::IN)];
        let mut watch = |source, descriptor, flags| {
            sources.push(source);
            set.push(PollFd::from_borrowed_fd(descriptor, flags));
        };
        for (index, child) in self.children.iter().enumerate() {
            if let Some(stdin) = child.stdin.as_ref().filter(|_| child.has_output()) {
                watch(Source::Input(index), stdin.as_fd(), PollFlags::OUT);
            }
            if let Some(stdout) = &child.stdout {
                watch(Source::Output(index), stdout.as_fd(), PollFlags::IN);
            }
            if let Some(stderr) = &child.stderr {
                watch(Source::Complaint(index), stderr.as_fd(), PollFlags::IN);
            }
            for (descriptor, interest) in child.session.descriptors() {
                let mut flags = PollFlags::empty();
                flags.set(PollFlags::IN, interest.read);
                flags.set(PollFlags::OUT, interest.write);
                watch(Source::Session(index), descriptor, flags);
            }
            if child.status.is_none() {
                watch(Source::Process(index), child.pidfd.as_fd(), PollFlags::IN);
            }
        }
        // An interrupted poll reports nothing, and the next turn waits again.
        if poll(&mut set, timeout).is_err() {
            return Vec::new();
        }
        let ready: Vec<bool> = set.iter().map(|entry| !entry.revents().is_empty()).collect();
        let mut ready = ready.into_iter();
        sources.retain(|_| ready.next().unwrap_or(false));
        sources
    }

    /// Reads what a child said.
    pub(crate) fn read(&mut self, index: usize) {
        let limit = self.options().max_answer_bytes;
        let Some(child) = self.children.get_mut(index) else { return };
        match child.read(limit) {
            Ok(Read::Bytes(_)) => self.hear(index),
            Ok(Read::Nothing) => {}
            Err(error) if error.kind() == ErrorKind::OutOfMemory => {
                let words = "there is no memory for what the child says";
                self.happen(index, Event::Broke, Detail::because(words));
            }
            Ok(Read::End) | Err(_) => {
                child.stdout = None;
                child.deadline = child.deadline.earlier(Deadline::after(END_OF_OUTPUT));
            }
        }
    }

    /// A child's process ended: first what it still had to say, then its end.
    fn end(&mut self, index: usize) {
        let limit = self.options().max_answer_bytes;
        while let Some(child) = self.children.get_mut(index) {
            match child.read(limit) {
                Ok(Read::Bytes(_)) => self.hear(index),
                _ => break,
            }
        }
        if let Some(child) = self.children.get_mut(index) {
            while child.read_stderr().is_some() {}
        }
        self.happen(index, Event::Exited, Detail::none());
    }

    fn pass_deadlines(&mut self) {
        let moment = now();
        for index in 0..self.children.len() {
            let Some(child) = self.children.get_mut(index) else { return };
            if child.deadline.instant().is_none_or(|deadline| moment < deadline) {
                continue;
            }
            // An action may set another one.
            child.deadline = Deadline::NEVER;
            let late = child.call.as_ref().is_some_and(|call| call.deadline().passed());
            let (event, detail) = if child.stdout.is_none() && !late && child.state != State::Ending
            {
                (Event::Broke, Detail::because("the child closed its output"))
            } else if child.state == State::Greeting {
                (Event::Late, Detail::because("the child was not ready in time"))
            } else {
                (Event::Late, Detail::because("the child did not answer in time"))
            };
            self.happen(index, event, detail);
        }
    }
}

pub(crate) fn timespec(wait: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: wait.subsec_nanos().into(),
    }
}
