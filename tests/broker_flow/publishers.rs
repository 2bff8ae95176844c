//! Who publishes faster than others read waits, or is told no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use broker::data::{Data, MAX_DEPTH};
use broker::{EndpointOptions, PublishError};
use ostler_runtime::{Deadline, Thread};
use ostler_tests::wait::wait_for;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::PipeFlags;

use crate::together::{number, numbered, pair, soon, topic};

/// So many messages that no buffer of any kind on the way holds them.
const MANY: u64 = 60_000;
/// The same of messages of ten kilobytes.
const LONG_ONES: u64 = 4_000;

#[test]
fn a_publisher_at_full_speed_loses_nothing_though_the_reader_is_slow() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    let publisher = publishing.publisher();
    let thread = Thread::spawn("publisher", move || {
        for number in 0..MANY {
            assert_eq!(publisher.publish(&topic("/x"), &numbered(number, 200)), Ok(1));
        }
    })
    .unwrap();
    for expected in 0..MANY {
        let received = subscriber.get_before(soon()).expect("a message in time");
        assert_eq!(number(&received.data), expected);
    }
    thread.join();
    assert_eq!(subscriber.dropped(), 0);
}

#[test]
fn a_hub_that_publishes_is_no_less_than_other_publishers() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    let hub = publishing.hub([]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..LONG_ONES {
                let sent = hub.publisher().publish(&topic("/x"), &numbered(number, 10 * 1024));
                assert_eq!(sent, Ok(1));
            }
        });
        for expected in 0..LONG_ONES {
            let received = subscriber.get_before(soon()).expect("a message in time");
            assert_eq!(number(&received.data), expected);
        }
    });
    assert_eq!(publishing.peers().len(), 1, "it was not cut off");
}

#[test]
fn messages_longer_than_all_buffers_together_arrive_whoever_publishes_them() {
    const EACH: u64 = 3;
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for number in 0..EACH {
                    let message = numbered(number, 20 << 20);
                    assert_eq!(publishing.publish(&topic("/x"), &message), Ok(1));
                }
            });
        }
        let numbers = (0..3 * EACH)
            .map(|_| number(&subscriber.get_before(soon()).expect("a message in time").data));
        assert_eq!(numbers.sum::<u64>(), 3 * (0..EACH).sum::<u64>());
    });
}

#[test]
fn what_no_peer_would_take_is_refused_and_costs_no_peering() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    let refused = publishing.publish(&topic("/x"), &numbered(0, 64 << 20)).unwrap_err();
    assert!(matches!(refused, PublishError::Unfit(_)), "{refused}");
    let deeper = |value, _| Data::Vector(vec![value]);
    let deepest = (1..MAX_DEPTH).fold(Data::None, deeper);
    publishing.publish(&topic("/x"), &deepest).unwrap();
    assert_eq!(subscriber.get_before(soon()).unwrap().data, deepest);
    let refused = publishing.publish(&topic("/x"), &deeper(deepest, 0)).unwrap_err();
    assert_eq!(refused, PublishError::TooDeep);
    publishing.publish(&topic("/x"), &numbered(1, 0)).unwrap();
    assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), 1);
}

#[test]
fn a_publisher_is_told_no_when_nobody_reads_and_yes_again_when_somebody_does() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    let mut sent = 0;
    // The kernel takes more now and then, until its buffers are as large as they may be.
    let refused = loop {
        while publishing.try_publish(&topic("/x"), &numbered(sent, 1000)).is_ok() {
            sent += 1;
        }
        let soon = Deadline::after(Duration::from_millis(50));
        match publishing.publish_deadline(&topic("/x"), &numbered(sent, 1000), soon) {
            Ok(_) => sent += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, PublishError::Behind(who) if who.starts_with("peer ")), "{refused}");
    // What was refused does not arrive, and everything else does.
    for expected in 0..sent {
        assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), expected);
    }
    publishing.publish(&topic("/x"), &numbered(sent, 0)).unwrap();
    assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), sent);
}

#[test]
fn a_publisher_polls_for_room_beside_other_descriptors() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    let (readable, writable) = rustix::pipe::pipe_with(PipeFlags::NONBLOCK).unwrap();
    let writable = Arc::new(writable);
    let (publisher, refused) = (publishing.publisher(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MANY {
                let message = numbered(number, 200);
                loop {
                    let writable = Arc::clone(&writable);
                    let wake = move || {
                        // A full pipe wakes as well.
                        let _ = rustix::io::write(&*writable, &[0]);
                    };
                    match publisher.try_publish_or_wake(&topic("/x"), &message, wake) {
                        Ok(taken) => break assert_eq!(taken, 1),
                        Err(error) => assert!(matches!(error, PublishError::Behind(_)), "{error}"),
                    }
                    refused.store(true, Ordering::SeqCst);
                    let fd = PollFd::new(&readable, PollFlags::IN);
                    let patience = Timespec { tv_sec: 60, tv_nsec: 0 };
                    assert_eq!(poll(&mut [fd], Some(&patience)), Ok(1), "it is woken");
                    rustix::io::read(&readable, &mut [0; 64]).unwrap();
                }
            }
        });
        wait_for("a refusal", || refused.load(Ordering::SeqCst));
        for expected in 0..MANY {
            let received = subscriber.get_before(soon()).expect("a message in time");
            assert_eq!(number(&received.data), expected);
        }
    });
}

#[test]
fn a_publisher_that_waits_goes_on_when_the_reader_has_gone() {
    let (publishing, reading, subscriber) = pair(EndpointOptions::default());
    while publishing.try_publish(&topic("/x"), &numbered(0, 1000)).is_ok() {}
    let publisher = publishing.publisher();
    let (sender, outcome) = std::sync::mpsc::sync_channel(1);
    let thread = Thread::spawn("publisher", move || {
        sender.send(publisher.publish(&topic("/x"), &numbered(1, 0))).unwrap();
    })
    .unwrap();
    drop((subscriber, reading));
    // It was taken while there was room once more, or there is nobody left.
    assert!(outcome.recv().unwrap().is_ok());
    thread.join();
}

#[test]
fn without_anybody_who_wants_it_a_message_goes_nowhere() {
    let (publishing, _reading, mut subscriber) = pair(EndpointOptions::default());
    assert_eq!(publishing.publish(&topic("/y"), &numbered(0, 0)), Ok(0));
    assert_eq!(publishing.publish(&topic("/x/y"), &numbered(1, 0)), Ok(1));
    assert_eq!(number(&subscriber.get_before(soon()).unwrap().data), 1);
}
