//! Where stores are kept, and places that do not do.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use ostler_tests::process::unprivileged;
use rusqlite::Connection;

use crate::program::Setup;
use crate::stores::PLAIN;

/// A node with a master of a store there.
fn setup(backend: &str, path: &Path, more: &str) -> Setup {
    let path = path.display();
    let store = format!("[store:kept]\nrole = master\nbackend = {backend}\npath = {path}\n");
    Setup::service(&format!("{PLAIN}{store}{more}"))
}

/// Has a node make the storage there.
fn make(backend: &str, path: &Path) {
    let node = setup(backend, path, "").start();
    node.port("peers");
    node.stop();
}

/// What is below a folder: names, and what is in files.
fn all(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(self::all(&path));
        }
        all.push((path.display().to_string(), fs::read(&path).unwrap_or_default()));
    }
    all.sort();
    all
}

#[test]
fn a_check_tries_a_place_and_leaves_it_as_it_is() {
    for backend in ["sqlite", "fjall"] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new").join("entries");
        let before = all(folder.path());
        let (code, _, said) = setup(backend, &path, "").arguments(&["--check"]).output();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{backend}");
        assert_eq!(all(folder.path()), before, "{backend}: nothing is made");
        make(backend, &path);
        let before = all(folder.path());
        assert!(before.len() > 1, "{backend}: {before:?}");
        let (code, _, said) = setup(backend, &path, "").arguments(&["--check"]).output();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{backend}");
        assert_eq!(all(folder.path()), before, "{backend}: nothing is changed");
        // Nor does it wait for a node that runs.
        let node = setup(backend, &path, "").start();
        node.port("peers");
        let (code, _, said) = setup(backend, &path, "").arguments(&["--check"]).output();
        assert_eq!((code, said.as_str()), (Some(0), ""), "{backend}");
        node.stop();
    }
}

#[test]
fn a_place_that_does_not_do_ends_the_node_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "no storage of any kind").unwrap();
    let other = folder.path().join("folder");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("letter"), "text").unwrap();
    let before = all(folder.path());
    for backend in ["sqlite", "fjall"] {
        for path in [&file.join("below"), &file, &other] {
            for arguments in [&["--check"][..], &[]] {
                let (code, _, said) = setup(backend, path, "").arguments(arguments).output();
                assert_eq!(code, Some(78), "{backend} {}: {said}", path.display());
                assert!(said.contains(path.to_str().unwrap()), "{backend}: {said}");
                assert!(said.contains("store kept"), "{said}");
            }
        }
    }
    assert_eq!(all(folder.path()), before);
    // A file that is made anew need not be a database.
    let anew = "failure_mode = delete\n";
    let (code, _, said) = setup("sqlite", &file, anew).arguments(&["--check"]).output();
    assert_eq!((code, said.as_str()), (Some(0), ""));
    assert_eq!(all(folder.path()), before);
}

#[test]
fn what_is_damaged_ends_the_node_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.sqlite");
    make("sqlite", &path);
    // The first page, behind what the file begins with.
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&[7; 900], 100).unwrap();
    let (code, _, said) = setup("sqlite", &path, "").output();
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("the storage of the store kept failed"), "{said}");

    let path = folder.path().join("other.sqlite");
    let database = Connection::open(&path).unwrap();
    database.execute_batch("create table store(name text)").unwrap();
    drop(database);
    let (code, _, said) = setup("sqlite", &path, "").output();
    assert_eq!(code, Some(78), "{said}");

    let path = folder.path().join("damaged");
    make("fjall", &path);
    fs::write(path.join("version"), "no version").unwrap();
    let (code, _, said) = setup("fjall", &path, "").output();
    assert_eq!(code, Some(78), "{said}");
}

#[test]
fn a_lock_passes_and_is_worth_another_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("entries");
    let node = setup("fjall", &path, "").start();
    node.port("peers");
    let (code, _, said) = setup("fjall", &path, "").output();
    assert_eq!(code, Some(69), "{said}");
    assert!(said.contains("it is in use already"), "{said}");
    node.stop();
}

#[test]
fn a_place_that_may_not_be_written_is_a_lack_of_permission() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    for backend in ["sqlite", "fjall"] {
        make(backend, &closed.join(backend));
    }
    fs::set_permissions(closed.join("sqlite"), Permissions::from_mode(0o444)).unwrap();
    fs::set_permissions(closed.join("fjall"), Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o555)).unwrap();
    for (backend, path) in [
        ("sqlite", closed.join("new")),
        ("fjall", closed.join("new")),
        ("sqlite", closed.join("sqlite")),
        ("fjall", closed.join("fjall")),
    ] {
        for arguments in [&["--check"][..], &[]] {
            let setup = setup(backend, &path, "").through(as_nobody).arguments(arguments);
            // It has to read its configuration.
            fs::set_permissions(setup.directory(), Permissions::from_mode(0o755)).unwrap();
            let (code, _, said) = setup.output();
            assert_eq!(code, Some(77), "{backend} {} {arguments:?}: {said}", path.display());
        }
    }
    fs::set_permissions(&closed, Permissions::from_mode(0o755)).unwrap();
}

/// Nobody has rights there.
fn as_nobody(program: &Path) -> Command {
    unprivileged(program)
}
