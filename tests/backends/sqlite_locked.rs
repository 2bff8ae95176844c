//! A database that another process has locked.

use broker_store::BackendKind;
use ostler_tests::backends::{Way, kept, put};
use rusqlite::Connection;

use crate::place::{Place, apply};

/// For SQLite a connection of another thread is as one of another process.
#[test]
fn a_locked_database_is_named_and_written_when_it_is_free() {
    std::thread::scope(|scope| {
        for options in [&[][..], &["synchronous=NORMAL", "journal_mode=WAL"]] {
            scope.spawn(move || {
                let place = Place::new(Way { kind: BackendKind::Sqlite, options });
                let backend = place.open();
                apply(&*backend, [put("before", 1_u64)]);
                let other = Connection::open(&place.path).unwrap();
                other.execute_batch("begin immediate").unwrap();
                // What was written can be read meanwhile.
                assert_eq!(kept(&*backend).len(), 1);
                let mut changes = vec![put("key", 1_u64), put("key", 2_u64)];
                let error = backend.apply(&mut changes).unwrap_err().with_cause();
                assert!(error.ends_with("another process has locked it for 5 seconds"), "{error}");
                assert!(error.contains(place.path.to_str().unwrap()), "{error}");
                assert_eq!(changes.len(), 2, "they are still there");
                other.execute_batch("rollback").unwrap();
                backend.apply(&mut changes).unwrap();
                assert_eq!((changes.len(), kept(&*backend).len()), (0, 2));
            });
        }
    });
}

#[test]
fn how_much_there_is_is_known_without_looking() {
    let place = Place::new(Way { kind: BackendKind::Sqlite, options: &[] });
    apply(&*place.open(), [put("a", 1_u64), put("b", 1_u64)]);
    let backend = place.open();
    apply(&*backend, [put("b", 2_u64), put("c", 1_u64)]);
    let other = Connection::open(&place.path).unwrap();
    other.execute_batch("begin exclusive").unwrap();
    assert_eq!(backend.len().unwrap(), 3);
    // What is rolled back does not count.
    backend.apply(&mut vec![put("d", 1_u64)]).unwrap_err();
    assert_eq!(backend.len().unwrap(), 3);
}

#[test]
fn a_locked_database_is_not_deleted_for_being_locked() {
    let options = &["failure_mode=DELETE"];
    let place = Place::new(Way { kind: BackendKind::Sqlite, options });
    apply(&*place.open(), [put("key", 1_u64)]);
    let other = Connection::open(&place.path).unwrap();
    other.execute_batch("begin exclusive").unwrap();
    let words = place.refusal();
    assert!(words.contains("another process has locked it"), "{words}");
    other.execute_batch("rollback").unwrap();
    assert_eq!(place.open().len().unwrap(), 1);
}
