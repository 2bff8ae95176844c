//! Modules are imported before their plugins are listed, and none of them costs more than itself.

use std::fs;

use ostler_runtime::Deadline;
use ostler_tests::process::{Identity, wait_gone};
use ostler_tests::{PATIENCE, wait_for, wait_until};

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
fn what_a_module_starts_ends_with_its_interpreter_in_whatever_session_it_is() {
    // Both for one that comes to its end, and for one that is killed.
    for end in ["", "import threading\nthreading.Event().wait()\n"] {
        let folder = Folder::new();
        let left = folder.path().join("../left");
        let escape = format!(
            "import os, time\nread, write = os.pipe()\nif os.fork() == 0:\n    os.setsid()\n    \
             if os.fork() == 0:\n        open({left:?}, 'w').write(str(os.getpid()))\n        \
             os.write(write, b'x')\n        time.sleep(3600)\n    os._exit(0)\nos.read(read, 1)\n"
        );
        folder.boefje("a", &format!("{escape}{end}"));
        let manner = Manner { module_millis: 2_000, ..Manner::default() };
        let mut watcher = Watcher::start(&folder, &manner);
        assert_eq!(watcher.look().ids(), [""; 0]);
        let pid = fs::read_to_string(left).unwrap().parse().unwrap();
        wait_for("it ends", || Identity::of(pid).is_none());
    }
}

#[test]
fn what_a_module_may_use_is_limited() {
    let folder = Folder::new();
    let limits = "import resource\nfor name in ('CPU', 'FSIZE', 'DATA'):\n    \
        assert resource.RLIM_INFINITY not in resource.getrlimit(getattr(resource, 'RLIMIT_' + name))\n";
    folder.boefje("a", &format!("{limits}{MODULE}"));
    let long = "file = __import__('tempfile').TemporaryFile(buffering=0)\n\
        file.seek(1 << 30)\nfile.write(b'x')\n";
    folder.boefje("b", &format!("{long}{MODULE}"));
    let mut watcher = Watcher::start(&folder, &Manner::default());
    assert_eq!(watcher.look().ids(), ["a"], "{:?}", watcher.lines("WARN"));
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
fn what_could_not_be_imported_is_tried_again() {
    let folder = Folder::new();
    let (ready, tried) = (folder.path().join("../ready"), folder.path().join("../tried"));
    // As when the machine was too busy once, or something is installed later.
    let lost = format!(
        "import os\nif not os.path.exists({ready:?}): os._exit(3)\ndef run(boefje_meta): pass\n"
    );
    let wrong = format!("open({ready:?})\ndef run(boefje_meta): pass\n");
    let right = format!("open({tried:?}, 'a').write('x')\ndef run(boefje_meta): pass\n");
    folder.boefje("a", &lost);
    folder.boefje("b", &wrong);
    folder.boefje("c", &right);
    let mut watcher = Watcher::start(&folder, &Manner { check_millis: 50, ..Manner::default() });
    assert_eq!(watcher.look().ids(), ["c"]);
    watcher.sees("another try", |seen| seen.number("scans") > 1);
    fs::write(&ready, "").unwrap();
    watcher.sees("all of them", |seen| seen.ids() == ["a", "b", "c"]);
    assert_eq!(fs::read_to_string(&tried).unwrap(), "x", "what is right is not tried again");
}

#[test]
fn those_that_nobody_had_time_for_get_their_turn() {
    let folder = Folder::new();
    for number in 0..12 {
        folder.boefje(&format!("kills{number:02}"), "import os\nos._exit(3)\n");
    }
    folder.boefje("last", MODULE);
    folder.boefje("last_wrong", "import surely_not_installed\ndef run(boefje_meta): pass\n");
    let mut watcher = Watcher::start(&folder, &Manner { check_millis: 50, ..Manner::default() });
    // Its text looks well.
    assert_eq!(watcher.look().ids(), ["last", "last_wrong"]);
    watcher.sees("the others", |seen| seen.ids() == ["last"]);
}

#[test]
fn without_an_interpreter_modules_are_looked_at() {
    // Who wants no interpreter knows it.
    for (python, told) in [("-", 0), ("no-such-python", 1)] {
        let folder = Folder::copy("plugins");
        let mut watcher = Watcher::start(&folder, &Manner { python, ..Manner::default() });
        let seen = watcher.look();
        let ids = seen.ids();
        assert!(ids.contains(&"badimport"), "nobody knows better: {ids:?}");
        assert!(!ids.contains(&"badsig") && !ids.contains(&"norun"), "{ids:?}");
        assert_eq!(watcher.lines("looked at, not imported").len(), told);
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
fn folders_with_other_modules_are_looked_for_where_the_service_is() {
    let folder = Folder::new();
    folder.boefje("a", "import beside\ndef run(boefje_meta): pass\n");
    folder.write("../modules/beside.py", "");
    // The interpreter goes elsewhere.
    let modules = folder.path().with_file_name("modules");
    let modules = modules.strip_prefix("/").unwrap().to_str().unwrap();
    let manner = Manner { path: &[modules], ..Manner::default() };
    let mut watcher = Watcher::start(&folder, &manner);
    assert_eq!(watcher.look().ids(), ["a"], "{:?}", watcher.lines("WARN"));
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
