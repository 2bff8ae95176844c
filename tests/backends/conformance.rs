//! What every backend does.

use std::collections::BTreeSet;

use broker_data::{Data, Timestamp, Type};
use broker_store::{Change, Entry};
use ostler_tests::backends::{KEEPING, Model, Way, batch, kept, play, put, value};

use crate::place::{Place, apply};

#[test]
fn what_is_put_is_there_until_it_is_erased() {
    for way in Way::all() {
        let backend = Place::new(way);
        let backend = backend.open();
        let key = Data::from("key");
        assert_eq!(backend.get(&key).unwrap(), None, "{way:?}");
        assert!(!backend.contains(&key).unwrap(), "{way:?}");
        assert!(backend.is_empty().unwrap(), "{way:?}");

        apply(&*backend, [put("key", 1_u64), put("other", "text")]);
        let entry = Entry { value: Data::Count(1), expiry: None };
        assert_eq!(backend.get(&key).unwrap(), Some(entry), "{way:?}");
        assert!(backend.contains(&key).unwrap(), "{way:?}");
        assert_eq!(backend.keys().unwrap(), BTreeSet::from(["key".into(), "other".into()]));
        assert_eq!(backend.len().unwrap(), 2, "{way:?}");

        apply(&*backend, [Change::Erase { key: key.clone() }, Change::Erase { key: key.clone() }]);
        assert_eq!(backend.get(&key).unwrap(), None, "{way:?}");
        assert_eq!(backend.entries().unwrap().len(), 1, "{way:?}");
        apply(&*backend, [Change::Clear]);
        assert_eq!(backend.entries().unwrap(), [], "{way:?}");
        assert_eq!(backend.keys().unwrap(), BTreeSet::new(), "{way:?}");
        apply(&*backend, []);
    }
}

#[test]
fn changes_are_made_in_their_order() {
    for way in Way::all() {
        let place = Place::new(way);
        let backend = place.open();
        let erase = |key: &str| Change::Erase { key: key.into() };
        apply(&*backend, [put("before", 1_u64), put("kept", 1_u64)]);
        apply(
            &*backend,
            [
                put("gone", 1_u64),
                Change::Clear,
                put("a", 1_u64),
                put("a", 2_u64),
                put("b", 1_u64),
                erase("b"),
                erase("c"),
                put("c", 3_u64),
                put("kept", 4_u64),
            ],
        );
        let expected = [("a", 2_u64), ("c", 3), ("kept", 4)];
        let expected: Model = expected
            .map(|(key, value)| (key.into(), Entry { value: value.into(), expiry: None }))
            .into();
        assert_eq!(kept(&*backend), expected, "{way:?}");
        apply(&*backend, [put("d", 1_u64), Change::Clear]);
        assert_eq!(kept(&*backend), Model::new(), "{way:?}");
    }
}

#[test]
fn an_expiry_is_kept_until_the_key_is_put_without() {
    for way in Way::all() {
        let place = Place::new(way);
        let mut backend = place.open();
        let moments = [i64::MIN, -1, 0, 1_700_000_000_123_456_789, i64::MAX];
        let expiring = moments.map(|nanos| Change::Put {
            key: nanos.into(),
            entry: Entry { value: Data::None, expiry: Some(Timestamp::from_nanos(nanos)) },
        });
        apply(&*backend, expiring);
        apply(&*backend, [put("for ever", 1_u64), put(0_i64, 1_u64)]);
        for _ in 0..2 {
            let mut expiries = backend.expiries().unwrap();
            expiries.sort_unstable();
            let expected = moments.into_iter().filter(|nanos| *nanos != 0);
            let expected = expected.map(|nanos| (nanos.into(), Timestamp::from_nanos(nanos)));
            assert_eq!(expiries, expected.collect::<Vec<(Data, Timestamp)>>(), "{way:?}");
            for (key, expiry) in expiries {
                assert_eq!(backend.get(&key).unwrap().unwrap().expiry, Some(expiry), "{way:?}");
            }
            if KEEPING.iter().any(|keeping| keeping.kind == way.kind) {
                drop(backend);
                backend = place.open();
            }
        }
    }
}

