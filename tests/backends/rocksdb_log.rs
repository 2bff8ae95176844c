//! What RocksDB tells of itself lies beside the entries.

use std::fs;

use broker_store::BackendKind;
use ostler_tests::backends::Way;

#[test]
fn what_rocksdb_tells_of_itself_does_not_pile_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entries");
    let way = Way { kind: BackendKind::RocksDb, options: &[] };
    for _ in 0..10 {
        drop(way.open(&path).unwrap());
    }
    let names = fs::read_dir(&path).unwrap().map(|file| file.unwrap().file_name());
    let logs = names.filter(|name| name.to_string_lossy().starts_with("LOG")).count();
    // The latest one, and some of before.
    assert!((1..=4).contains(&logs), "{logs} logs of ten times that it was opened");
}
