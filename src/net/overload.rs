//! More clients than there is room for, and clients that wait or let others wait: who is served,
//! who goes, and who is told.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use ostler_runtime::Deadline;

use crate::loopback::{BIG_BYTES, Rig, answer, frame, is_closed, last, one, until};
use crate::{Drained, Limits};

fn limits(max_connections: usize) -> Limits {
    Limits { max_connections, ..Limits::default() }
}

/// Addresses that count with nobody.
fn trusted() -> Limits {
    Limits { trusted: vec!["127.0.0.0/8".parse().unwrap()], ..Limits::default() }
}

/// A kept connection whose client has said who it is.
fn known(rig: &Rig) -> TcpStream {
    let mut client = rig.ask(b"keep known");
    assert_eq!(one(&mut client), b"keep known");
    client
}

#[test]
fn one_connection_too_many_is_told_so_where_all_others_are_served() {
    let rig = Rig::new(1, limits(2));
    let mut clients = [rig.ask(b"known late"), rig.ask(b"known late")];
    let replies = [rig.reply(), rig.reply()];
    assert_eq!(last(&mut rig.connect()), b"Full { limit: 2 }");
    for reply in replies {
        reply.send(answer(b"done".to_vec()));
    }
    assert!(clients.iter_mut().all(|client| last(client) == b"done"));
    let counted = rig.server.statistics();
    assert_eq!((counted.refused, counted.evicted), (1, 0));
}

#[test]
fn the_stranger_that_has_been_silent_longest_makes_room() {
    let rig = Rig::new(1, limits(3));
    let mut kept = known(&rig);
    let (mut first, mut second) = (rig.connect(), rig.connect());
    until(|| rig.server.statistics().parked == 3);
    // It has been silent for a shorter time now than the second.
    first.write_all(&[0]).unwrap();
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    assert!(is_closed(&mut second));
    first.write_all(&frame(b"me too")[1..]).unwrap();
    assert_eq!(last(&mut first), b"me too");
    kept.write_all(&frame(b"still here")).unwrap();
    assert_eq!(one(&mut kept), b"still here");
    let counted = rig.server.statistics();
    assert_eq!((counted.refused, counted.evicted), (0, 1));
}

#[test]
fn where_no_stranger_is_silent_the_kept_connection_idle_longest_makes_room() {
    let rig = Rig::new(1, limits(2));
    let (mut first, mut second) = (known(&rig), known(&rig));
    until(|| rig.server.statistics().parked == 2);
    first.write_all(&frame(b"known again")).unwrap();
    assert_eq!(one(&mut first), b"known again");
    until(|| rig.server.statistics().parked == 2);
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    assert!(is_closed(&mut second));
    first.write_all(&frame(b"and again")).unwrap();
    assert_eq!(one(&mut first), b"and again");
}

#[test]
fn strangers_that_come_one_after_another_drive_out_one_idle_connection_at_most() {
    let rig = Rig::new(1, limits(6));
    let mut kept: Vec<_> = (0..6).map(|_| known(&rig)).collect();
    until(|| rig.server.statistics().parked == 6);
    let strangers: Vec<_> = (1..=5)
        .map(|count| {
            let stranger = rig.connect();
            until(|| rig.server.statistics().evicted == count);
            until(|| rig.server.statistics().parked == 6);
            stranger
        })
        .collect();
    assert!(is_closed(&mut kept.remove(0)));
    for client in &mut kept {
        client.write_all(&frame(b"still here")).unwrap();
        assert_eq!(one(client), b"still here");
    }
    drop(strangers);
}

#[test]
fn who_waits_for_a_late_answer_makes_room_whatever_it_says_meanwhile() {
    let rig = Rig::new(1, limits(3));
    let mut held: Vec<_> = (0..2).map(|_| rig.ask(b"late")).collect();
    for client in &mut held {
        rig.reply().send_after(Duration::from_secs(9999), answer(b"at last".to_vec()));
        client.write_all(b"more").unwrap();
    }
    let mut silent = rig.connect();
    until(|| rig.server.statistics().parked == 3);
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    assert_eq!(held.iter_mut().map(has_ended).filter(|ended| *ended).count(), 1);
    silent.write_all(&frame(b"hello")).unwrap();
    assert_eq!(last(&mut silent), b"hello");
}

