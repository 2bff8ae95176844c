//! The life of a task with a worker: a table without I/O and clock.
//!
//! ```text
//!          Begin            Complete, Fail, Return
//! Held ───────────▶ Running ──────────────────────▶ Settling, Returning ──▶ (gone)
//!   │ Stop                        Abandon             ▲              │ Handed
//!   └─────────▶ Recalled ─────────────────────────────┘              ▼
//!                                           Held ◀─── Settled ──── Again
//! ```
//!
//! The scheduler may hand a task out again before whoever gave it back has its answer. That is a life
//! of its own, which begins when the first has ended.
//!
//! Whoever settles a task first wins: only one event of a task's life leads to a word to the
//! scheduler, so nobody says a second one.

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// It was taken from its queue, and nothing was begun.
    Held,
    /// The same, and the program is being stopped: it is not to be begun.
    Recalled,
    /// A worker is at it.
    Running,
    /// Somebody tells the scheduler how it has ended.
    Settling,
    /// Somebody gives it back to the scheduler.
    Returning,
    /// The same, and the scheduler has handed it out again meanwhile.
    Again,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// A worker wants to begin.
    Begin,
    /// It was done; also by the run of an equal task, whose results were copied.
    Complete,
    /// It came to nothing.
    Fail,
    /// It could not be run.
    Return,
    /// The equal task that was run instead came to nothing.
    Retry,
    /// The program is being stopped.
    Stop,
    /// Nobody waits for it any longer.
    Abandon,
    /// The scheduler was told, or cannot be.
    Settled,
    /// The scheduler has handed it out although it is here.
    Handed,
}

/// What is to be done then, by whoever has caused the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Nothing.
    Nothing,
    /// Run it.
    Run,
    /// Tell the scheduler that it was completed.
    Complete,
    /// Tell the scheduler that it has failed.
    Fail,
    /// Push it to the queue that it came from.
    GiveBack,
    /// Tell the scheduler that it is queued again.
    Requeue,
}

impl State {
    /// The state after an event, `None` if the task is gone, and what is to be done.
    pub(crate) fn on(self, event: Event) -> (Option<Self>, Action) {
        let settling = |action| (Some(Self::Settling), action);
        let returning = |action| (Some(Self::Returning), action);
        match (self, event) {
            (Self::Held, Event::Begin) => (Some(Self::Running), Action::Run),
            (Self::Held, Event::Stop) => (Some(Self::Recalled), Action::Nothing),
            (Self::Recalled, Event::Begin)
            | (Self::Held | Self::Recalled, Event::Abandon)
            | (Self::Held | Self::Recalled | Self::Running, Event::Return) => {
                returning(Action::GiveBack)
            }
            (Self::Held | Self::Recalled | Self::Running, Event::Complete) => {
                settling(Action::Complete)
            }
            // What it has done when it is abandoned nobody knows, so it is not done again by itself.
            (Self::Running, Event::Abandon)
            | (Self::Held | Self::Recalled | Self::Running, Event::Fail) => settling(Action::Fail),
            (Self::Held | Self::Recalled, Event::Retry) => returning(Action::Requeue),
            (Self::Settling | Self::Returning, Event::Settled) => (None, Action::Nothing),
            (Self::Returning, Event::Handed) => (Some(Self::Again), Action::Nothing),
            (Self::Again, Event::Settled) => (Some(Self::Held), Action::Nothing),
            (state, _) => (Some(state), Action::Nothing),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STATES: [State; 6] = [
        State::Held,
        State::Recalled,
        State::Running,
        State::Settling,
        State::Returning,
        State::Again,
    ];
    const EVENTS: [Event; 9] = [
        Event::Begin,
        Event::Complete,
        Event::Fail,
        Event::Return,
        Event::Retry,
        Event::Stop,
        Event::Abandon,
        Event::Settled,
        Event::Handed,
    ];

    /// The whole table; a line a state, a column an event, a cell the state after it and the action.
    #[test]
    fn the_whole_table() {
        let shown: Vec<String> = STATES
            .iter()
            .map(|state| {
                let cell = |event: &Event| {
                    let (next, action) = state.on(*event);
                    let next = next.map_or("-".to_owned(), |next| format!("{next:?}"));
                    format!("{next}/{action:?}")
                };
                EVENTS.iter().map(cell).collect::<Vec<_>>().join(" ")
            })
            .collect();
        assert_eq!(
            shown,
            [
                "Running/Run Settling/Complete Settling/Fail Returning/GiveBack Returning/Requeue \
                 Recalled/Nothing Returning/GiveBack Held/Nothing Held/Nothing",
                "Returning/GiveBack Settling/Complete Settling/Fail Returning/GiveBack \
                 Returning/Requeue Recalled/Nothing Returning/GiveBack Recalled/Nothing \
                 Recalled/Nothing",
                "Running/Nothing Settling/Complete Settling/Fail Returning/GiveBack Running/Nothing \
                 Running/Nothing Settling/Fail Running/Nothing Running/Nothing",
                "Settling/Nothing Settling/Nothing Settling/Nothing Settling/Nothing \
                 Settling/Nothing Settling/Nothing Settling/Nothing -/Nothing Settling/Nothing",
                "Returning/Nothing Returning/Nothing Returning/Nothing Returning/Nothing \
                 Returning/Nothing Returning/Nothing Returning/Nothing -/Nothing Again/Nothing",
                "Again/Nothing Again/Nothing Again/Nothing Again/Nothing Again/Nothing \
                 Again/Nothing Again/Nothing Held/Nothing Again/Nothing",
            ]
        );
    }

    proptest! {
        /// Whatever happens in whatever order: the scheduler is told at most one thing in a life,
        /// nothing is run after that, nothing that was run is given back by itself, and in the end
        /// it is told.
        #[test]
        fn every_walk_settles_once(walk in prop::collection::vec(0..EVENTS.len(), 0..40)) {
            let mut state = Some(State::Held);
            let (mut told, mut runs) = (Vec::new(), 0);
            let events = walk.into_iter().map(|place| EVENTS[place]);
            for event in events.chain([Event::Settled, Event::Abandon, Event::Settled]) {
                let Some(now) = state else { break };
                let (next, action) = now.on(event);
                if (now, next) == (State::Again, Some(State::Held)) {
                    prop_assert!(matches!(told[..], [Action::GiveBack | Action::Requeue]));
                    (told, runs) = (Vec::new(), 0);
                }
                match action {
                    Action::Nothing => {}
                    Action::Run => {
                        prop_assert!(told.is_empty());
                        runs += 1;
                    }
                    action => {
                        let by_itself = event != Event::Return;
                        let back = matches!(action, Action::GiveBack | Action::Requeue);
                        prop_assert!(!(runs > 0 && by_itself && back));
                        told.push(action);
                    }
                }
                state = next;
            }
            prop_assert_eq!(state, None);
            prop_assert_eq!(told.len(), 1);
            prop_assert!(runs <= 1);
        }
    }
}
