//! What links promise, over real sockets: order, flow control, and every way to end.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ostler_runtime::Deadline;

use crate::link_loopback::{Answer, Ear, PATIENCE, Reporter, Rig, Told, all, frame, reporter};
use crate::loopback::until;
use crate::{Closed, Link, LinkLimits, Links, Protocol, Refused, Turn};

const SOON: Duration = Duration::from_millis(1);

fn patient() -> Deadline {
    Deadline::after(PATIENCE)
}

/// Frames of a number each, eight bytes.
fn whole_frames() -> Answer {
    Box::new(|input, _| (input.len() / 8 * 8, Turn::Continue))
}

#[test]
fn what_several_offer_at_once_comes_whole_and_each_ones_in_order() {
    const OFFERERS: u32 = 4;
    const EACH: u32 = 20_000;
    let rig = Rig::new(LinkLimits { max_frames: 500, ..LinkLimits::default() }, whole_frames);
    let (protocol, other) = reporter(all());
    let link = rig.links.connect(rig.address, PATIENCE, None, protocol).unwrap();
    let ear = rig.came();
    std::thread::scope(|scope| {
        for offerer in 0..OFFERERS {
            let link = &link;
            scope.spawn(move || {
                for number in 0..EACH {
                    let bytes = [offerer.to_be_bytes(), number.to_be_bytes()].concat();
                    let bytes = frame(bytes);
                    while link.offer(&bytes) == Err(Refused::Full) {
                        assert!(link.wait_room(patient()));
                    }
                }
            });
        }
    });
    link.close();
    assert!(matches!(other.closed(), Closed::Asked));
    let mut next = [0; OFFERERS as usize];
    loop {
        match ear.next() {
            Told::Received(bytes) => {
                for one in bytes.chunks_exact(8) {
                    let offerer = u32::from_be_bytes(one[..4].try_into().unwrap()) as usize;
                    assert_eq!(u32::from_be_bytes(one[4..].try_into().unwrap()), next[offerer]);
                    next[offerer] += 1;
                }
            }
            Told::Closed(Closed::Ended) => break,
            Told::Opened(_) => {}
            other @ Told::Closed(_) => panic!("{other:?}"),
        }
    }
    assert_eq!(next, [EACH; OFFERERS as usize]);
    let statistics = rig.links.statistics();
    assert_eq!(statistics.frames_out, u64::from(OFFERERS * EACH));
    assert_eq!((statistics.bytes_in, statistics.dropped), (statistics.bytes_out, 0));
}

#[test]
fn two_protocols_of_a_process_are_joined_and_a_frame_may_be_long() {
    let links = Links::start(2, LinkLimits::default()).unwrap();
    let long = frame((0..20_000_000_u32).map(|n| (n % 251) as u8).collect::<Vec<_>>());
    let whole = long.len();
    let (one, _left) = reporter(all());
    let at_last =
        move |input: &[u8], _: &Link| (if input.len() < whole { 0 } else { whole }, Turn::Continue);
    let (other, right) = reporter(Box::new(at_last));
    let (link, _) = links.pair(one, other).unwrap();
    right.opened();
    link.offer(&long).unwrap();
    right.hears(&long);
    assert!(link.wait_room(patient()));
}

#[test]
fn a_held_link_reads_no_more_until_it_is_resumed() {
    let hold = || -> Answer {
        let mut held = false;
        Box::new(move |input, _| {
            held = !held;
            (if held { 1 } else { input.len() }, if held { Turn::Hold } else { Turn::Continue })
        })
    };
    let rig = Rig::new(LinkLimits::default(), hold);
    let (mut client, link, ear) = rig.client();
    client.write_all(b"hello").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    ear.hears(b"h");
    // What has come already is told again, and the end is told after it.
    link.resume();
    ear.hears(b"ello");
    assert!(matches!(ear.closed(), Closed::Ended));
}

