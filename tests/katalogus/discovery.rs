//! Which plugins a folder holds, and what is said of the others.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};

use ostler_tests::wait_for;
use serde_json::Value;

use crate::folder::{Folder, MODULE, Manner, Watcher, recorded};

/// A plugin with those of its values sorted that the original has no order for.
fn sorted(mut plugin: Value) -> Value {
    if plugin["type"] == "boefje" {
        for key in ["consumes", "produces"] {
            let list = plugin[key].as_array_mut().unwrap();
            list.sort_by_key(ToString::to_string);
        }
    }
    plugin
}

#[test]
fn the_folders_of_both_generations_are_listed_as_the_original_listed_them() {
    for (generation, folder) in [("1.15", "plugins"), ("1.20", "plugins20")] {
        let folder = Folder::copy(folder);
        let mut watcher = Watcher::start(&folder, &Manner { generation, ..Manner::default() });
        let seen = watcher.look();
        let original =
            fs::read_to_string(recorded(&format!("plugins-{generation}.jsonl"))).unwrap();
        let original: Vec<&str> = original.lines().collect();
        assert_eq!(seen.plugins().len(), original.len(), "{generation}: {:?}", seen.ids());
        for (ours, text) in seen.plugins().iter().zip(original) {
            let theirs: Value = serde_json::from_str(text).unwrap();
            assert_eq!(sorted(ours.clone()), sorted(theirs), "{generation}");
        }
    }
}

