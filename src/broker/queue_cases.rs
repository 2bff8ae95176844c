//! The queue as its two sides see it.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::time::Duration;

use ostler_runtime::Thread;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::*;
use crate::arrivals::Arrivals;

const AT_ONCE: Duration = Duration::ZERO;

fn queue(items: usize, bytes: usize) -> Queue<u32> {
    Queue::new(QueueLimits { items, bytes })
}

fn taken(queue: &Queue<u32>, most: usize) -> Vec<u32> {
    let mut taken = VecDeque::new();
    let count = queue.take(most, Deadline::after(AT_ONCE), &mut taken);
    assert_eq!(count, taken.len());
    taken.into()
}

fn is_readable(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    poll(&mut polled, Some(&Timespec::default())).unwrap() > 0
}

#[test]
fn items_come_out_in_their_order_and_not_more_than_wanted() {
    let queue = queue(10, 100);
    for item in 1..=5 {
        queue.put(item, 1);
    }
    assert_eq!(queue.len(), 5);
    assert_eq!(
        (taken(&queue, 3), taken(&queue, 3), taken(&queue, 3)),
        (vec![1, 2, 3], vec![4, 5], vec![])
    );
}

#[test]
fn a_queue_is_full_by_items_or_by_bytes_until_half_is_free() {
    for (queue, size) in [(queue(4, 1000), 1), (queue(1000, 40), 10)] {
        for item in 1..=4 {
            assert!(!queue.is_full());
            queue.put(item, size);
        }
        assert!(queue.is_full());
        taken(&queue, 1);
        assert!(queue.is_full(), "half of it is not free");
        taken(&queue, 1);
        assert!(!queue.is_full());
    }
}

#[test]
fn what_has_no_room_is_dropped_as_asked_and_counted() {
    let newest = queue(2, 100);
    let oldest = queue(2, 100);
    for item in 1..=4 {
        newest.put_or_drop(item, 1);
        oldest.push_out(item, 1);
    }
    assert_eq!((taken(&newest, 9), newest.dropped()), (vec![1, 2], 2));
    assert_eq!((taken(&oldest, 9), oldest.dropped()), (vec![3, 4], 2));
}

#[test]
fn whoever_waits_for_room_is_called_once() {
    let queue = queue(2, 100);
    let calls = Arc::new(AtomicUsize::new(0));
    let waiter = || {
        let calls = Arc::clone(&calls);
        Box::new(move || {
            calls.fetch_add(1, Ordering::SeqCst);
        })
    };
    assert!(!queue.when_room(waiter()), "there is room");
    queue.put(1, 1);
    queue.put(2, 1);
    assert!(queue.when_room(waiter()));
    taken(&queue, 2);
    taken(&queue, 2);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    queue.put(1, 1);
    queue.put(2, 1);
    assert!(queue.when_room(waiter()));
    queue.close();
    assert_eq!(calls.load(Ordering::SeqCst), 2);
    assert!(!queue.when_room(waiter()), "nobody waits for what has ended");
}

#[test]
fn a_reader_wakes_up_for_an_item_and_for_the_end() {
    let queue = Arc::new(queue(2, 100));
    let reading = Arc::clone(&queue);
    let (sender, receiver) = crossbeam_channel::bounded(4);
    let reader = Thread::spawn("reader", move || {
        let mut taken = VecDeque::new();
        while reading.take(1, Deadline::NEVER, &mut taken) > 0 {
            sender.send(taken.pop_front()).unwrap();
        }
    })
    .unwrap();
    for item in [1, 2, 3] {
        queue.put(item, 1);
        assert_eq!(receiver.recv(), Ok(Some(item)));
    }
    queue.close();
    reader.join();
    queue.put(4, 1);
    assert_eq!(queue.len(), 0, "it is closed");
}

#[test]
fn a_sender_waits_for_room_as_long_as_it_likes() {
    let queue = Arc::new(queue(1, 100));
    queue.put(1, 1);
    assert!(!queue.wait_room(Deadline::after(AT_ONCE)));
    let waiting = Arc::clone(&queue);
    let (sender, receiver) = crossbeam_channel::bounded(1);
    let thread = Thread::spawn("sender", move || {
        sender.send(waiting.wait_room(Deadline::NEVER)).unwrap();
    })
    .unwrap();
    taken(&queue, 1);
    assert_eq!(receiver.recv(), Ok(true));
    thread.join();
}

#[test]
fn the_descriptor_is_readable_while_items_wait_and_at_the_end() {
    let queue = queue(4, 100);
    queue.put(1, 1);
    assert!(is_readable(queue.descriptor().unwrap()), "made late");
    taken(&queue, 4);
    assert!(!is_readable(queue.descriptor().unwrap()));
    queue.put(2, 1);
    queue.put(3, 1);
    taken(&queue, 1);
    assert!(is_readable(queue.descriptor().unwrap()), "one is left");
    taken(&queue, 1);
    assert!(!is_readable(queue.descriptor().unwrap()));
    queue.close();
    assert!(is_readable(queue.descriptor().unwrap()));
    taken(&queue, 1);
    assert!(is_readable(queue.descriptor().unwrap()), "it stays so");
}

#[test]
fn who_waits_without_taking_is_told_what_is_put_in_or_back_and_of_the_end() {
    let queue = Arc::new(queue(10, 100));
    let arrivals = Arrivals::of(&queue);
    let patience = Deadline::after(Duration::from_secs(60));
    assert!(!arrivals.wait(Deadline::after(AT_ONCE)));
    let events: [fn(&Queue<u32>); 3] = [
        |queue| queue.put(1, 1),
        |queue| queue.put_back([(1, 1)].into_iter()),
        |queue| queue.close(),
    ];
    for event in events {
        let (told, heard) = mpsc::channel();
        let waiting = arrivals.clone();
        let waiter = Thread::spawn("waiter", move || told.send(waiting.wait(patience)).unwrap());
        event(&queue);
        assert_eq!(heard.recv(), Ok(true));
        drop(waiter);
        taken(&queue, 9);
    }
}