#[test]
fn a_held_link_whose_other_side_has_gone_ends_in_time() {
    let hold = || -> Answer { Box::new(|_, _| (1, Turn::Hold)) };
    let rig = Rig::new(LinkLimits { stall: SOON, ..LinkLimits::default() }, hold);
    let (mut client, link, ear) = rig.client();
    client.write_all(b"hello").unwrap();
    ear.hears(b"h");
    drop(client);
    until(|| link.offer(&frame("nobody hears it")) == Err(Refused::Closed));
    // If this machine is busy it may have ended before anything was sent.
    assert!(matches!(ear.closed(), Closed::Broken(_) | Closed::Ended));
}

#[test]
fn a_held_link_whose_other_side_has_gone_ends_in_time_also_if_nothing_is_sent() {
    let hold = || -> Answer { Box::new(|_, _| (1, Turn::Hold)) };
    let rig = Rig::new(LinkLimits { stall: SOON, ..LinkLimits::default() }, hold);
    let (mut client, _link, ear) = rig.client();
    client.write_all(b"hello").unwrap();
    ear.hears(b"h");
    drop(client);
    assert!(matches!(ear.closed(), Closed::Ended));
}

#[test]
fn a_held_link_whose_other_side_has_gone_stays_while_it_is_resumed() {
    const TIMES: usize = 3;
    let links = Links::start(2, LinkLimits { stall: SOON, ..LinkLimits::default() }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (protocol, ear) = reporter(Box::new(|_, _| (0, Turn::Hold)));
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let protocol = Box::new(Resuming { protocol, left: left.clone() });
    let address = listener.local_addr().unwrap();
    let _link = links.connect(address, PATIENCE, None, protocol).unwrap();
    let (mut client, _) = listener.accept().unwrap();
    client.write_all(b"hello").unwrap();
    drop(client);
    left.store(TIMES, Ordering::Relaxed);
    assert!(matches!(ear.closed(), Closed::Ended));
    assert_eq!(left.load(Ordering::Relaxed), 0, "it ended while it was resumed");
}

/// Resumes its link at each tick, and so between any two of them, as long as times are left.
struct Resuming {
    protocol: Box<Reporter>,
    left: Arc<AtomicUsize>,
}

impl Protocol for Resuming {
    fn opened(&mut self, link: &Link) -> Turn {
        self.protocol.opened(link)
    }

    fn received(&mut self, input: &[u8], link: &Link) -> (usize, Turn) {
        self.protocol.received(input, link)
    }

    fn tick(&mut self, link: &Link, now: Instant) -> Turn {
        let one_less = |left: usize| left.checked_sub(1);
        if self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            link.resume();
        }
        self.protocol.tick(link, now)
    }

    fn closed(&mut self, link: &Link, why: &Closed) {
        self.protocol.closed(link, why);
    }
}

#[test]
fn a_link_that_is_held_again_and_again_reads_no_more_than_it_delivers() {
    const MIB: usize = 1024 * 1024;
    let little = || -> Answer {
        Box::new(|input, link| {
            assert!(input.len() <= MIB, "{}", input.len());
            link.resume();
            (input.len().min(4096), Turn::Hold)
        })
    };
    let rig = Rig::new(LinkLimits::default(), little);
    let (mut client, _link, ear) = rig.client();
    client.write_all(&vec![0; 16 * MIB]).unwrap();
    ear.hears(&vec![0; 16 * MIB]);
}

#[test]
fn a_resume_during_the_call_that_holds_is_not_lost() {
    let hold = || -> Answer {
        Box::new(|input, link| {
            link.resume();
            (1.min(input.len()), if input.len() > 1 { Turn::Hold } else { Turn::Continue })
        })
    };
    let rig = Rig::new(LinkLimits::default(), hold);
    let (mut client, _link, ear) = rig.client();
    client.write_all(b"hello").unwrap();
    ear.hears(b"hello");
}