#[test]
fn a_plugin_may_be_a_program_and_its_folder_holds_nothing_of_python() {
    let folder = Folder::new();
    folder.write("in_go/boefje.json", r#"{"id":"in-go","name":"Go"}"#);
    folder.write("in_go/main", "#!/bin/sh\n");
    folder.write("both/main", "#!/bin/sh\n");
    folder.boefje("both", "def run():\n    pass\n");
    folder.write("in_perl/normalizer.json", r#"{"id":"in-perl","name":"Perl"}"#);
    folder.write("in_perl/normalize", "#!/usr/bin/perl\n");
    folder.write("no_manifest/main", "#!/bin/sh\n");
    folder.write("no_manifest/normalizer.json", r#"{"id":"n","name":"n"}"#);
    let is_program = |name: &str, mode: u32| {
        let program = if name == "in_perl" { "normalize" } else { "main" };
        let path = folder.path().join(name).join(program);
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    };
    for name in ["in_go", "in_perl", "both", "no_manifest"] {
        is_program(name, 0o755);
    }
    for generation in ["1.15", "1.20"] {
        let mut watcher = Watcher::start(&folder, &Manner { generation, ..Manner::default() });
        // The module of the one that has both is looked at, and it takes no job.
        assert_eq!(watcher.look().ids(), ["in-go", "in-perl"], "{generation}");
        is_program("in_go", 0o644);
        watcher.sees("that it is no program any more", |seen| seen.ids() == ["in-perl"]);
        is_program("in_go", 0o755);
        watcher.sees("that it is one again", |seen| seen.ids() == ["in-go", "in-perl"]);
    }
}

#[test]
fn each_plugin_that_is_skipped_has_one_line_that_names_file_and_reason() {
    let folder = Folder::copy("plugins");
    folder.write("broken/__init__.py", "");
    folder.write("broken/main.py", MODULE);
    folder.write("broken/boefje.json", "{\"id\": \"broken\", }");
    folder.write("nameless/__init__.py", "");
    folder.write("nameless/main.py", MODULE);
    folder.write("nameless/boefje.json", "{\"name\": \"nameless\"}");
    folder.write("newer/__init__.py", "");
    folder.write("newer/boefje.py", "");
    folder.write("newer/main.py", MODULE);
    folder.write("wrong/__init__.py", "");
    folder.write("wrong/normalize.py", "def run(normalizer_meta, raw):\n    pass\n");
    folder.write("wrong/normalizer.json", "{\"id\": \"wrong\", \"consumes\": [1]}");
    let mut watcher = Watcher::start(&folder, &Manner::default());
    let seen = watcher.look();
    for (file, reason) in [
        ("badimport/main.py", "No module named 'surely_not_installed'"),
        ("badsig/main.py", "its run has 2 parameters and not 1"),
        ("norun/main.py", "it has no run"),
        ("broken/boefje.json", "Expecting property name"),
        ("nameless/boefje.json", "id: missing"),
        ("newer/boefje.py", "defined in Python"),
        ("wrong/normalizer.json", "consumes: no list of texts"),
        ("plugins/dup_a", "it has the id dup of"),
    ] {
        let lines = watcher.lines(file);
        assert_eq!(lines.len(), 1, "{file}: {lines:?}");
        assert!(lines[0].contains(reason), "{}", lines[0]);
    }
    assert_eq!(seen.number("skipped"), 8);
    for untold in ["noinit", "nomain", "unknown_field"] {
        assert!(watcher.lines(untold).is_empty(), "{untold}");
    }
    // What has been told is told again only if somebody asks for all of it.
    folder.boefje("added", MODULE);
    watcher.sees("the added boefje", |seen| seen.ids().contains(&"added"));
    assert_eq!(watcher.lines("badsig/main.py").len(), 1);
    watcher.rescan();
    wait_for("the same lines", || watcher.lines("badsig/main.py").len() == 2);
}

#[test]
fn a_folder_is_walked_as_python_walks_packages() {
    let folder = Folder::new();
    for package in ["b", "B", "a", "a/inner", "a/inner/most", "c.d", "a_b"] {
        folder.write(&format!("{package}/__init__.py"), "");
        folder.write(&format!("{package}/main.py"), MODULE);
        folder.write(&format!("{package}/boefje.json"), &format!("{{\"id\":\"{package}\"}}"));
    }
    // No package, and so nothing below it is one.
    folder.write("plain/inner/__init__.py", "");
    folder.write("plain/inner/main.py", MODULE);
    folder.write("plain/inner/boefje.json", "{\"id\":\"invisible\"}");
    symlink(folder.path().join("b"), folder.path().join("linked")).unwrap();
    symlink("..", folder.path().join("a/circle")).unwrap();
    let mut watcher = Watcher::start(&folder, &Manner::default());
    assert_eq!(watcher.look().ids(), ["B", "a", "a/inner", "a/inner/most", "a_b", "b"]);
    assert_eq!(watcher.lines("plugins/b: it has the id b of").len(), 1);
}

#[test]
fn the_hash_covers_all_files_below_but_compiled_ones_and_linked_folders() {
    let (one, other) = (Folder::new(), Folder::new());
    for folder in [&one, &other] {
        folder.boefje("b", MODULE);
        folder.write("b/data/.hidden", "hidden");
        folder.write("b/data/list.txt", "list");
    }
    other.write("b/__pycache__/main.cpython-311.pyc", "compiled");
    symlink("/etc", other.path().join("b/etc")).unwrap();
    let hash = |folder: &Folder| {
        let mut watcher = Watcher::start(folder, &Manner::default());
        watcher.look().plugins()[0]["runnable_hash"].as_str().unwrap().to_owned()
    };
    let before = hash(&one);
    assert_eq!(hash(&other), before);
    one.write("b/data/.hidden", "seen");
    assert_ne!(hash(&one), before);
}

#[test]
fn a_broken_schema_skips_a_boefje_where_the_original_rejects_it_at_load() {
    let folder = Folder::copy("plugins_bad");
    let mut old = Watcher::start(&folder, &Manner::default());
    assert_eq!(old.look().ids(), ["badschema", "good"]);
    for package in ["badschema", "good"] {
        folder.write(
            &format!("{package}/boefje.json"),
            &format!("{{\"id\":\"{package}\",\"name\":\"{package}\"}}"),
        );
    }
    let mut new = Watcher::start(&folder, &Manner { generation: "1.20", ..Manner::default() });
    assert!(new.look().ids().is_empty());
    assert_eq!(new.lines("the schema of its settings").len(), 2);
}

#[test]
fn a_boefje_of_the_newer_generation_needs_no_module() {
    for (generation, count) in [("1.15", 0), ("1.20", 1)] {
        let folder = Folder::new();
        folder.boefje("contained", MODULE);
        fs::remove_file(folder.path().join("contained/main.py")).unwrap();
        let mut watcher = Watcher::start(&folder, &Manner { generation, ..Manner::default() });
        assert_eq!(watcher.look().plugins().len(), count, "{generation}");
    }
}
