//! Every operation, on a master and on a clone far away.

use std::time::Duration;

use broker::data::{Data, Timespan, Timestamp};
use broker::{Ec, Store, StoreError};

use crate::{clone_of, master, pair, soon, text};

/// Does every change to a store, and says what it stands for then.
fn every_change(store: &Store) {
    let span = Data::Timespan(Timespan::from_nanos(5));
    store.put("put", 1_u64, None).unwrap();
    store.put("put", 2_u64, None).unwrap();
    store.put("gone", 1_u64, None).unwrap();
    store.erase("gone").unwrap();
    store.increment("count", 5_u64, None).unwrap();
    store.decrement("count", 1_u64, None).unwrap();
    store.increment("integer", -5_i64, None).unwrap();
    store.increment("real", 1.5, None).unwrap();
    store.increment("time", span.clone(), None).unwrap();
    store.append("text", "xy", None).unwrap();
    store.append("text", "z", None).unwrap();
    store.insert_into("set", "i", None).unwrap();
    store.insert_into("set", "j", None).unwrap();
    store.remove_from("set", "i", None).unwrap();
    store.insert_into_table("table", "k", 9_u64, None).unwrap();
    store.push("vector", 3_u64, None).unwrap();
    store.push("vector", 4_u64, None).unwrap();
    store.pop("vector", None).unwrap();
}

fn every_value() -> Vec<(&'static str, Data)> {
    vec![
        ("count", Data::Count(4)),
        ("integer", Data::Integer(-5)),
        ("put", Data::Count(2)),
        ("real", Data::Real(1.5)),
        ("set", Data::Set([text("j")].into())),
        ("table", Data::Table([(text("k"), Data::Count(9))].into())),
        ("text", text("xyz")),
        ("time", Data::Timestamp(Timestamp::from_nanos(5))),
        ("vector", Data::Vector(vec![Data::Count(3)])),
    ]
}

fn check(store: &Store) {
    for (key, value) in every_value() {
        assert_eq!(store.get(&text(key)).unwrap(), value, "{key}");
        assert!(store.exists(&text(key)).unwrap());
    }
    let keys: Vec<Data> = store.keys().unwrap().into_iter().collect();
    assert_eq!(keys, every_value().iter().map(|(key, _)| text(key)).collect::<Vec<_>>());
    assert!(matches!(store.get(&text("gone")), Err(StoreError::NoSuchKey(_))));
    assert!(!store.exists(&text("gone")).unwrap());
    let index = |key, index: Data| store.get_index_from_value(&text(key), &index);
    assert_eq!(index("vector", Data::Count(0)).unwrap(), Data::Count(3));
    assert_eq!(index("set", text("j")).unwrap(), Data::Boolean(true));
    assert_eq!(index("table", text("k")).unwrap(), Data::Count(9));
    assert_eq!(index("vector", text("k")).unwrap_err().ec(), Ec::TypeClash);
}

#[test]
fn a_master_does_every_change_and_its_clone_hears_of_all() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    every_change(&master);
    check(&master);
    assert!(clone.await_idle(soon()) && master.await_idle(soon()));
    check(&clone);
}

#[test]
fn a_clone_has_its_master_do_every_change() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    every_change(&clone);
    assert!(clone.await_idle(soon()));
    check(&clone);
    check(&master);
}

#[test]
fn what_is_put_once_is_there_once() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    assert!(clone.put_unique("u", 1_u64, None).unwrap());
    assert!(!clone.put_unique("u", 2_u64, None).unwrap());
    assert!(!master.put_unique("u", 3_u64, None).unwrap());
    assert!(master.put_unique("v", 4_u64, None).unwrap());
    assert_eq!(clone.get(&text("u")).unwrap(), Data::Count(1));
    assert!(master.await_idle(soon()));
    assert!(!clone.put_unique("v", 5_u64, None).unwrap());
    assert_eq!(clone.get(&text("v")).unwrap(), Data::Count(4));
}

#[test]
fn what_expires_is_gone_everywhere() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    let mut events = other.subscribe([crate::events()]);
    clone.put("exp", "x", Some(Duration::from_millis(1))).unwrap();
    clone.put("stays", "y", Some(Duration::from_millis(1))).unwrap();
    clone.put("stays", "z", None).unwrap();
    loop {
        let event = events.get_before(soon()).unwrap();
        if event.data.as_vector().unwrap()[0] == text("expire") {
            assert_eq!(event.data.as_vector().unwrap()[2], text("exp"));
            break;
        }
    }
    assert!(!clone.exists(&text("exp")).unwrap());
    assert!(!master.exists(&text("exp")).unwrap());
    assert!(clone.await_idle(soon()));
    assert_eq!(clone.get(&text("stays")).unwrap(), text("z"));
}

#[test]
fn whoever_asks_a_master_for_what_cannot_be_is_told_and_nothing_changes() {
    let (one, _) = pair();
    let master = master(&one);
    master.put("text", "a", None).unwrap();
    master.put("most", u64::MAX, None).unwrap();
    for (failed, code) in [
        (master.increment("text", 1_u64, None), Ec::TypeClash),
        (master.increment("most", 1_u64, None), Ec::InvalidData),
        (master.decrement("nothing", 1_u64, None), Ec::NoSuchKey),
        (master.pop("text", None), Ec::TypeClash),
    ] {
        assert_eq!(failed.unwrap_err().ec(), code);
    }
    assert_eq!(master.get(&text("text")).unwrap(), text("a"));
    assert_eq!(master.get(&text("most")).unwrap(), Data::Count(u64::MAX));
    assert!(!master.exists(&text("nothing")).unwrap());
}

#[test]
fn what_a_clone_asks_for_stays_within_its_type_and_nobody_is_told() {
    let (one, other) = pair();
    let (master, clone) = (master(&one), clone_of(&other));
    master.put("most", u64::MAX - 1, None).unwrap();
    master.put("least", i64::MIN + 1, None).unwrap();
    for _ in 0..3 {
        clone.increment("most", 1_u64, None).unwrap();
        clone.decrement("least", 1_i64, None).unwrap();
    }
    clone.flush(soon()).unwrap();
    assert_eq!(master.get(&text("most")).unwrap(), Data::Count(u64::MAX));
    assert_eq!(master.get(&text("least")).unwrap(), Data::Integer(i64::MIN));
}
