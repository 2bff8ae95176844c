use broker_data::{Data, Type};

use super::*;
use crate::memory::Memory;

const NOW: Timestamp = Timestamp::from_nanos(0);

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

/// A master to which these write.
fn master(limits: ChannelLimits, writers: &[u8]) -> Master {
    let options = MasterOptions { name: "st".to_owned(), id: id(9), limits };
    let mut master = Master::new(options, Arc::new(Memory::default()), true).unwrap();
    for writer in writers {
        let content = Content::AttachWriter { offset: 1, heartbeat: 5 };
        master.command(said(*writer, 0, content), 1, NOW);
    }
    master
}

fn said(writer: u8, seq: u64, content: Content) -> Command {
    Command { seq, sender: id(writer), receiver: id(9), content }
}

/// Writer `number` adds one to what is under its number.
fn adds(master: &mut Master, number: u8, seq: u64) {
    let (key, value) = (Data::Count(number.into()), Data::Count(1));
    let publisher = id(number);
    let content = Content::Add { key, value, init: Type::Count, expiry: None, publisher };
    master.command(said(number, seq, content), 40, NOW);
}

fn count(master: &Master, number: u8) -> u64 {
    master.get(&Data::Count(number.into())).map_or(0, |value| value.as_count().unwrap())
}

#[test]
fn what_is_written_from_afar_waits_while_it_is_held_and_is_not_acknowledged() {
    let mut master = master(ChannelLimits::default(), &[1]);
    master.hold(true);
    for seq in 2..12 {
        adds(&mut master, 1, seq);
    }
    assert!(master.is_paused() && !master.is_idle() && count(&master, 1) == 0);
    // Whoever uses the node is not held.
    let put = Content::Put {
        key: Data::from("k"),
        value: Data::from("v"),
        expiry: None,
        publisher: id(9),
    };
    master.write(put, NOW).unwrap();
    assert!(master.exists(&Data::from("k")).unwrap());
    master.take_output();
    master.tick(NOW);
    for sending in master.take_output().sends {
        let said = Command::decode(&sending.command).unwrap().content;
        assert!(!matches!(said, Content::CumulativeAck { seq } if seq > 1), "{said:?}");
    }
    master.hold(false);
    master.go_on(NOW);
    assert!(!master.is_paused() && master.is_idle());
    assert_eq!(count(&master, 1), 10);
}

#[test]
fn of_what_waits_some_is_done_at_once_and_each_writer_has_its_turn() {
    let mut master = master(ChannelLimits::default(), &[1, 2]);
    master.hold(true);
    let each = MAX_DONE as u64 * 2;
    for seq in 2..each + 2 {
        adds(&mut master, 1, seq);
        adds(&mut master, 2, seq);
    }
    master.hold(false);
    let mut turns = 0;
    while master.is_paused() {
        let before = count(&master, 1) + count(&master, 2);
        master.go_on(NOW);
        turns += 1;
        assert!(count(&master, 1) + count(&master, 2) <= before + MAX_DONE as u64);
        assert!(turns < 2 || count(&master, 1).min(count(&master, 2)) > 0);
    }
    assert_eq!([count(&master, 1), count(&master, 2)], [each, each]);
    assert!(turns >= 4 && master.is_idle());
}

#[test]
fn what_waits_of_all_writers_has_a_limit_and_is_counted_until_it_is_done() {
    let mut master = master(ChannelLimits { bytes: 100, ..ChannelLimits::default() }, &[1, 2]);
    master.hold(true);
    for seq in 2..10 {
        adds(&mut master, 1, seq);
        adds(&mut master, 2, seq);
    }
    assert_eq!(master.early_bytes, 80);
    assert_eq!(master.statistics().early, 2);
    master.hold(false);
    master.go_on(NOW);
    assert_eq!((master.early_bytes, count(&master, 1), count(&master, 2)), (0, 1, 1));
    // What did not fit is asked for.
    assert!(!master.is_idle());
}

/// A writer says its third event, of which the first two are missing, and goes: what is told of it.
fn is_lost_when(goes: impl Fn(&mut Master)) -> bool {
    let mut master = master(ChannelLimits::default(), &[]);
    master.command(said(1, 0, Content::asks_for_snapshot()), 1, NOW);
    master.command(said(1, 0, Content::AttachWriter { offset: 1, heartbeat: 5 }), 1, NOW);
    adds(&mut master, 1, 4);
    assert_eq!(master.statistics().early, 1);
    goes(&mut master);
    assert_eq!((master.statistics().inputs, master.early_bytes), (0, 0));
    master.take_output().notices.iter().any(|notice| matches!(notice, Notice::Lost(_, 1)))
}

