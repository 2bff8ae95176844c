//! The catalogue follows its folder, and keeps what it has while there is none.

use std::fs;
use std::os::unix::fs::symlink;

use crate::folder::{Folder, MODULE, Manner, Seen, Watcher};

/// Nothing is imported here: only what is seen of the folder matters.
fn manner() -> Manner<'static> {
    Manner { python: "-", ..Manner::default() }
}

#[test]
fn a_change_is_seen_when_it_happens() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    let mut watcher = Watcher::start(&folder, &manner());
    assert_eq!(watcher.look().ids(), ["a"]);
    folder.boefje("b", MODULE);
    watcher.sees("a new package", |seen| seen.ids() == ["a", "b"]);
    folder.boefje("b/c", MODULE);
    watcher.sees("a package in it", |seen| seen.ids() == ["a", "b", "b/c"]);
    folder.write("a/boefje.json", "{\"id\":\"a\",\"description\":\"changed\"}");
    watcher.sees("a changed manifest", |seen| seen.plugins()[0]["description"] == "changed");
    fs::rename(folder.path().join("b"), folder.path().join("0")).unwrap();
    watcher.sees("a renamed package", |seen| seen.ids() == ["b", "b/c", "a"]);
    fs::remove_dir_all(folder.path().join("0")).unwrap();
    watcher.sees("a package that is gone", |seen| seen.ids() == ["a"]);
    fs::remove_file(folder.path().join("a/__init__.py")).unwrap();
    watcher.sees("a folder that is none", |seen| seen.ids().is_empty());
    folder.write("a/__init__.py", "");
    watcher.sees("a folder that is one again", |seen| seen.ids() == ["a"]);
}

#[test]
fn compiled_files_are_no_change() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    let mut watcher = Watcher::start(&folder, &manner());
    folder.write("a/__pycache__/main.cpython-311.pyc", "compiled");
    folder.write("a/main.pyc", "compiled");
    // The next change is the only one, and comes at once.
    let (next, place) = (Folder::new(), folder.path().join("b"));
    next.boefje("b", MODULE);
    fs::rename(next.path().join("b"), place).unwrap();
    watcher.sees("the next change", |seen| seen.ids() == ["a", "b"]);
    assert_eq!(watcher.look().number("scans"), 2);
}

#[test]
fn a_change_that_the_system_does_not_tell_is_found() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    let elsewhere = folder.path().join("../manifest");
    fs::write(&elsewhere, "{\"id\":\"a\"}").unwrap();
    fs::remove_file(folder.path().join("a/boefje.json")).unwrap();
    symlink(&elsewhere, folder.path().join("a/boefje.json")).unwrap();
    let mut watcher = Watcher::start(&folder, &Manner { check_millis: 50, ..manner() });
    assert_eq!(watcher.look().ids(), ["a"]);
    fs::write(&elsewhere, "{\"id\":\"another\"}").unwrap();
    watcher.sees("the change elsewhere", |seen| seen.ids() == ["another"]);
}

#[test]
fn a_folder_that_vanishes_leaves_the_catalogue_as_it_was() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    let mut watcher = Watcher::start(&folder, &manner());
    let aside = folder.path().with_extension("old");
    fs::rename(folder.path(), &aside).unwrap();
    let seen = watcher.sees("the loss", Seen::is_failing);
    assert_eq!(seen.ids(), ["a"]);
    assert_eq!(watcher.lines("ERROR").len(), 1, "{:?}", watcher.lines(""));
    fs::create_dir(folder.path()).unwrap();
    folder.boefje("b", MODULE);
    let seen = watcher.sees("the new folder", |seen| seen.ids() == ["b"]);
    assert!(!seen.is_failing());
}

#[test]
fn a_folder_that_is_not_there_at_the_start_is_empty_until_it_comes() {
    let folder = Folder::new();
    fs::remove_dir(folder.path()).unwrap();
    let mut watcher = Watcher::start(&folder, &manner());
    let seen = watcher.look();
    assert!(seen.is_failing() && seen.ids().is_empty());
    assert_eq!(watcher.lines("ERROR").len(), 1);
    assert!(watcher.lines("ERROR")[0].contains("plugins: No such file"), "{:?}", watcher.lines(""));
    folder.boefje("a", MODULE);
    watcher.sees("the folder", |seen| seen.ids() == ["a"]);
}

#[test]
fn a_link_to_the_folder_can_be_turned_to_another_one() {
    let folder = Folder::new();
    let (one, other) = (Folder::new(), Folder::new());
    one.boefje("one", MODULE);
    other.boefje("other", MODULE);
    fs::remove_dir(folder.path()).unwrap();
    symlink(one.path(), folder.path()).unwrap();
    let mut watcher = Watcher::start(&folder, &manner());
    assert_eq!(watcher.look().ids(), ["one"]);
    let next = folder.path().with_extension("next");
    symlink(other.path(), &next).unwrap();
    fs::rename(&next, folder.path()).unwrap();
    watcher.sees("the other folder", |seen| seen.ids() == ["other"]);
}
