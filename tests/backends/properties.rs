//! Whatever is done in whatever batches, a backend has what a model has.

use broker_data::{Data, Timestamp};
use broker_store::{BackendKind, Change, Entry};
use ostler_tests::backends::{Model, Way, kept, play, value};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

use crate::place::{Place, apply};

/// One step: a batch of changes, or the storage is closed and opened again.
#[derive(Clone, Debug)]
enum Step {
    Apply(Vec<Change>),
    Reopen,
}

fn change() -> impl Strategy<Value = Change> {
    // Few keys, so that changes meet; some are longer than engines' keys may be.
    let key = || prop_oneof![9 => (0..40_u64).prop_map(value), 1 => (0..3_usize).prop_map(long)];
    let stored = prop_oneof![
        (0..1000_u64).prop_map(value),
        any::<Vec<u8>>().prop_map(Data::String),
        (0..20_000_usize).prop_map(|length| Data::String(vec![1; length])),
    ];
    let expiry = any::<Option<i64>>().prop_map(|nanos| nanos.map(Timestamp::from_nanos));
    prop_oneof![
        12 => (key(), stored, expiry)
            .prop_map(|(key, value, expiry)| Change::Put { key, entry: Entry { value, expiry } }),
        5 => key().prop_map(|key| Change::Erase { key }),
        1 => Just(Change::Clear),
    ]
}

fn long(number: usize) -> Data {
    Data::String(vec![b'k'; 65_531 + number])
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => vec(change(), 0..12).prop_map(Step::Apply),
        1 => Just(Step::Reopen),
    ];
    vec(step, 1..25)
}

#[test]
fn a_backend_has_what_a_model_has() {
    for way in Way::all() {
        let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[17; 32]);
        let outcome = TestRunner::new_with_rng(config, random).run(&steps(), |steps| {
            let place = Place::new(way);
            let (mut backend, mut model) = (place.open(), Model::new());
            for step in steps {
                match step {
                    Step::Reopen if way.kind == BackendKind::Memory => {}
                    Step::Reopen => {
                        drop(backend);
                        backend = place.open();
                    }
                    Step::Apply(changes) => {
                        play(&mut model, &changes);
                        apply(&*backend, changes);
                    }
                }
                prop_assert!(kept(&*backend) == model, "the entries differ");
                prop_assert!(backend.keys().unwrap().iter().eq(model.keys()));
                prop_assert_eq!(backend.len().unwrap(), model.len() as u64);
                prop_assert_eq!(backend.is_empty().unwrap(), model.is_empty());
                let mut expiries = backend.expiries().unwrap();
                expiries.sort_unstable();
                let expected = model
                    .iter()
                    .filter_map(|(key, entry)| entry.expiry.map(|expiry| (key.clone(), expiry)));
                prop_assert!(expiries.into_iter().eq(expected));
                for key in (0..40).map(value).chain((0..3).map(long)) {
                    prop_assert_eq!(backend.get(&key).unwrap(), model.get(&key).cloned());
                    prop_assert_eq!(backend.contains(&key).unwrap(), model.contains_key(&key));
                }
            }
            Ok(())
        });
        outcome.unwrap_or_else(|error| panic!("{way:?}: {error}"));
    }
}