#[test]
fn values_of_every_type_are_keys_and_values() {
    for way in Way::all() {
        let place = Place::new(way);
        let backend = place.open();
        let mut model = Model::new();
        let changes: Vec<Change> =
            (0..150).map(|number| put(value(number), value(number + 7))).collect();
        play(&mut model, &changes);
        apply(&*backend, changes);
        assert_eq!(kept(&*backend), model, "{way:?}");
        let types: BTreeSet<Type> = model.keys().map(Data::data_type).collect();
        assert_eq!(types.len(), Type::ALL.len());
        for (key, entry) in &model {
            assert_eq!(backend.get(key).unwrap().as_ref(), Some(entry), "{way:?}: {key}");
        }
        // A value of another type is another key.
        assert_eq!(backend.get(&Data::Integer(2)).unwrap(), None, "{way:?}");
    }
}

#[test]
fn keys_and_values_may_be_empty_and_very_long() {
    for way in Way::all() {
        let place = Place::new(way);
        let mut backend = place.open();
        let long = |length: usize| Data::String(vec![7; length]);
        let lengths = [0, 1, 65_530, 65_531, 65_532, 65_533, 65_536, 1 << 20];
        let changes: Vec<Change> = lengths
            .iter()
            .map(|length| put(long(*length), long((8 << 20) - length)))
            .chain([put(Data::Vector(Vec::new()), Data::Set(BTreeSet::new())), put("", "")])
            .collect();
        let mut model = Model::new();
        play(&mut model, &changes);
        apply(&*backend, changes);
        if way.kind != broker_store::BackendKind::Memory {
            drop(backend);
            backend = place.open();
        }
        assert!(kept(&*backend) == model, "{way:?}");
        assert_eq!(backend.keys().unwrap().len(), model.len(), "{way:?}");
        for length in lengths {
            assert!(backend.get(&long(length)).unwrap() == model.get(&long(length)).cloned());
            apply(&*backend, [Change::Erase { key: long(length) }]);
            assert!(!backend.contains(&long(length)).unwrap(), "{way:?}: {length}");
        }
    }
}

#[test]
fn what_was_kept_is_there_when_it_is_opened_again() {
    for way in KEEPING {
        let place = Place::new(*way);
        let mut model = Model::new();
        for number in 0..10 {
            let backend = place.open();
            assert_eq!(kept(&*backend), model, "{way:?}: {number}");
            for number in number * 10..number * 10 + 10 {
                let changes = batch(9, number, 200);
                play(&mut model, &changes);
                apply(&*backend, changes);
            }
            assert_eq!(kept(&*backend), model, "{way:?}: {number}");
            assert_eq!(backend.len().unwrap(), model.len() as u64, "{way:?}: {number}");
        }
    }
}

#[test]
fn whoever_reads_while_changes_are_made_sees_all_or_none_of_a_batch() {
    const BATCHES: u64 = 60;
    for way in Way::all() {
        let place = Place::new(way);
        let backend = place.open();
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut last = 0;
                while last < BATCHES {
                    let values: BTreeSet<Data> =
                        kept(&*backend).into_values().map(|entry| entry.value).collect();
                    assert!(values.len() <= 1, "{way:?}: {values:?}");
                    let now = match values.first() {
                        Some(Data::Count(now)) => *now,
                        _ => 0,
                    };
                    assert!(now >= last, "{way:?}: {now} after {last}");
                    last = now;
                    let value = backend.get(&Data::Count(0)).unwrap().map(|entry| entry.value);
                    assert!(value >= Some(Data::Count(last)) || last == 0, "{way:?}: {value:?}");
                }
            });
            for number in 1..=BATCHES {
                let keys = 0..=number % 7 * 3;
                let mut changes = vec![Change::Clear];
                changes.extend(keys.map(|key| put(key, number)));
                apply(&*backend, changes);
            }
            reader.join().unwrap();
        });
    }
}
