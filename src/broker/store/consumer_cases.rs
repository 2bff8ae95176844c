use proptest::prelude::*;

use super::*;

fn consumer() -> Consumer<u64> {
    let limits = ChannelLimits { events: 4, bytes: 100, ..ChannelLimits::default() };
    let mut consumer = Consumer::new(limits);
    consumer.begin(1, 5);
    consumer
}

fn handed_over(consumer: &mut Consumer<u64>) -> Vec<Next<u64>> {
    std::iter::from_fn(|| consumer.next()).collect()
}

#[test]
fn events_that_come_early_or_twice_are_handed_over_once_and_in_their_order() {
    let mut consumer = consumer();
    for seq in [3, 2, 3, 2, 5, 1, 0] {
        consumer.event(seq, seq, 1);
    }
    assert_eq!(handed_over(&mut consumer), [Next::Event(2), Next::Event(3)]);
    assert!(!consumer.is_idle() && consumer.early() == 1);
    consumer.event(4, 4, 1);
    assert_eq!(handed_over(&mut consumer), [Next::Event(4), Next::Event(5)]);
    assert!(consumer.is_idle());
    assert_eq!(consumer.seq(), 5);
}

#[test]
fn missing_events_are_asked_for_after_two_ticks_without_progress() {
    let mut consumer = consumer();
    consumer.event(4, 4, 1);
    consumer.heard(6);
    assert_eq!(consumer.tick(MAX_ASKED), Say::Ack);
    assert_eq!(consumer.tick(MAX_ASKED), Say::Nothing);
    // No more than there is room for.
    assert_eq!(consumer.tick(MAX_ASKED), Say::Nack(vec![2, 3, 5]));
    assert_eq!(consumer.in_vain(), 1);
    consumer.event(2, 2, 1);
    consumer.lost(3);
    assert_eq!(handed_over(&mut consumer), [Next::Event(2), Next::Lost, Next::Event(4)]);
    assert_eq!((consumer.in_vain(), consumer.tick(MAX_ASKED)), (0, Say::Ack));
}

#[test]
fn once_all_that_was_asked_for_has_come_the_rest_is_asked_for_at_once() {
    let mut consumer = Consumer::new(ChannelLimits::default());
    consumer.begin(1, 5);
    consumer.heard(3000);
    assert_eq!(consumer.asks_on(), None);
    assert_eq!([consumer.tick(MAX_ASKED), consumer.tick(MAX_ASKED)], [Say::Ack, Say::Nothing]);
    assert_eq!(consumer.tick(MAX_ASKED), Say::Nack((2..1025).collect()));
    for seq in 2..1024 {
        consumer.event(seq, seq, 1);
    }
    handed_over(&mut consumer);
    // One is on its way.
    assert_eq!(consumer.asks_on(), None);
    consumer.event(1024, 1024, 1);
    handed_over(&mut consumer);
    assert_eq!(consumer.asks_on(), Some((1025..2048).collect()));
    assert_eq!(consumer.asks_on(), None);
    for seq in 1025..=3000 {
        consumer.event(seq, seq, 1);
    }
    handed_over(&mut consumer);
    assert!(consumer.asks_on().is_none() && consumer.is_idle());
    // What is missing later may only have been overtaken.
    consumer.event(3002, 3002, 1);
    assert_eq!(consumer.asks_on(), None);
}

#[test]
fn whoever_has_nothing_to_say_says_that_every_heartbeat() {
    let mut consumer = consumer();
    let said: Vec<Say> = (0..11).map(|_| consumer.tick(MAX_ASKED)).collect();
    let acks: Vec<usize> = (0..said.len()).filter(|at| said[*at] == Say::Ack).collect();
    assert_eq!(acks, [0, 4, 9]);
}

#[test]
fn what_comes_before_the_beginning_waits_for_it() {
    let mut consumer = Consumer::new(ChannelLimits::default());
    for seq in [7, 5, 6] {
        consumer.event(seq, seq, 1);
    }
    assert!(consumer.next().is_none() && !consumer.is_idle());
    consumer.begin(5, 5);
    assert_eq!(handed_over(&mut consumer), [Next::Event(6), Next::Event(7)]);
}

#[test]
fn no_more_is_kept_than_may_be_and_the_rest_is_asked_for_again() {
    let mut consumer = consumer();
    for seq in (3..10).rev() {
        consumer.event(seq, seq, 1);
    }
    assert_eq!(consumer.early(), 4);
    consumer.event(2, 2, 1000);
    // It is alone longer than all may be together, and goes on all the same.
    assert_eq!(handed_over(&mut consumer), [Next::Event(2)]);
    let asked = std::iter::from_fn(|| Some(consumer.tick(MAX_ASKED)))
        .find(|say| matches!(say, Say::Nack(_)));
    assert_eq!(asked, Some(Say::Nack(vec![3, 4, 5, 6])));
}

#[test]
fn what_cannot_be_had_any_more_holds_up_nothing_however_full_it_is_behind() {
    let mut consumer = consumer();
    for seq in 3..7 {
        consumer.event(seq, seq, 1);
    }
    assert_eq!(consumer.early(), 4);
    consumer.lost(2);
    assert_eq!(consumer.early(), 4);
    let expected = [Next::Lost, Next::Event(3), Next::Event(4), Next::Event(5)];
    assert_eq!(handed_over(&mut consumer), expected);
    assert!(!consumer.is_idle(), "the last one made room and is asked for again");
}

#[test]
fn numbers_of_which_nobody_has_heard_take_no_room() {
    let mut consumer = consumer();
    consumer.heard(u64::MAX);
    consumer.lost(u64::MAX);
    consumer.lost(3);
    assert_eq!(consumer.early(), 1);
    let asked = std::iter::from_fn(|| Some(consumer.tick(MAX_ASKED)))
        .find(|say| matches!(say, Say::Nack(_)));
    let Some(Say::Nack(seqs)) = asked else { unreachable!() };
    assert!(seqs.len() <= MAX_ASKED && seqs[0] == 2);
}

proptest! {
    #[test]
    fn in_whatever_order_events_come_they_leave_in_theirs(
        seqs in Just((2..60_u64).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(2..60_u64, 0..30),
    ) {
        let mut consumer = Consumer::new(ChannelLimits::default());
        consumer.begin(1, 5);
        let mut all = Vec::new();
        for seq in seqs.iter().chain(&again) {
            consumer.event(*seq, *seq, 1);
            all.extend(handed_over(&mut consumer));
        }
        prop_assert_eq!(all, (2..60).map(Next::Event).collect::<Vec<_>>());
    }
}