#[test]
fn a_sender_is_told_no_and_the_oldest_make_room_where_that_is_asked() {
    let limits = LinkLimits { max_bytes: 1 << 20, max_forced: 2 << 20, ..LinkLimits::default() };
    let rig = Rig::new(limits, all);
    let (mut client, link, ear) = rig.client();
    let kilobyte = |byte: u8| frame(vec![byte; 1024]);
    let (mut sent, mut pushed, mut dropped, mut forced) = (0, 0, 0, 0);
    // Until the kernel takes no more either.
    until(|| {
        while link.offer(&kilobyte(1)).is_ok() {
            sent += 1;
        }
        pushed += 1;
        dropped += link.push_out(&kilobyte(3));
        dropped >= 300
    });
    assert!(link.is_full());
    while link.force(&kilobyte(2)) {
        forced += 1;
    }
    assert!(forced > 0);
    assert_eq!(rig.links.statistics().dropped, dropped as u64);
    link.close();
    assert!(!link.wait_room(patient()));
    let mut all = Vec::new();
    client.read_to_end(&mut all).unwrap();
    let count = |byte| all.chunks_exact(1024).filter(|one| **one == [byte; 1024]).count();
    assert_eq!((count(1) + count(3), count(2)), (sent + pushed - dropped, forced));
    assert_eq!(all.len(), (sent + pushed + forced - dropped) * 1024);
    drop(client);
    assert!(matches!(ear.closed(), Closed::Asked));
}

#[test]
fn who_waits_for_room_goes_on_when_there_is_some_or_the_link_ends() {
    let limits = LinkLimits { max_frames: 400, ..LinkLimits::default() };
    let rig = Rig::new(limits, all);
    let (mut client, link, ear) = rig.client();
    let some = frame(vec![0; 64 * 1024]);
    while link.offer(&some).is_ok() {}
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| link.wait_room(patient()));
        let mut bin = vec![0; 64 * 1024 * 60];
        client.read_exact(&mut bin).unwrap();
        assert!(waiter.join().unwrap());
    });
    let (called, calls) = crossbeam_channel::unbounded();
    until(|| {
        while link.offer(&some).is_ok() {}
        let called = called.clone();
        link.when_room(Box::new(move || called.send(()).unwrap()))
    });
    std::thread::scope(|scope| {
        let waiter = scope.spawn(|| link.wait_room(patient()));
        link.abort("that will do");
        assert!(!waiter.join().unwrap());
    });
    assert!(matches!(ear.closed(), Closed::Aborted("that will do")));
    calls.recv_timeout(PATIENCE).unwrap();
    assert!(!link.is_full() && !link.when_room(Box::new(|| panic!("called for nothing"))));
    until(|| rig.links.statistics().open == 0);
    let statistics = rig.links.statistics();
    assert!(statistics.unsent > 0 && statistics.dropped == 0);
}

#[test]
fn who_does_not_read_is_given_up_and_who_closes_waits_no_longer_than_that() {
    let limits = LinkLimits { stall: SOON, close: SOON, ..LinkLimits::default() };
    let rig = Rig::new(limits, all);
    let some = frame(vec![0; 64 * 1024]);
    let (_client, link, ear) = rig.client();
    while link.offer(&some).is_ok() {}
    assert!(matches!(ear.closed(), Closed::Stalled));
    assert_eq!(rig.links.statistics().stalled, 1);

    let rig = Rig::new(LinkLimits { close: SOON, ..LinkLimits::default() }, all);
    let (_client, link, ear) = rig.client();
    while link.offer(&some).is_ok() {}
    link.close();
    assert!(matches!(ear.closed(), Closed::Unwritten(bytes) if bytes > 0));
}

