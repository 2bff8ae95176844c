//! Subscribers that do not read: what waits for them, and what does not.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::{EndpointOptions, Overflow, QueueLimits};
use ostler_runtime::Deadline;
use ostler_tests::wait::wait_for;
use rustix::event::{PollFd, PollFlags, poll};

use crate::together::{listening, number, numbered, pair, soon, topic};

const SMALL: QueueLimits = QueueLimits { items: 10, bytes: 1 << 20 };

/// Publishes this many messages to a subscriber with a small buffer that does not read; what it has
/// then, and how many it has missed.
fn flooded(overflow: Overflow, count: u64) -> (Vec<u64>, u64) {
    let options = EndpointOptions { subscriber_buffer: SMALL, ..EndpointOptions::default() };
    let (reading, port) = listening(options);
    let subscriber = &mut reading.subscribe_with([topic("/x")], overflow);
    // Comes behind all others, to somebody who has read them.
    let mut last = reading.subscribe_with([topic("/x")], Overflow::Block);
    let publishing = broker::Endpoint::new(EndpointOptions::default()).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    for number in 0..count {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
        last.get_before(soon()).unwrap();
    }
    let all = subscriber.poll();
    (all.iter().map(|received| number(&received.data)).collect(), subscriber.dropped())
}

#[test]
fn a_full_buffer_drops_what_it_was_told_to_drop_and_counts_it() {
    assert_eq!(flooded(Overflow::DropNewest, 25), ((0..10).collect(), 15));
    assert_eq!(flooded(Overflow::DropOldest, 25), ((15..25).collect(), 15));
}

#[test]
fn the_last_message_comes_too_that_had_to_wait_for_room() {
    for _ in 0..20 {
        let options = EndpointOptions { subscriber_buffer: SMALL, ..EndpointOptions::default() };
        let (reading, port) = listening(options);
        let mut subscriber = reading.subscribe([topic("/x")]);
        let publishing = broker::Endpoint::new(EndpointOptions::default()).unwrap();
        publishing.peer("127.0.0.1", port, None, soon()).unwrap();
        assert!(publishing.await_filter_entry(&topic("/x"), soon()));
        for number in 0..11 {
            publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
        }
        wait_for("a full buffer", || subscriber.available() == 10);
        for expected in 0..11 {
            assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), expected);
        }
    }
}

#[test]
fn a_subscription_that_is_cut_off_ends_behind_what_it_has() {
    let options = EndpointOptions { subscriber_buffer: SMALL, ..EndpointOptions::default() };
    let (reading, port) = listening(options);
    let mut subscriber = reading.subscribe_with([topic("/x")], Overflow::Disconnect);
    let publishing = broker::Endpoint::new(EndpointOptions::default()).unwrap();
    publishing.peer("127.0.0.1", port, None, soon()).unwrap();
    assert!(publishing.await_filter_entry(&topic("/x"), soon()));
    for number in 0..25 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("the end of the subscription", || subscriber.dropped() > 0);
    assert_eq!(subscriber.poll().len(), 10);
    assert_eq!(subscriber.get(), None);
}

#[test]
fn a_subscriber_waits_as_long_as_it_is_told_to() {
    let (publishing, reading, mut subscriber) = pair(EndpointOptions::default());
    assert_eq!(subscriber.get_before(Deadline::after(Duration::ZERO)), None);
    assert!(subscriber.poll().is_empty());
    for number in 0..5 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("all of them", || subscriber.available() == 5);
    assert_eq!(subscriber.get_many(3, soon()).len(), 3);
    assert_eq!(subscriber.get_many(3, soon()).len(), 2);
    drop(reading);
    assert_eq!(subscriber.get(), None, "the endpoint has ended");
}

#[test]
fn a_subscriber_can_be_polled_with_other_descriptors() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    for number in 0..3 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
        let fd = subscriber.fd().unwrap();
        assert_eq!(poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], None), Ok(1));
        assert_eq!(number, self::number(&subscriber.poll().remove(0).data));
        let fd = subscriber.fd().unwrap();
        let at_once = rustix::event::Timespec::default();
        assert_eq!(poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&at_once)), Ok(0));
    }
}