/// Whether the server has closed the connection already.
fn has_ended(client: &mut TcpStream) -> bool {
    client.set_nonblocking(true).unwrap();
    !matches!(client.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn of_many_silent_strangers_from_one_address_the_cap_stays_and_who_asks_is_served() {
    let limits = Limits { max_unauthenticated: 5, ..Limits::default() };
    let rig = Rig::new(1, limits);
    let mut kept: Vec<_> = (0..10).map(|_| known(&rig)).collect();
    let mut silent: Vec<_> = (0..20).map(|_| rig.connect()).collect();
    // Asked by somebody who is known: a stranger might just be counted with the silent ones.
    until(|| {
        kept[0].write_all(&frame(b"hello")).unwrap();
        assert_eq!(one(&mut kept[0]), b"hello");
        rig.server.statistics().evicted == 15
    });
    assert!(silent.drain(..15).all(|mut client| is_closed(&mut client)), "the oldest go");
    for client in &mut silent {
        client.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(client), b"hello");
    }
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    for client in &mut kept {
        client.write_all(&frame(b"hello")).unwrap();
        assert_eq!(one(client), b"hello");
    }
}

#[test]
fn trusted_addresses_have_no_cap_and_make_no_room() {
    let rig = Rig::new(1, Limits { max_unauthenticated: 1, max_connections: 5, ..trusted() });
    let mut silent: Vec<_> = (0..5).map(|_| rig.connect()).collect();
    until(|| rig.server.statistics().parked == 5);
    assert_eq!(last(&mut rig.connect()), b"Full { limit: 5 }");
    for client in &mut silent {
        client.write_all(&frame(b"hello")).unwrap();
        assert_eq!(last(client), b"hello");
    }
    assert_eq!(rig.server.statistics().evicted, 0);
}

#[test]
fn an_answer_may_be_kept_back_and_holds_no_thread() {
    let rig = Rig::new(1, Limits::default());
    let mut clients: Vec<_> = (0..10).map(|_| rig.ask(b"late")).collect();
    for _ in &clients {
        rig.reply().send_after(Duration::from_millis(10), answer(b"at last".to_vec()));
    }
    assert_eq!(last(&mut rig.ask(b"hello")), b"hello");
    assert!(clients.iter_mut().all(|client| last(client) == b"at last"));
}

#[test]
fn a_drain_does_not_wait_for_answers_that_are_kept_back() {
    const HOURS: Duration = Duration::from_secs(9999);
    let mut rig = Rig::new(1, Limits::default());
    let mut clients = [rig.ask(b"late"), rig.ask(b"late"), rig.ask(b"late")];
    let late = rig.reply();
    rig.reply().send_after(HOURS, answer(b"at last".to_vec()));
    rig.reply().send_after(HOURS, answer(b"at last".to_vec()));
    until(|| rig.server.statistics().parked == 2);
    std::thread::scope(|scope| {
        let server = &mut rig.server;
        let drained = scope.spawn(move || server.drain(Deadline::after(Duration::from_secs(20))));
        late.send_after(HOURS, answer(b"at last".to_vec()));
        assert!(clients.iter_mut().all(|client| last(client) == b"at last"));
        assert_eq!(drained.join().unwrap(), Drained::Whole);
    });
}

#[test]
fn whoever_goes_before_a_late_answer_leaves_no_connection() {
    let rig = Rig::new(1, Limits::default());
    let client = rig.ask(b"late");
    let reply = rig.reply();
    client.shutdown(Shutdown::Both).unwrap();
    drop(client);
    reply.send_after(Duration::from_millis(1), answer(b"at last".to_vec()));
    until(|| rig.server.statistics().open == 0);
}

#[test]
fn answers_that_nobody_reads_are_cut_off_beyond_the_limit_the_oldest_first() {
    // One answer fits; the kernel takes a part of each, which does not count.
    let rig = Rig::new(1, Limits { max_pending_answers: BIG_BYTES, ..Limits::default() });
    let mut clients: Vec<_> = (1_u64..=8)
        .map(|asked| {
            let client = rig.ask(b"big");
            // Before that it may be parked too, waiting for its request.
            until(|| rig.server.statistics().requests == asked);
            until(|| {
                let counted = rig.server.statistics();
                counted.parked as u64 + counted.dropped_answers == asked
            });
            client
        })
        .collect();
    assert!(rig.server.statistics().dropped_answers > 0);
    let mut is_whole = |number: usize| {
        let mut bytes = Vec::new();
        clients[number].read_to_end(&mut bytes).is_ok() && bytes.len() == BIG_BYTES + 8
    };
    assert!(!is_whole(0));
    assert!(is_whole(7));
}