#[test]
fn a_protocol_may_end_its_link_in_every_way_and_only_that() {
    let answer = || -> Answer {
        Box::new(|input, link| match input {
            b"close" => {
                link.offer(&frame(vec![7; 3_000_000])).unwrap();
                (input.len(), Turn::Close)
            }
            b"abort" => (0, Turn::Abort),
            b"within" => {
                link.abort("from within");
                assert!(!link.wait_room(patient()));
                (0, Turn::Continue)
            }
            b"panic" => panic!("as told"),
            _ => (input.len(), Turn::Continue),
        })
    };
    let rig = Rig::new(LinkLimits::default(), answer);
    let (mut steady, _link, heard) = rig.client();
    let ask = |what: &[u8]| {
        let (mut client, _, ear) = rig.client();
        client.write_all(what).unwrap();
        // Written behind it, this must not destroy the answer.
        let mut answer = Vec::new();
        let read = client.read_to_end(&mut answer);
        drop(client);
        (read.map(|_| answer.len()).unwrap_or_default(), ear.closed())
    };
    assert!(matches!(ask(b"close"), (3_000_000, Closed::Asked)));
    assert!(matches!(ask(b"abort"), (0, Closed::Aborted(_))));
    assert!(matches!(ask(b"within"), (0, Closed::Aborted("from within"))));
    assert!(matches!(ask(b"panic"), (0, Closed::Panicked)));
    assert_eq!(rig.links.statistics().panics, 1);
    steady.write_all(b"still here").unwrap();
    heard.hears(b"still here");
}

#[test]
fn too_much_that_is_no_message_ends_the_link() {
    let nothing = || -> Answer { Box::new(|_, _| (0, Turn::Continue)) };
    let rig = Rig::new(LinkLimits { max_unconsumed: 1000, ..LinkLimits::default() }, nothing);
    let (mut client, _link, ear) = rig.client();
    client.write_all(&[0; 1001]).unwrap();
    assert!(matches!(ear.closed(), Closed::Oversized));
}

#[test]
fn too_much_of_all_links_together_ends_the_one_that_holds_most() {
    const MIB: usize = 1024 * 1024;
    // Says when a byte 1 has come.
    let keeps = || -> Answer {
        Box::new(|input, link| {
            if input.last() == Some(&1) {
                link.force(&frame("."));
            }
            (0, Turn::Continue)
        })
    };
    let rig = Rig::new(LinkLimits { max_unconsumed_in_all: MIB, ..LinkLimits::default() }, keeps);
    let send = |client: &mut TcpStream, count: usize| {
        client.write_all(&[vec![0; count - 1], vec![1]].concat()).unwrap();
        client.read_exact(&mut [0]).unwrap();
    };
    let (mut first, _first, ear) = rig.client();
    send(&mut first, 2 * MIB);
    let (mut short, _link, _ear) = rig.client();
    send(&mut short, MIB);
    let (mut long, _long, long_ear) = rig.client();
    send(&mut long, MIB + 1);
    assert!(matches!(ear.closed(), Closed::Aborted(_)));
    send(&mut short, MIB / 2);
    // It has the most itself now. The end may come before everything is sent.
    let _ = long.write_all(&vec![0; 2 * MIB]);
    assert!(matches!(long_ear.closed(), Closed::Oversized));
    send(&mut short, MIB / 4);
}

#[test]
fn where_nobody_listens_the_protocol_is_told() {
    let rig = Rig::new(LinkLimits::default(), all);
    let Rig { address, listener, links, .. } = rig;
    drop(listener);
    assert!(TcpStream::connect(address).is_err());
    let (protocol, ear) = reporter(all());
    links.connect(address, PATIENCE, None, protocol).unwrap();
    assert!(matches!(ear.closed(), Closed::Unreachable(_)));
    // Documentation addresses are routed nowhere: either nobody answers, or the system knows.
    let (protocol, ear) = reporter(all());
    links.connect("192.0.2.1:9".parse().unwrap(), SOON, None, protocol).unwrap();
    assert!(matches!(ear.closed(), Closed::TimedOut | Closed::Unreachable(_)));
    assert_eq!((links.statistics().unreachable, links.statistics().open), (2, 0));
}