#[test]
fn only_what_is_not_said_again_is_lost() {
    assert!(is_lost_when(|master| master.command(said(1, 0, Content::goodbye()), 1, NOW)));
    // It may be heard again.
    assert!(!is_lost_when(|master| {
        for _ in 0..1000 {
            master.tick(NOW);
        }
    }));
    assert!(!is_lost_when(Master::step_back));
}

#[test]
fn what_makes_room_for_what_is_lost_is_not_counted_any_more() {
    let mut master = master(ChannelLimits { events: 1, ..ChannelLimits::default() }, &[1]);
    master.hold(true);
    adds(&mut master, 1, 3);
    assert_eq!(master.early_bytes, 40);
    master.command(said(1, 0, Content::RetransmitFailed { seq: 2 }), 1, NOW);
    assert_eq!(master.early_bytes, 0);
}

/// What the master says of these, tick after tick, until it says which are missing.
fn asked(master: &mut Master) -> Vec<u64> {
    for _ in 0..10 {
        master.tick(NOW);
        if let Some(seqs) = nacked(master) {
            return seqs;
        }
    }
    Vec::new()
}

/// What it asks for now.
fn nacked(master: &mut Master) -> Option<Vec<u64>> {
    master.take_output().sends.iter().find_map(|one| {
        match Command::decode(&one.command).unwrap().content {
            Content::Nack { seqs } => Some(seqs),
            _ => None,
        }
    })
}

/// All that is sent again would be left out again, over and over.
#[test]
fn while_nothing_can_be_done_only_the_first_that_is_missing_is_asked_for_again() {
    let mut master = master(ChannelLimits { bytes: 100, ..ChannelLimits::default() }, &[1, 2]);
    master.hold(true);
    for seq in 2..10 {
        adds(&mut master, 2, seq);
    }
    // For these there is no room.
    for seq in 2..100 {
        adds(&mut master, 1, seq);
    }
    assert_eq!(asked(&mut master), [2]);
    assert_eq!(asked(&mut master), [2]);
    master.hold(false);
    master.go_on(NOW);
    adds(&mut master, 1, 2);
    assert_eq!(nacked(&mut master), Some((3..100).collect()));
    assert_eq!(count(&master, 1), 1);
}

/// What the master says of writes that it could not do.
fn failed(master: &mut Master) -> Vec<(EntityId, String)> {
    let notices = master.take_output().notices.into_iter();
    let failed = notices.filter_map(|notice| match notice {
        Notice::Failed(failed) => Some((failed.writer, failed.error.to_string())),
        _ => None,
    });
    failed.collect()
}

#[test]
fn of_a_write_from_afar_that_cannot_be_done_it_is_told_who_wrote_what() {
    let mut master = master(ChannelLimits::default(), &[1]);
    let (key, value) = (Data::from("k"), Data::Count(1));
    let content = Content::Subtract { key, value, expiry: None, publisher: id(1) };
    master.command(said(1, 2, content), 1, NOW);
    let said = "no such key (store st, subtract, key k)".to_owned();
    assert_eq!(failed(&mut master), [(id(1), said)]);
}

#[test]
fn a_count_that_a_writer_from_afar_adds_to_stays_within_its_type() {
    let mut master = master(ChannelLimits::default(), &[1]);
    let (key, publisher, expiry) = (Data::Count(1), id(1), None);
    let value = Data::Count(u64::MAX);
    let put = Content::Put { key: key.clone(), value, expiry, publisher };
    master.command(said(1, 2, put), 1, NOW);
    adds(&mut master, 1, 3);
    assert_eq!((count(&master, 1), failed(&mut master).len()), (u64::MAX, 0));
    let take = |value| Content::Subtract { key: key.clone(), value, expiry, publisher };
    master.command(said(1, 4, take(Data::Count(u64::MAX))), 1, NOW);
    master.command(said(1, 5, take(Data::Count(1))), 1, NOW);
    assert_eq!((count(&master, 1), failed(&mut master).len()), (0, 0));
    // Who uses the node is told.
    assert!(matches!(master.write(take(Data::Count(1)), NOW), Err(StoreError::Overflow(..))));
}
