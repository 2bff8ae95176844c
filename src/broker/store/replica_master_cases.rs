use std::time::Duration;

use broker_data::{Data, EndpointId};

use crate::channel::ChannelLimits;
use crate::command::{Command, Content};
use crate::entity_id::EntityId;
use crate::output::Notice;
use crate::replica::Replica;
use crate::replica_options::CloneOptions;
use crate::store_error::StoreError;

fn id(number: u8) -> EntityId {
    EntityId { endpoint: EndpointId([number; 16]), object: 8 }
}

/// The master.
const MASTER: u8 = 9;

fn says(clone: &mut Replica, seq: u64, content: Content) {
    let command = Command { seq, sender: id(MASTER), receiver: EntityId::NIL, content };
    clone.command(command, 100);
}

/// A clone that has a master.
fn attached() -> Replica {
    let limits = ChannelLimits::default();
    let mut clone = Replica::new("st".into(), [id(1), id(2)], limits, CloneOptions::default());
    let snapshot = Vec::new();
    says(&mut clone, 1, Content::AckClone { offset: 1, heartbeat: 5, snapshot });
    clone.take_output();
    clone
}

fn ask(clone: &mut Replica, request: u64) {
    let (who, publisher) = (id(2), id(1));
    let (key, value, expiry) = (Data::from("key"), Data::from("value"), None);
    clone.write(Content::PutUnique { key, value, expiry, who, request, publisher }).unwrap();
}

fn answer(clone: &mut Replica, seq: u64, request: u64) {
    let (inserted, who, publisher) = (true, id(2), id(MASTER));
    says(clone, seq, Content::PutUniqueResult { inserted, who, request, publisher });
}

#[test]
fn a_question_that_is_passed_over_waits_for_no_answer() {
    let mut clone = attached();
    for request in 1..=4 {
        ask(&mut clone, request);
    }
    answer(&mut clone, 2, 1);
    answer(&mut clone, 3, 3);
    let answers = clone.take_output().answers;
    assert_eq!(answers.iter().map(|(request, _)| *request).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(matches!(answers[1].1, Err(StoreError::Timeout(_))), "{answers:?}");
    assert!(answers[0].1.is_ok() && answers[2].1.is_ok());
    assert_eq!(clone.questions.len(), 1);
}

/// How often it calls for a master in so many ticks.
fn calls(clone: &mut Replica, ticks: u64) -> usize {
    for _ in 0..ticks {
        clone.tick();
    }
    let sends = clone.take_output().sends;
    let said = |bytes: &[u8]| Command::decode(bytes).unwrap().content;
    sends.iter().filter(|one| said(&one.command) == Content::asks_for_snapshot()).count()
}

#[test]
fn a_master_that_is_not_there_is_looked_for_often_and_then_at_each_resync_interval() {
    let options = CloneOptions { resync: Duration::from_secs(5), ..CloneOptions::default() };
    let mut clone = Replica::new("st".into(), [id(1), id(2)], ChannelLimits::default(), options);
    assert_eq!(calls(&mut clone, 0), 1);
    assert_eq!(calls(&mut clone, 98), 49);
    calls(&mut clone, 10);
    // Five seconds are fifty ticks.
    assert_eq!(calls(&mut clone, 500), 10);
    // A node that may have it is called at once, and it is looked for often again.
    clone.master_may_be_back();
    assert_eq!(calls(&mut clone, 0), 1);
    assert_eq!(calls(&mut clone, 98), 49);
    let snapshot = Vec::new();
    says(&mut clone, 1, Content::AckClone { offset: 1, heartbeat: 5, snapshot });
    assert_eq!(calls(&mut clone, 20), 0);
}

#[test]
fn a_clone_that_never_finds_a_master_says_once_that_nothing_is_read_from_it() {
    let stale = Some(Duration::from_secs(5));
    let options = CloneOptions { stale, ..CloneOptions::default() };
    let mut clone = Replica::new("st".into(), [id(1), id(2)], ChannelLimits::default(), options);
    let mut said = 0;
    // Five seconds are fifty ticks.
    for _ in 0..500 {
        clone.tick();
        let notices = clone.take_output().notices;
        said += notices.iter().filter(|notice| matches!(notice, Notice::Stale)).count();
    }
    assert_eq!(said, 1);
}
