//! What cannot be used is named.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use broker_store::BackendKind;
use ostler_tests::Process;
use ostler_tests::backends::{KEEPING, put};
use ostler_tests::binaries::backend_writer;
use ostler_tests::process::unprivileged;

use crate::crashes::{lines, tell};
use crate::place::{Place, apply};

#[test]
fn a_path_that_does_not_do_is_named() {
    for way in KEEPING {
        let mut place = Place::new(*way);
        let file = place.folder.path().join("file");
        fs::write(&file, "no storage of any kind").unwrap();
        // Below a file.
        place.path = file.join("below");
        let words = place.refusal();
        assert!(words.contains("file/below"), "{way:?}: {words}");
        // A file that holds something else.
        place.path.clone_from(&file);
        let words = place.refusal();
        assert!(words.contains(file.to_str().unwrap()), "{way:?}: {words}");
        assert_eq!(fs::read(&file).unwrap(), b"no storage of any kind", "{way:?}");
        // A folder that holds something else.
        let folder = place.folder.path().join("folder");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("letter"), "text").unwrap();
        place.path.clone_from(&folder);
        if way.kind != BackendKind::RocksDb {
            let words = place.refusal();
            assert!(words.contains(folder.to_str().unwrap()), "{way:?}: {words}");
            assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "{way:?}");
        }
    }
}

#[test]
fn what_may_not_be_written_is_named() {
    for way in KEEPING {
        let place = Place::new(*way);
        apply(&*place.open(), [put("key", 1_u64)]);
        // Whoever is root may write everything.
        let mut everything = vec![place.folder.path().to_owned()];
        while let Some(path) = everything.pop() {
            let mode = if path.is_dir() { 0o555 } else { 0o444 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            if path.is_dir() {
                everything.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        let mut start = unprivileged(backend_writer());
        tell(&mut start, *way, &place.path, [1, 1, 10]);
        let mut writer = Process::start(&mut start);
        let said: Vec<String> = lines(&mut writer).take(2).collect();
        assert_eq!(said[0], "opening");
        assert!(said[1].starts_with("! cannot open the "), "{way:?}: {said:?}");
        assert!(said[1].contains(place.path.to_str().unwrap()), "{way:?}: {said:?}");
        let mut folders = vec![place.folder.path().to_owned()];
        while let Some(path) = folders.pop() {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            let below = fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path());
            folders.extend(below.filter(|path| path.is_dir()));
        }
        // Nothing has changed.
        assert_eq!(place.open().len().unwrap(), 1, "{way:?}");
    }
}

#[test]
fn a_folder_of_an_engine_has_one_user() {
    for way in KEEPING.iter().filter(|way| way.kind != BackendKind::Sqlite) {
        let place = Place::new(*way);
        let backend = place.open();
        apply(&*backend, [put("key", 1_u64)]);
        let words = place.refusal();
        assert!(words.contains(place.path.to_str().unwrap()), "{way:?}: {words}");
        assert!(words.contains("in use") || words.contains("lock"), "{way:?}: {words}");
        drop(backend);
        assert_eq!(place.open().len().unwrap(), 1, "{way:?}");
    }
}
