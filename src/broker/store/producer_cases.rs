use broker_data::EndpointId;

use super::*;

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

fn event(text: &str) -> Arc<[u8]> {
    text.as_bytes().into()
}

/// With two consumers that have begun, and three events.
fn producer() -> Producer {
    let limits = ChannelLimits { events: 3, bytes: 100, timeout: 2, ..ChannelLimits::default() };
    let mut producer = Producer::new(limits);
    for number in [1, 2] {
        assert_eq!(producer.add(id(number)), 1);
        assert!(producer.ack(id(number), 1));
    }
    for text in ["two", "three", "four"] {
        producer.produce(event(text));
    }
    producer
}

#[test]
fn events_are_kept_until_all_have_them() {
    let mut producer = producer();
    assert!(producer.is_full() && !producer.is_idle());
    assert!(!producer.ack(id(1), 4));
    assert_eq!((producer.unacked(), producer.acked()), (3, 1));
    producer.ack(id(2), 3);
    assert_eq!((producer.unacked(), producer.acked()), (1, 3));
    // What comes late, or was never sent, changes nothing.
    producer.ack(id(2), 2);
    producer.ack(id(2), 5);
    producer.ack(id(3), 4);
    assert_eq!(producer.acked(), 3);
    producer.ack(id(2), 4);
    assert!(producer.is_idle() && producer.unacked() == 0);
}

#[test]
fn what_is_missed_is_sent_again_or_said_to_be_gone() {
    let mut producer = producer();
    producer.ack(id(2), 3);
    let resend = vec![Resend::Event(3, event("three")), Resend::Lost(999)];
    assert_eq!(producer.nack(id(1), &[3, 999]), Some(Nacked::Resend(resend)));
    // It has the one before the first that it misses.
    assert_eq!(producer.acked(), 2);
    // What is missed over and over is sent once, and no more than some at once.
    let resend = vec![Resend::Event(3, event("three")), Resend::Event(4, event("four"))];
    assert_eq!(producer.nack(id(1), &[3, 3, 3, 4, 4]), Some(Nacked::Resend(resend)));
    let many: Vec<u64> = (3..100_000).collect();
    let sent = producer.nack(id(1), &many);
    assert!(matches!(sent, Some(Nacked::Resend(sent)) if sent.len() == MAX_RESENT));
    assert_eq!(producer.nack(id(1), &[0]), Some(Nacked::Begins));
    assert_eq!(producer.nack(id(1), &[]), None);
    assert_eq!(producer.nack(id(3), &[0]), None);
}

#[test]
fn of_long_events_no_more_are_sent_again_at_once_than_leaves_room_for_others() {
    let mut producer = Producer::new(ChannelLimits::default());
    producer.add(id(1));
    let long: Arc<[u8]> = vec![0; RESENT_BYTES / 4 + 1].into();
    for _ in 0..10 {
        producer.produce(Arc::clone(&long));
    }
    let seqs: Vec<u64> = (2..12).collect();
    let Some(Nacked::Resend(sent)) = producer.nack(id(1), &seqs) else { unreachable!() };
    assert_eq!(sent.len(), 4);
    // However long the first one is, it is sent: else nothing would go on.
    producer.produce(vec![0; RESENT_BYTES * 2].into());
    let Some(Nacked::Resend(sent)) = producer.nack(id(1), &[12, 13]) else { unreachable!() };
    assert!(matches!(sent[..], [Resend::Event(12, _)]), "{}", sent.len());
}

#[test]
fn whoever_says_goodbye_holds_up_nobody() {
    let mut producer = producer();
    producer.ack(id(1), 4);
    assert_eq!(producer.nack(id(2), &[1, 0]), Some(Nacked::Left));
    assert!(producer.consumers() == 1 && producer.is_idle());
}

#[test]
fn whoever_is_silent_for_too_long_has_gone() {
    let mut producer = producer();
    let beats: Vec<bool> = (0..9).map(|_| producer.tick()).collect();
    assert_eq!(beats.iter().position(|beat| *beat), Some(4));
    assert!(producer.drop_silent().is_empty());
    producer.ack(id(1), 1);
    assert!(producer.tick());
    assert_eq!(producer.drop_silent(), [id(2)]);
    assert_eq!(producer.consumers(), 1);
}

#[test]
fn an_event_is_a_sign_of_life() {
    let mut producer = producer();
    for _ in 0..4 {
        assert!(!producer.tick());
    }
    producer.produce(event("five"));
    assert!(!producer.tick());
}

#[test]
fn the_slowest_are_parted_with_so_that_others_go_on() {
    let mut producer = producer();
    producer.ack(id(1), 2);
    assert_eq!(producer.drop_slowest(true), [id(2)]);
    assert!(!producer.is_full());
    assert_eq!(producer.drop_slowest(true), [id(1)]);
    assert_eq!((producer.unacked(), producer.drop_slowest(true)), (0, Vec::new()));
}

#[test]
fn whoever_has_yet_to_get_what_it_begins_with_holds_up_others_for_longer() {
    let begun = || {
        let mut producer = producer();
        producer.add(id(3));
        producer.begins_with(id(3), 1);
        for number in [1, 2] {
            producer.ack(id(number), 4);
        }
        // What was before its beginning is kept for nobody.
        assert_eq!(producer.unacked(), 0);
        producer.produce(event("five"));
        for number in [1, 2] {
            producer.ack(id(number), 5);
        }
        producer
    };
    let mut producer = begun();
    assert_eq!(producer.drop_slowest(true), []);
    // If it was here before, it may speak of that.
    producer.ack(id(3), 3);
    producer.nack(id(3), &[3]);
    assert_eq!(producer.drop_slowest(true), []);
    assert_eq!(producer.drop_slowest(false), [id(3)]);
    assert_eq!(producer.drop_slowest(false), [], "nothing is kept for the others");
    // It will not get it.
    let mut producer = begun();
    producer.not_begun(id(3));
    assert!(!producer.has_just_begun(id(3)));
    assert_eq!(producer.drop_slowest(true), [id(3)]);
}

#[test]
fn whoever_begins_again_is_not_waited_for_twice() {
    let mut producer = producer();
    producer.ack(id(1), 4);
    assert_eq!(producer.add(id(2)), 4);
    assert_eq!((producer.consumers(), producer.unacked()), (2, 0));
    assert!(!producer.is_idle());
    assert!(producer.ack(id(2), 4));
    assert!(producer.is_idle());
}

/// What changes in between has no number, and who came before must not be taken to have it.
#[test]
fn whoever_begins_after_the_last_one_has_gone_begins_with_another_number() {
    let mut producer = producer();
    producer.remove(id(1));
    assert_eq!((producer.seq(), producer.consumers()), (4, 1));
    producer.remove(id(2));
    assert_eq!((producer.seq(), producer.consumers()), (5, 0));
    assert_eq!((producer.delivered(), producer.unacked()), (3, 0));
    assert_eq!(producer.add(id(3)), 5);
    producer.produce(event("six"));
    producer.ack(id(3), 6);
    assert_eq!((producer.acked(), producer.delivered()), (6, 4));
}

#[test]
fn what_nobody_took_may_be_forgotten() {
    let mut producer = Producer::new(ChannelLimits::default());
    producer.add(id(1));
    for text in ["two", "three", "four"] {
        producer.produce(event(text));
    }
    assert_eq!((producer.forget(3), producer.forget(3)), (2, 0));
    assert_eq!(producer.events().collect::<Vec<_>>(), [&event("four")]);
    assert_eq!((producer.acked(), producer.next_seq()), (3, 5));
}
