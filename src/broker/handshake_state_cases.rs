//! The table of the handshake: what holds in every cell and on every walk.

use super::*;

/// Every cell, with what is in it.
fn cells() -> impl Iterator<Item = (State, Input, State, &'static [Action])> {
    State::ALL.into_iter().flat_map(|state| {
        Input::ALL.into_iter().map(move |input| {
            let (after, actions) = next(state, input);
            (state, input, after, actions)
        })
    })
}

/// The states on the way of `inputs`, and all actions.
fn walk(mut state: State, inputs: &[Input]) -> (State, Vec<Action>) {
    let mut done = Vec::new();
    for input in inputs {
        let (after, actions) = next(state, *input);
        state = after;
        done.extend(actions);
    }
    (state, done)
}

#[test]
fn both_sides_end_as_peers_whoever_connected() {
    use Action::{Claim, SendAck, SendHello, SendSyn, SendSynAck, SendVersion};
    let originates = [Input::HelloFromLarger, Input::Granted, Input::ResponderSynAck];
    let told = vec![Claim, SendVersion, SendSyn, SendAck];
    assert_eq!(walk(State::Hello, &originates), (State::Peered, told.clone()));
    let probed = [&[Input::Probe], &originates[..]].concat();
    assert_eq!(walk(State::HelloOrVersion, &probed), (State::Peered, told));

    let responds = [Input::Version, Input::Granted, Input::OriginatorSyn, Input::OriginatorAck];
    let probed = [&[Input::Probe], &responds[..]].concat();
    assert_eq!(walk(State::HelloOrVersion, &probed), (State::Peered, vec![Claim, SendSynAck]));
    let greeted = [&[Input::HelloFromSmaller], &responds[..]].concat();
    let said = vec![SendHello, Claim, SendSynAck];
    assert_eq!(walk(State::Hello, &greeted), (State::Peered, said));
}

#[test]
fn what_is_over_stays_over() {
    for (state, input, after, actions) in cells() {
        if state.is_over() {
            assert_eq!((after, actions), (state, &[][..]), "{input:?}");
        }
    }
}

#[test]
fn each_failure_is_told_or_noted_exactly_once() {
    for (state, input, after, actions) in cells() {
        let reasons = actions.iter().filter(|action| {
            matches!(action, Action::SendDrop(_) | Action::Note(_) | Action::NoteDrop)
        });
        let ends = !state.is_over() && matches!(after, State::Failed | State::Redundant);
        assert_eq!(reasons.count(), usize::from(ends), "{state:?} and {input:?}");
        // Who dropped a connection need not be told so.
        if matches!(input, Input::Drop | Input::DropKnown) && !state.is_over() {
            assert_eq!(actions, [Action::NoteDrop]);
        }
    }
}

#[test]
fn nobody_is_a_peer_without_having_been_claimed() {
    for (state, input, after, actions) in cells() {
        if after == State::Peered && state != State::Peered {
            assert!(matches!(state, State::SynAck | State::Ack), "{state:?}");
        }
        if matches!(after, State::SynAck | State::Syn) && state != after {
            assert!(state.is_claiming() && input == Input::Granted, "{state:?} and {input:?}");
        }
        if actions.contains(&Action::Claim) {
            assert!(after.is_claiming() && !state.is_claiming(), "{state:?} and {input:?}");
        }
        let tells = [Action::SendSyn, Action::SendSynAck, Action::SendAck];
        if actions.iter().any(|action| tells.contains(action)) {
            assert!(!matches!(after, State::Failed | State::Redundant));
        }
    }
}

#[test]
fn the_reasons_are_those_that_the_original_gives() {
    let told = |state, input| next(state, input).1;
    for state in [State::Hello, State::HelloOrVersion] {
        for (input, code) in [
            (Input::WrongMagic, Ec::WrongMagicNumber),
            (Input::HelloIncompatible, Ec::PeerIncompatible),
            (Input::Malformed, Ec::InvalidMessage),
            (Input::ShuttingDown, Ec::ShuttingDown),
        ] {
            assert_eq!(told(state, input), [Action::SendDrop(code)]);
        }
        assert_eq!(
            told(state, Input::OriginatorAck),
            [Action::Note(Ec::UnexpectedHandshakeMessage)]
        );
    }
    assert_eq!(
        told(State::Version, Input::VersionIncompatible),
        [Action::SendDrop(Ec::PeerIncompatible)]
    );
    assert_eq!(
        next(State::ClaimToOriginate, Input::Taken),
        (State::Redundant, &[Action::SendDrop(Ec::RedundantConnection)][..])
    );
    assert_eq!(
        next(State::ClaimToRespond, Input::Taken),
        (State::Failed, &[Action::SendDrop(Ec::LogicError)][..])
    );
}

#[test]
fn who_drops_a_redundant_connection_is_believed_only_before_this_one_counts() {
    for state in State::ALL.into_iter().filter(|state| !state.is_over()) {
        let (after, _) = next(state, Input::DropKnown);
        let greeting = matches!(state, State::HelloOrVersion | State::Hello | State::Version);
        assert_eq!(after == State::Redundant, greeting, "{state:?}");
        assert_eq!(next(state, Input::Drop).0, State::Failed);
    }
}

#[test]
fn every_walk_can_end_and_none_turns_back() {
    // How far each state is: only what is put aside or probed may stay where it is.
    let rank = |state| match state {
        State::Hello | State::HelloOrVersion => 0,
        State::Version => 1,
        State::ClaimToOriginate | State::ClaimToRespond => 2,
        State::Syn | State::SynAck => 3,
        State::Ack => 4,
        State::Peered | State::Redundant | State::Failed => 5,
    };
    let mut seed = 7_u64;
    for begin in [State::Hello, State::HelloOrVersion] {
        for _ in 0..20_000 {
            let mut state = begin;
            for _ in 0..12 {
                // A linear congruential generator is random enough to walk a table.
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                let input = Input::ALL[usize::try_from(seed >> 33).unwrap() % Input::ALL.len()];
                let (after, _) = next(state, input);
                let stays = matches!(input, Input::Probe | Input::Running) || state.is_over();
                assert!(
                    rank(after) > rank(state) || after == state && stays,
                    "{state:?} {input:?}"
                );
                state = after;
            }
            assert!(next(state, Input::Exhausted).0.is_over());
        }
    }
}
