//! Damaged databases.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use broker_data::Data;
use broker_store::{BackendKind, BackendOptions, open};
use ostler_tests::backends::{Model, batch, kept, options, play, put};

use crate::place::apply;

fn sqlite(path: &Path, named: &[&str], integrity_check: bool) -> BackendOptions {
    let mut options = options(named);
    options.insert("path".into(), path.to_str().unwrap().into());
    options.insert("integrity_check".into(), Data::Boolean(integrity_check));
    options
}

fn words(options: &BackendOptions) -> String {
    match open(BackendKind::Sqlite, options) {
        Ok(_) => panic!("opened with {options:?}"),
        Err(error) => error.with_cause(),
    }
}

/// Fills a database, and returns what is in it.
fn fill(path: &Path) -> Model {
    let backend = open(BackendKind::Sqlite, &sqlite(path, &[], true)).unwrap();
    let mut model = Model::new();
    for number in 1..10 {
        let changes = batch(5, number, 2000);
        play(&mut model, &changes);
        apply(&*backend, changes);
    }
    model
}

#[test]
fn a_file_that_is_no_database_is_kept_or_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entries.sqlite");
    let log = folder.path().join("entries.sqlite-wal");
    for failing in [&[][..], &["failure_mode=FAIL"]] {
        fs::write(&path, [7; 5000]).unwrap();
        let words = words(&sqlite(&path, failing, false));
        assert!(words.contains("file is not a database"), "{words}");
        assert_eq!(fs::read(&path).unwrap(), [7; 5000]);
    }
    fs::write(&log, "the log of another file").unwrap();
    let options = sqlite(&path, &["failure_mode=DELETE"], false);
    let backend = open(BackendKind::Sqlite, &options).unwrap();
    assert!(backend.is_empty().unwrap());
    assert!(!log.exists());
    drop(backend);
    let model = fill(&path);
    // What is whole is never deleted.
    let options = sqlite(&path, &["failure_mode=DELETE"], true);
    assert_eq!(kept(&*open(BackendKind::Sqlite, &options).unwrap()), model);
}

#[test]
fn damage_inside_is_found_where_it_is_looked_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entries.sqlite");
    fill(&path);
    // A key is in the table and in its index; from now on in one of them only.
    let key = b"a key in two places";
    let backend = open(BackendKind::Sqlite, &sqlite(&path, &[], false)).unwrap();
    apply(&*backend, [put(Data::String(key.to_vec()), 1_u64)]);
    drop(backend);
    let bytes = fs::read(&path).unwrap();
    let places = bytes.windows(key.len()).enumerate().filter(|(_, bytes)| bytes == key);
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    assert!(places.len() >= 2, "{places:?}");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(b"A", places[0] as u64).unwrap();
    assert!(open(BackendKind::Sqlite, &sqlite(&path, &[], false)).is_ok());
    let words = words(&sqlite(&path, &[], true));
    assert!(words.contains("the integrity check found: "), "{words}");
    let options = sqlite(&path, &["failure_mode=DELETE"], true);
    assert!(open(BackendKind::Sqlite, &options).unwrap().is_empty().unwrap());
    assert!(open(BackendKind::Sqlite, &sqlite(&path, &[], true)).is_ok());
}

#[test]
fn a_folder_is_never_deleted_for_not_being_a_database() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("letter"), "text").unwrap();
    let words = words(&sqlite(folder.path(), &["failure_mode=DELETE"], false));
    assert!(words.contains("unable to open"), "{words}");
    assert!(folder.path().join("letter").exists());
}
