//! The fuzz target of the state table: see `tests/fuzz/README.md`. No part of the interface.

use crate::state::{Action, Event, State, next};

/// A walk over the table, a byte an event, and from each place on it the ways to the end.
///
/// # Panics
///
/// If a promise of the table does not hold.
pub fn state_walk(bytes: &[u8]) {
    let mut walk = Walk::new();
    for byte in bytes {
        walk.end_it();
        walk.take(event(*byte));
    }
    walk.end_it();
}

fn event(byte: u8) -> Event {
    let index = usize::from(byte) % Event::ALL.len();
    Event::ALL.get(index).copied().unwrap_or(Event::Exited)
}

/// One child's life so far: what was done in it, and how often.
#[derive(Clone, Debug)]
struct Walk {
    state: State,
    starts: usize,
    losses: usize,
    asked: usize,
    told: usize,
    ended: usize,
    killed: usize,
    reaped: usize,
}

impl Walk {
    fn new() -> Self {
        let state = State::Greeting;
        Self { state, starts: 0, losses: 0, asked: 0, told: 0, ended: 0, killed: 0, reaped: 0 }
    }

    fn take(&mut self, event: Event) {
        let (after, actions) = next(self.state, event);
        for action in actions {
            assert_eq!(self.reaped_before(*action), 0, "{action:?} on a child that was reaped");
            self.act(*action);
        }
        self.state = after;
        self.check();
    }

    /// How often the child was reaped before something that needs the child itself.
    fn reaped_before(&self, action: Action) -> usize {
        let needs_it = matches!(
            action,
            Action::Ask | Action::Deliver | Action::AskToEnd | Action::Kill | Action::Reap
        );
        if needs_it { self.reaped } else { 0 }
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::NoteStart | Action::NoteFailedStart => self.starts += 1,
            Action::NoteLoss => {
                assert_eq!(self.starts, 1, "a child was lost that was never ready");
                self.losses += 1;
            }
            Action::Ask => {
                assert_eq!(self.asked, self.told, "two callers for one child");
                assert_eq!(self.killed + self.ended, 0, "a child is asked on its way out");
                self.asked += 1;
            }
            Action::Deliver | Action::FailLate | Action::FailLost => self.told += 1,
            Action::AskToEnd => self.ended += 1,
            Action::Kill => self.killed += 1,
            Action::Reap => {
                assert!(self.killed > 0, "reaped before its group was killed");
                self.reaped += 1;
            }
        }
    }

    fn check(&self) {
        assert!(self.starts <= 1 && self.losses <= 1 && self.ended <= 1, "noted twice: {self:?}");
        assert_eq!(self.reaped, usize::from(self.state == State::Gone), "reaped once: {self:?}");
        assert_eq!(self.starts, usize::from(self.is_noted()), "its start is noted: {self:?}");
        let open = usize::from(self.state == State::Lent);
        assert_eq!(self.asked, self.told + open, "each caller is told once: {self:?}");
        let dead = matches!(self.state, State::Killed | State::Gone);
        assert_eq!(self.killed > 0, dead, "killed and nothing else: {self:?}");
    }

    /// Whether the start must have been noted. A child that is told to end while it greets has
    /// neither failed nor succeeded.
    fn is_noted(&self) -> bool {
        match self.state {
            State::Greeting => false,
            State::Ready | State::Lent | State::Overdue => true,
            State::Ending | State::Killed | State::Gone => self.starts == 1 || self.ended == 0,
        }
    }

    /// From where it is, the child comes to its end: when it exits, and when it is no longer
    /// wanted, does not go by itself, and then does.
    fn end_it(&self) {
        let gone = |events: &[Event]| {
            let mut rest = self.clone();
            for event in events {
                rest.take(*event);
            }
            rest.state
        };
        assert_eq!(gone(&[Event::Exited]), State::Gone);
        let killed = gone(&[Event::Retire, Event::Late]);
        assert!(matches!(killed, State::Killed | State::Gone), "it lives on: {self:?}");
        assert_eq!(gone(&[Event::Retire, Event::Late, Event::Exited]), State::Gone);
    }
}
