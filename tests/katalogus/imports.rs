//! Modules are imported before their plugins are listed, and none of them costs more than itself.

use std::fs;

use ostler_runtime::Deadline;
use ostler_tests::process::wait_gone;
use ostler_tests::{PATIENCE, wait_until};

use crate::folder::{Folder, MODULE, Manner, Watcher};

#[test]
fn a_module_that_hangs_or_kills_the_interpreter_costs_only_itself() {
    let folder = Folder::new();
    folder.boefje("a", MODULE);
    folder.boefje("b_hangs", "import threading\nthreading.Event().wait()\n");
    folder.boefje("c", MODULE);
    folder.boefje("d_kills", "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n");
    folder.boefje("e_exits", "import os\nos._exit(3)\n");
    folder.boefje("f_leaves", "import sys\nsys.exit(3)\n");
    folder.boefje("g_eats", "x = bytearray(1 << 34)\n");
    folder.boefje("h_shouts", "print('[0, null, false]' * 99999)\ndef run(boefje_meta): pass\n");
    folder.boefje("i_forks", "import os, time\nif os.fork() == 0:\n    time.sleep(3600)\n");
    folder.boefje("j", MODULE);
    let manner = Manner { module_millis: 5_000, ..Manner::default() };
    let mut watcher = Watcher::start(&folder, &manner);
    assert_eq!(watcher.look().ids(), ["a", "c", "h_shouts", "j"]);
    for (id, reason) in [
        ("b_hangs", "it took more than 5s"),
        ("d_kills", "killed by signal 9"),
        ("e_exits", "exit status 3"),
        ("f_leaves", "SystemExit: 3"),
        ("g_eats", "too much memory"),
        ("i_forks", "it has no run"),
    ] {
        let lines = watcher.lines(&format!("{id}/main.py"));
        assert_eq!(lines.len(), 1, "{id}: {lines:?}");
        assert!(lines[0].contains(reason), "{}", lines[0]);
    }
}

#[test]
fn interpreters_are_not_lost_without_end() {
    let folder = Folder::new();
    for number in 0..12 {
        folder
            .boefje(&format!("kills{number:02}"), "import os\nos._exit(3)\ndef run(meta): pass\n");
    }
    let mut watcher = Watcher::start(&folder, &Manner::default());
    // The last ones are looked at only.
    assert_eq!(watcher.look().ids(), ["kills08", "kills09", "kills10", "kills11"]);
    assert_eq!(watcher.lines("4 modules are looked at, not imported").len(), 1);
}

#[test]
fn without_an_interpreter_modules_are_looked_at() {
    for python in ["-", "no-such-python"] {
        let folder = Folder::copy("plugins");
        let mut watcher = Watcher::start(&folder, &Manner { python, ..Manner::default() });
        let seen = watcher.look();
        let ids = seen.ids();
        assert!(ids.contains(&"badimport"), "nobody knows better: {ids:?}");
        assert!(!ids.contains(&"badsig") && !ids.contains(&"norun"), "{ids:?}");
        assert_eq!(watcher.lines("looked at, not imported").len(), 1);
    }
}

#[test]
fn plugins_import_each_other_by_the_names_that_the_original_gives_them() {
    let folder = Folder::new();
    folder.write("__init__.py", "SAID = 1\n");
    folder.boefje("a", "from boefjes.plugins import SAID\ndef run(boefje_meta): pass\n");
    folder.boefje("b", "from boefjes.plugins.a.main import run\n");
    folder.boefje("c", "from plugins.a.main import run\n");
    folder.boefje("d", "from ..a.main import run\n");
    let mut watcher = Watcher::start(&folder, &Manner::default());
    assert_eq!(watcher.look().ids(), ["a", "b", "c", "d"], "{:?}", watcher.lines("WARN"));
}

#[test]
fn only_changed_packages_are_imported_again() {
    let folder = Folder::new();
    let noted = folder.path().join("../noted");
    let module = |name: &str| {
        format!("open({noted:?}, 'a').write({name:?} + ' ')\ndef run(boefje_meta): pass\n")
    };
    folder.boefje("a", &module("a"));
    folder.boefje("b", &module("b"));
    folder.boefje("c", "import surely_not_installed\n");
    let mut watcher = Watcher::start(&folder, &Manner::default());
    assert_eq!(fs::read_to_string(&noted).unwrap(), "a b ");
    folder.boefje("b", &(module("b") + "# changed\n"));
    folder.boefje("d", &module("d"));
    watcher.sees("the added boefje", |seen| seen.ids() == ["a", "b", "d"]);
    let text = fs::read_to_string(&noted).unwrap();
    assert!(text.starts_with("a b b ") && text.ends_with("d "), "{text}");
    assert_eq!(text.matches("a ").count(), 1, "{text}");
    // Nothing that was compiled lies in the folder.
    assert!(!folder.path().join("a/__pycache__").exists());
}

#[test]
fn nobody_waits_for_a_module_that_hangs_when_the_end_comes() {
    let folder = Folder::new();
    let manner = Manner { module_millis: 3_600_000, ..Manner::default() };
    let watcher = Watcher::start(&folder, &manner);
    folder.boefje("hangs", "import threading\nthreading.Event().wait()\n");
    let interpreter = wait_until(Deadline::after(PATIENCE), "an interpreter", || {
        let children = watcher.children();
        (!children.is_empty()).then_some(children)
    });
    watcher.end();
    wait_gone(&interpreter);
}