#[test]
fn a_connection_that_stands_is_not_given_up_where_a_thread_is_late_to_see_it() {
    // The time is over before the thread has its first look, at a tick that is due.
    for _ in 0..20 {
        let rig = Rig::new(LinkLimits::default(), all);
        let (protocol, ear) = reporter(all());
        rig.links.connect(rig.address, Duration::ZERO, None, protocol).unwrap();
        ear.opened();
    }
}

#[test]
fn a_link_that_opens_late_sends_what_was_offered_before() {
    let rig = Rig::new(LinkLimits::default(), all);
    let (protocol, _ear) = reporter(all());
    let link = rig.links.connect(rig.address, PATIENCE, None, protocol).unwrap();
    link.offer(&frame("at once")).unwrap();
    let ear = rig.came();
    ear.opened();
    ear.hears(b"at once");
}

#[test]
fn many_links_take_turns() {
    let echo = || -> Answer {
        Box::new(|input, link| {
            assert!(link.force(&frame(input)));
            (input.len(), Turn::Continue)
        })
    };
    let rig = Rig::new(LinkLimits::default(), echo);
    // One floods, and all others are answered.
    let (mut flood, link, _ear) = rig.client();
    let (mut drain, mut clients) = (flood.try_clone().unwrap(), Vec::new());
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut bin = vec![0; 1 << 16];
            while drain.read(&mut bin).is_ok_and(|count| count > 0) {}
        });
        let flooding = scope.spawn(|| while flood.write_all(&[1; 1 << 14]).is_ok() {});
        for _ in 0..40 {
            clients.push(rig.client());
        }
        for round in 0..20_u8 {
            for (client, ..) in &mut clients {
                client.write_all(&[round; 100]).unwrap();
            }
            for (client, ..) in &mut clients {
                let mut answer = [0; 100];
                client.read_exact(&mut answer).unwrap();
                assert_eq!(answer, [round; 100]);
            }
        }
        link.abort("enough");
        flooding.join().unwrap();
    });
}

#[test]
fn dropping_the_links_tells_everybody() {
    let rig = Rig::new(LinkLimits::default(), all);
    let (mut client, link, ear) = rig.client();
    let Rig { address, links, listener, .. } = rig;
    drop(links);
    assert!(matches!(ear.closed(), Closed::Stopped));
    assert_eq!(link.offer(&frame("late")), Err(Refused::Closed));
    assert!(!link.wait_room(patient()));
    link.close();
    link.abort("late");
    assert_eq!(client.read(&mut [0; 1]).unwrap_or_default(), 0);
    assert!(TcpStream::connect(address).is_err());
    drop(listener);
}

#[test]
fn of_too_many_strangers_the_one_that_has_been_silent_longest_makes_room() {
    let limits = LinkLimits { max_links: 3, max_unestablished: 2, ..LinkLimits::default() };
    let rig = Rig::new(limits, all);
    let sent_out = |ear: &Ear| assert!(matches!(ear.closed(), Closed::Aborted(_)));
    let (mut first, second) = (rig.client(), rig.client());
    first.0.write_all(b"hello").unwrap();
    first.2.hears(b"hello");
    // Whoever comes is let in, and not at the expense of who has spoken.
    let third = rig.client();
    sent_out(&second.2);
    let fourth = rig.client();
    sent_out(&third.2);
    // Nor of who is established.
    first.1.established();
    first.1.established();
    let fifth = rig.client();
    assert_eq!(rig.links.statistics().unestablished, 2);
    until(|| rig.links.statistics().open == 3);
    let sixth = rig.client();
    sent_out(&fourth.2);
    until(|| rig.links.statistics().open == 3);
    // Where everybody is established, the newest is refused.
    fifth.1.established();
    sixth.1.established();
    let mut late = TcpStream::connect(rig.address).unwrap();
    late.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(late.read(&mut [0; 1]).unwrap_or_default(), 0);
    drop(sixth);
    until(|| rig.links.statistics().open == 2);
    let _seventh = rig.client();
    let statistics = rig.links.statistics();
    assert_eq!((statistics.accepted, statistics.refused, statistics.unestablished), (7, 4, 1));
}
