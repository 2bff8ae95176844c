//! The life of a child as a pure table: states × events → the next state and what to do.
//!
//! There is no clock and no I/O in here. The slot thread turns what it sees (bytes, ends, deadlines,
//! orders) into events, and carries the actions out in their order.

/// Where a child is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Spawned, not yet ready to be lent.
    Greeting,
    /// Warm and clean; may be lent.
    Ready,
    /// Lent to one request.
    Lent,
    /// Its caller was told that it is too late; a child that was lent only just before may still
    /// finish, and its answer is thrown away.
    Overdue,
    /// Told to end; killed when its grace is over.
    Ending,
    /// Killed, not yet reaped.
    Killed,
    /// Reaped.
    Gone,
}

impl State {
    /// Every state, for tests that walk the whole table.
    pub const ALL: [Self; 7] = [
        Self::Greeting,
        Self::Ready,
        Self::Lent,
        Self::Overdue,
        Self::Ending,
        Self::Killed,
        Self::Gone,
    ];

    /// The name that status reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Greeting => "starting",
            Self::Ready => "ready",
            Self::Lent | Self::Overdue => "busy",
            Self::Ending => "ending",
            Self::Killed => "killed",
            Self::Gone => "gone",
        }
    }
}

/// What happens to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The greeting is complete.
    Greeted,
    /// A request was given to it.
    Lent,
    /// The answer is complete.
    Answered,
    /// The deadline of the greeting, of the exchange or of the grace passed.
    Late,
    /// It said something wrong, closed a pipe, or cannot be talked with.
    Broke,
    /// The process ended.
    Exited,
    /// It is no longer wanted.
    Retire,
}

impl Event {
    /// Every event, for tests that walk the whole table.
    pub const ALL: [Self; 7] = [
        Self::Greeted,
        Self::Lent,
        Self::Answered,
        Self::Late,
        Self::Broke,
        Self::Exited,
        Self::Retire,
    ];
}

/// What the slot does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Note that a start succeeded.
    NoteStart,
    /// Note that a start failed, with the child's last words.
    NoteFailedStart,
    /// Note that a child was lost after it had been ready.
    NoteLoss,
    /// Give the request to the child.
    Ask,
    /// Give the answer to the caller.
    Deliver,
    /// Tell the caller that its deadline passed.
    FailLate,
    /// The caller's child was lost: try once more, or tell the caller.
    FailLost,
    /// Close the child's input and ask it to end.
    AskToEnd,
    /// Kill the child's whole process group.
    Kill,
    /// Collect the exit status and close the pipes.
    Reap,
}

/// The next state and the actions in their order. An event that means nothing in a state changes
/// nothing.
pub fn next(state: State, event: Event) -> (State, &'static [Action]) {
    use Action::{
        Ask, AskToEnd, Deliver, FailLate, FailLost, Kill, NoteFailedStart, NoteLoss, NoteStart,
        Reap,
    };
    match (state, event) {
        (State::Greeting, Event::Greeted) => (State::Ready, &[NoteStart]),
        (State::Greeting, Event::Late | Event::Broke) => (State::Killed, &[NoteFailedStart, Kill]),
        (State::Greeting, Event::Exited) => (State::Gone, &[Kill, Reap, NoteFailedStart]),
        (State::Greeting | State::Ready, Event::Retire) => (State::Ending, &[AskToEnd]),

        (State::Ready, Event::Lent) => (State::Lent, &[Ask]),
        (State::Ready, Event::Broke) => (State::Killed, &[NoteLoss, Kill]),
        (State::Ready | State::Overdue, Event::Exited) => (State::Gone, &[Kill, Reap, NoteLoss]),

        (State::Lent, Event::Answered) => (State::Ready, &[Deliver]),
        (State::Lent, Event::Late) => (State::Overdue, &[FailLate]),
        (State::Lent, Event::Broke) => (State::Killed, &[Kill, NoteLoss, FailLost]),
        (State::Lent, Event::Exited) => (State::Gone, &[Kill, Reap, NoteLoss, FailLost]),
        (State::Lent, Event::Retire) => (State::Killed, &[Kill, FailLost]),

        (State::Overdue, Event::Answered) => (State::Ready, &[]),
        (State::Overdue, Event::Late | Event::Broke | Event::Retire) => {
            (State::Killed, &[Kill, NoteLoss])
        }

        (State::Ending, Event::Late) => (State::Killed, &[Kill]),
        // The leader is gone, but a grandchild may live on in its group: killed before the reaping,
        // while the group's number cannot belong to anyone else.
        (State::Ending | State::Killed, Event::Exited) => (State::Gone, &[Kill, Reap]),

        (state, _) => (state, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_always_leads_to_gone_and_is_reaped_once() {
        for state in State::ALL {
            let (after, actions) = next(state, Event::Exited);
            assert_eq!(after, State::Gone);
            let reaped = actions.iter().filter(|action| **action == Action::Reap).count();
            assert_eq!(reaped, usize::from(state != State::Gone), "{state:?}");
        }
    }

    #[test]
    fn a_lent_child_never_leaves_without_word_to_its_caller() {
        for event in Event::ALL {
            let (after, actions) = next(State::Lent, event);
            let told = actions
                .iter()
                .filter(|action| {
                    matches!(action, Action::Deliver | Action::FailLate | Action::FailLost)
                })
                .count();
            assert_eq!(told, usize::from(after != State::Lent), "{event:?}");
        }
    }

    #[test]
    fn only_a_ready_child_is_asked_and_only_an_exit_reaps() {
        for state in State::ALL {
            for event in Event::ALL {
                let (_, actions) = next(state, event);
                if actions.contains(&Action::Ask) {
                    assert_eq!((state, event), (State::Ready, Event::Lent));
                }
                if actions.contains(&Action::Reap) {
                    assert_eq!(event, Event::Exited);
                    let kill = actions.iter().position(|action| *action == Action::Kill);
                    let reap = actions.iter().position(|action| *action == Action::Reap);
                    assert!(kill < reap, "the group is killed before its leader is reaped");
                }
            }
        }
    }

    #[test]
    fn a_late_caller_is_told_and_the_child_may_still_finish() {
        let (overdue, told) = next(State::Lent, Event::Late);
        assert_eq!((overdue, told), (State::Overdue, &[Action::FailLate][..]));
        assert_eq!(next(overdue, Event::Answered), (State::Ready, &[][..]));
        assert_eq!(next(overdue, Event::Late).0, State::Killed);
    }

    #[test]
    fn gone_and_killed_children_are_never_lent_again() {
        for event in Event::ALL {
            assert_eq!(next(State::Gone, event), (State::Gone, &[][..]));
            assert!(matches!(next(State::Killed, event).0, State::Killed | State::Gone));
        }
    }

    #[test]
    fn every_start_is_noted_exactly_once_on_any_walk() {
        // A linear congruential generator is random enough to walk a table of 49 cells.
        let mut seed = 7_u64;
        for _ in 0..10_000 {
            let (mut state, mut noted) = (State::Greeting, 0);
            for _ in 0..20 {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let event = Event::ALL[usize::try_from(seed >> 33).unwrap() % Event::ALL.len()];
                let (after, actions) = next(state, event);
                noted += actions
                    .iter()
                    .filter(|a| matches!(a, Action::NoteStart | Action::NoteFailedStart))
                    .count();
                state = after;
            }
            assert!(noted <= 1);
        }
    }
}
