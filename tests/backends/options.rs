//! Kinds and options.

use broker_data::{Data, EnumValue};
use broker_store::{BackendKind, BackendOptions, open};
use ostler_tests::backends::options;

fn refusal(kind: BackendKind, options: &BackendOptions) -> String {
    match open(kind, options) {
        Ok(_) => panic!("{kind}: opened with {options:?}"),
        Err(error) => error.with_cause(),
    }
}

/// The kinds that this build has and that keep anything.
fn keeping() -> impl Iterator<Item = BackendKind> {
    let kinds = BackendKind::ALL.into_iter().filter(|kind| *kind != BackendKind::Memory);
    kinds.filter(|kind| cfg!(feature = "rocksdb") || *kind != BackendKind::RocksDb)
}

#[test]
fn a_kind_reads_and_prints_as_its_name() {
    for kind in BackendKind::ALL {
        assert_eq!(kind.to_string().parse(), Ok(kind));
    }
    let error = "SQLite".parse::<BackendKind>().unwrap_err().to_string();
    assert_eq!(error, "\"SQLite\" is none of memory, sqlite, fjall and rocksdb");
}

#[cfg(not(feature = "rocksdb"))]
#[test]
fn a_kind_that_was_not_built_is_refused_with_its_feature() {
    let words = refusal(BackendKind::RocksDb, &options(&[]));
    assert_eq!(words, "cannot use the backend rocksdb: it was built without the feature rocksdb");
}

#[test]
fn what_needs_a_path_is_refused_without_one() {
    for kind in keeping() {
        let missing = format!("cannot open the backend {kind}: the option \"path\" is missing");
        assert_eq!(refusal(kind, &options(&[])), missing);
        let empty = BackendOptions::from([("path".to_owned(), "".into())]);
        assert_eq!(refusal(kind, &empty), missing);
        let number = BackendOptions::from([("path".to_owned(), Data::Count(1))]);
        assert!(refusal(kind, &number).ends_with("\"path\" must be of type string, not count"));
    }
}

#[test]
fn an_option_that_does_not_do_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entries");
    let label = |text: &str| Data::Enum(EnumValue::new(text));
    let synchronous = "the option \"synchronous\" must be \
        Broker::SQLITE_SYNCHRONOUS_{OFF,NORMAL,FULL,EXTRA}, not ";
    let mut cases = Vec::new();
    for kind in keeping() {
        cases.extend([
            (kind, "pth", Data::None, "there is no option \"pth\"".to_owned()),
            (
                kind,
                "synchronous",
                Data::from("FULL"),
                "\"synchronous\" must be of type enum-value, not string".into(),
            ),
            (kind, "synchronous", label("FULL"), format!("{synchronous}FULL")),
            (
                kind,
                "synchronous",
                label("Broker::SQLITE_SYNCHRONOUS_"),
                format!("{synchronous}Broker::SQLITE_SYNCHRONOUS_"),
            ),
        ]);
        if kind != BackendKind::Sqlite {
            let journal = label("Broker::SQLITE_JOURNAL_MODE_WAL");
            cases.push((kind, "journal_mode", journal, "no option \"journal_mode\"".into()));
        }
    }
    let sqlite = BackendKind::Sqlite;
    cases.extend([
        (
            sqlite,
            "journal_mode",
            label("Broker::SQLITE_JOURNAL_MODE_OFF"),
            "Broker::SQLITE_JOURNAL_MODE_{DELETE,WAL}".into(),
        ),
        (sqlite, "failure_mode", Data::Boolean(true), "\"failure_mode\" must be of type".into()),
        (
            sqlite,
            "integrity_check",
            Data::Count(1),
            "\"integrity_check\" must be of type boolean, not count".into(),
        ),
    ]);
    for (kind, name, value, expected) in cases {
        let mut options =
            BackendOptions::from([("path".to_owned(), path.to_str().unwrap().into())]);
        options.insert(name.to_owned(), value);
        let words = refusal(kind, &options);
        assert!(words.starts_with(&format!("cannot open the backend {kind}: ")), "{words}");
        assert!(words.contains(&expected), "{expected:?} is not in {words}");
        assert!(!path.exists(), "{words}");
    }
    let words = refusal(BackendKind::Memory, &options(&["synchronous=FULL"]));
    assert_eq!(words, "cannot open the backend memory: there is no option \"synchronous\"");
}
