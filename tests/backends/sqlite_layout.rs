//! A file that the original has written opens, and one of ours is as the original's are.

use std::fs;
use std::path::Path;

use broker_data::{Data, EnumValue, Subnet, Timespan, Timestamp};
use broker_store::{BackendKind, Change, Entry};
use ostler_tests::backends::{Model, Way, kept, put};
use rusqlite::Connection;

use crate::place::{Place, apply};

const ORIGINAL: &str = include_str!("original.sql");

/// What `original.sql` holds.
fn model() -> Model {
    let two = || Data::from("two");
    let entry =
        |value, expiry: Option<i64>| Entry { value, expiry: expiry.map(Timestamp::from_nanos) };
    let table = [
        (Data::from("k1"), Data::Count(1)),
        (Data::from("k2"), Data::Vector(vec![true.into(), false.into()])),
    ];
    [
        (Data::Count(1), entry(two(), None)),
        (
            Data::from("k"),
            entry(
                Data::Vector(vec![Data::Count(1), two(), Data::None]),
                Some(1_700_000_000_123_456_789),
            ),
        ),
        (
            Data::Subnet(Subnet::new("10.0.0.0".parse().unwrap(), 8).unwrap()),
            entry(Data::Table(table.into()), None),
        ),
        (
            Data::Enum(EnumValue::new("Log::TEST")),
            entry(Data::Timespan(Timespan::from_nanos(-1)), Some(-1)),
        ),
    ]
    .into()
}

fn place(options: &'static [&'static str]) -> Place {
    Place::new(Way { kind: BackendKind::Sqlite, options })
}

/// A file as the original leaves it.
fn original(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    Connection::open(path).unwrap().execute_batch(ORIGINAL).unwrap();
}

/// The rows of a query, each as text.
fn rows(path: &Path, query: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// All that two files must have in common, but the version.
fn content(path: &Path) -> Vec<String> {
    let schema = "select type || ' ' || name || ': ' || ifnull(sql, '') from sqlite_master \
                  order by name";
    let meta = "select key from meta order by key";
    let store = "select typeof(key) || quote(key) || typeof(value) || quote(value) \
                 || typeof(expiry) || quote(expiry) from store order by key";
    let pragmas = ["page_size", "user_version", "application_id", "auto_vacuum", "encoding"]
        .map(|name| format!("select '' || {name} from pragma_{name}"));
    let queries = [schema, meta, store].into_iter().chain(pragmas.iter().map(String::as_str));
    queries.flat_map(|query| rows(path, query)).collect()
}

#[test]
fn a_file_of_the_original_opens_and_stays_one() {
    let place = place(&[]);
    original(&place.path);
    let before = content(&place.path);
    let backend = place.open();
    assert_eq!(kept(&*backend), model());
    assert_eq!(backend.len().unwrap(), 4);
    assert_eq!(backend.expiries().unwrap().len(), 2);
    apply(&*backend, [put("new", 1_u64), Change::Erase { key: "new".into() }]);
    drop(backend);
    assert_eq!(content(&place.path), before);
    assert_eq!(rows(&place.path, "select value from meta"), ["2.7.1"]);
}

#[test]
fn a_file_of_ours_is_as_the_original_leaves_it() {
    let place = place(&[]);
    let backend = place.open();
    let changes = model().into_iter().map(|(key, entry)| Change::Put { key, entry });
    apply(&*backend, changes.collect::<Vec<_>>());
    drop(backend);
    let theirs = place.folder.path().join("original");
    original(&theirs);
    assert_eq!(content(&place.path), content(&theirs));
    let version = rows(&place.path, "select value from meta");
    let numbers = version[0].split('.').map(|number| number.parse::<u32>().unwrap());
    assert_eq!((version.len(), numbers.count()), (1, 3), "{version:?}");
    // With the original's own statements it is changed as by the original.
    Connection::open(&place.path).unwrap().execute_batch(ORIGINAL).unwrap();
    assert_eq!(kept(&*place.open()), model());
}

#[test]
fn the_options_are_those_of_the_file() {
    let mode = |path: &Path| rows(path, "select journal_mode from pragma_journal_mode");
    let logged = place(&["journal_mode=WAL"]);
    apply(&*logged.open(), [put("key", 1_u64)]);
    assert_eq!(mode(&logged.path), ["wal"]);
    // Unless it is told otherwise, a file stays as it is.
    let way = Way { kind: BackendKind::Sqlite, options: &[] };
    assert_eq!(way.open(&logged.path).unwrap().len().unwrap(), 1);
    assert_eq!(mode(&logged.path), ["wal"]);
    let way = Way { kind: BackendKind::Sqlite, options: &["journal_mode=DELETE"] };
    assert_eq!(way.open(&logged.path).unwrap().len().unwrap(), 1);
    assert_eq!(mode(&logged.path), ["delete"]);
    let plain = place(&["synchronous=EXTRA"]);
    apply(&*plain.open(), [put("key", 1_u64)]);
    assert_eq!(mode(&plain.path), ["delete"]);
}

#[test]
fn what_is_no_data_in_a_row_is_an_error_and_no_entry() {
    let place = place(&[]);
    original(&place.path);
    let backend = place.open();
    for row in ["x'02', x'00'", "x'0501ff', x'ffff'", "'text', x'00'", "x'0500', null"] {
        let other = Connection::open(&place.path).unwrap();
        other.execute_batch(&format!("insert into store(key, value) values({row})")).unwrap();
        let error = backend.entries().unwrap_err().with_cause();
        assert!(error.starts_with("cannot read from the database "), "{row}: {error}");
        assert!(error.contains(place.path.to_str().unwrap()), "{row}: {error}");
        assert!(backend.contains(&Data::Count(1)).unwrap(), "{row}");
        other.execute_batch("delete from store where rowid = last_insert_rowid()").unwrap();
        assert_eq!(kept(&*backend), model(), "{row}");
    }
}