#[test]
fn a_subscriber_that_was_read_from_can_be_polled_for_the_rest() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    for number in 0..3 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("all messages", || subscriber.available() == 3);
    assert_eq!(number(&subscriber.get().unwrap().data), 0);
    let at_once = rustix::event::Timespec::default();
    for readable in [1, 0] {
        let fd = subscriber.fd().unwrap();
        let ready = poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], Some(&at_once));
        assert_eq!(ready, Ok(readable));
        let rest: Vec<u64> = subscriber.poll().iter().map(|one| number(&one.data)).collect();
        assert_eq!(rest, if readable == 1 { vec![1, 2] } else { vec![] });
    }
}

#[test]
fn topics_come_and_go() {
    let (publishing, reading, mut subscriber) = pair(EndpointOptions::default());
    subscriber.add_topic(topic("/y"));
    assert!(publishing.await_filter_entry(&topic("/y"), soon()));
    publishing.publish(&topic("/y"), &numbered(1, 0)).unwrap();
    assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), 1);
    subscriber.remove_topic(&topic("/x"));
    let wants = |text: &str| {
        publishing.peers().iter().any(|peer| peer.filter.matches(topic(text).as_bytes()))
    };
    wait_for("the peer to know", || !wants("/x"));
    assert!(wants("/y"));
    let filter: Vec<Vec<u8>> = reading.filter().iter().map(<[u8]>::to_vec).collect();
    assert_eq!(filter, [b"/y"]);
}

#[test]
fn a_function_is_called_with_each_message_in_its_order_on_one_thread() {
    let (publishing, reading, _subscriber) = pair(EndpointOptions::default());
    let next = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&next);
    let worker = reading
        .subscribe_callback([topic("/x")], move |received| {
            assert_eq!(number(&received.data), seen.fetch_add(1, Ordering::SeqCst));
        })
        .unwrap();
    for number in 0..100 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("all calls", || next.load(Ordering::SeqCst) == 100);
    drop(worker);
}

#[test]
fn a_function_that_panics_loses_one_message() {
    let (publishing, reading, _subscriber) = pair(EndpointOptions::default());
    let calls = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&calls);
    let worker = reading
        .subscribe_callback([topic("/x")], move |received| {
            assert_ne!(number(&received.data), 1, "as the test wants");
            seen.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    for number in 0..3 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("the other calls", || calls.load(Ordering::SeqCst) == 2);
    drop(worker);
}

#[test]
fn a_worker_that_is_waited_for_hands_over_all_that_has_come() {
    let (publishing, reading, _subscriber) = pair(EndpointOptions::default());
    let (calls, counted) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let seen = Arc::clone(&calls);
    // The first call takes until all have come.
    let (go, held) = std::sync::mpsc::sync_channel::<()>(0);
    let worker = reading
        .subscribe_callback([topic("/x")], move |_| {
            if seen.fetch_add(1, Ordering::SeqCst) == 0 {
                held.recv().unwrap();
            }
        })
        .unwrap();
    let counting = Arc::clone(&counted);
    let _tap = reading.tap([topic("/x")], move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
    });
    for number in 0..50 {
        publishing.publish(&topic("/x"), &numbered(number, 0)).unwrap();
    }
    wait_for("all of them", || counted.load(Ordering::SeqCst) == 50);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| worker.wait());
        drop(reading);
        go.send(()).unwrap();
        waiting.join().unwrap();
    });
    assert_eq!(calls.load(Ordering::SeqCst), 50);
}

#[test]
fn hubs_see_what_others_publish_and_not_their_own() {
    let (publishing, reading, mut subscriber) = pair(EndpointOptions::default());
    let mut one = reading.hub([topic("/x")]);
    let mut other = reading.hub([topic("/x")]);
    one.publisher().publish(&topic("/x"), &numbered(1, 0)).unwrap();
    assert_eq!(number(&other.subscriber().get_before(soon()).unwrap().data), 1);
    publishing.publish(&topic("/x"), &numbered(2, 0)).unwrap();
    for subscriber in [one.subscriber(), other.subscriber(), &mut subscriber] {
        assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), 2);
    }
}
