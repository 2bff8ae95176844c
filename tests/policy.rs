//! The rules of the workspace that no compiler checks: which crate may stand on which, that the
//! lints hold everywhere, and that SECURITY.md promises what tests show. What may be in the
//! dependency tree is on the scoreboard of faults, as A11.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use ostler_runtime::environment::variable;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use serde_json::{Value, json};

/// Each crate with those of the workspace it may stand on. Nothing stands on `ostler-tests`, which
/// may stand on all.
const FLOORS: [(&str, &[&str]); 11] = [
    ("ostler-runtime", &[]),
    ("ostler-net", &["ostler-runtime"]),
    ("ostler-http", &["ostler-runtime", "ostler-net"]),
    ("ostler-pool", &["ostler-runtime"]),
    ("ostler-broker-data", &[]),
    ("ostler-broker-store", &["ostler-broker-data"]),
    (
        "ostler-broker",
        &[
            "ostler-runtime",
            "ostler-net",
            "ostler-http",
            "ostler-broker-data",
            "ostler-broker-store",
        ],
    ),
    (
        "ostler-broker-python",
        &[
            "ostler-runtime",
            "ostler-net",
            "ostler-broker-data",
            "ostler-broker-store",
            "ostler-broker",
        ],
    ),
    (
        "bui-monitor",
        &["ostler-runtime", "ostler-net", "ostler-http", "ostler-pool", "ostler-broker"],
    ),
    ("ostler-katalogus", &["ostler-runtime", "ostler-net", "ostler-http", "ostler-pool"]),
    (
        "ostler-boefjes",
        &[
            "ostler-runtime",
            "ostler-net",
            "ostler-http",
            "ostler-pool",
            "ostler-broker",
            "ostler-katalogus",
        ],
    ),
];

/// Names that Cargo takes for targets when a crate's files lie straight in its folder.
const NO_MODULES: [&str; 4] = ["benches", "build", "examples", "tests"];

#[test]
fn each_crate_stands_only_on_those_below_it() {
    let floors = BTreeMap::from(FLOORS);
    for package in members() {
        let name = text(&package["name"]);
        if name == "ostler-tests" {
            continue;
        }
        let below = floors.get(name).unwrap_or_else(|| panic!("{name} has no floor"));
        for dependency in package["dependencies"].as_array().unwrap() {
            // What lies in the workspace has a path.
            if dependency["path"].is_string() {
                let on = text(&dependency["name"]);
                assert!(below.contains(&on), "{name} must not stand on {on}");
            }
        }
    }
}

#[test]
fn bui_monitor_stands_on_the_broker_only_where_it_is_asked_for() {
    let members = members();
    let monitor = members.iter().find(|package| package["name"] == "bui-monitor").unwrap();
    let mut dependencies = monitor["dependencies"].as_array().unwrap().iter();
    let broker = dependencies.find(|dependency| dependency["name"] == "ostler-broker").unwrap();
    assert_eq!(broker["optional"], true);
    let features = monitor["features"].as_object().unwrap();
    let asking = features.iter().filter(|(_, asked)| {
        asked.as_array().unwrap().iter().any(|one| text(one).contains("broker"))
    });
    assert_eq!(asking.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["events"]);
    assert!(!features.contains_key("default"));
}

#[test]
fn every_member_has_the_lints_and_versions_of_the_workspace_and_lists_its_targets() {
    for package in members() {
        let path = PathBuf::from(text(&package["manifest_path"]));
        let manifest = read(&path);
        for line in [
            "[lints]\nworkspace = true\n",
            "\nversion.workspace = true\n",
            "\nautobins = false\n",
            "\nautotests = false\n",
        ] {
            assert!(manifest.contains(line), "{}: no {line:?}", path.display());
        }
        for dependency in package["dependencies"].as_array().unwrap() {
            let name = text(&dependency["name"]);
            let inherited = format!("\n{name}.workspace = true\n");
            let features = format!("\n{name} = {{ workspace = true");
            assert!(
                manifest.contains(&inherited) || manifest.contains(&features),
                "{}: {name} has a version of its own",
                path.display()
            );
        }
    }
}

#[test]
fn no_source_file_is_unsafe_or_has_a_name_that_cargo_takes_for_a_target() {
    let sources = sources(&workspace().join("src"));
    assert!(sources.len() > 10, "the sources were not found");
    for path in sources {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap();
        assert!(!NO_MODULES.contains(&stem), "{} is taken for a target", path.display());
        for (line, number) in read(&path).lines().zip(1..) {
            let code = line.split("//").next().unwrap();
            let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
            assert!(!words.any(|word| word == "unsafe"), "{}:{number}", path.display());
        }
    }
}

#[test]
fn the_fuzz_targets_add_nothing_but_libfuzzer_and_lock_all_that_the_crates_need() {
    let path = workspace().join("tests/fuzz/Cargo.lock");
    let (lock, ours) = (read(&path), read(&workspace().join("Cargo.lock")));
    let added = lock.lines().filter(|line| line.starts_with("name = "));
    let added = added.filter(|line| !ours.lines().any(|known| known == *line));
    let added: Vec<&str> = added.map(|line| line.trim_start_matches("name = ")).collect();
    assert_eq!(added, ["\"arbitrary\"", "\"libfuzzer-sys\"", "\"ostler-fuzz\""]);
    for package in members() {
        let name = text(&package["name"]);
        // Nothing can be linked to what other languages load.
        let is_loaded = package["targets"][0]["crate_types"] == json!(["cdylib"]);
        if name == "ostler-tests" || is_loaded {
            continue;
        }
        let entry = lock
            .split("[[package]]\n")
            .find(|entry| entry.starts_with(&format!("name = {name:?}\n")))
            .unwrap_or_else(|| panic!("{}: no {name}", path.display()));
        for dependency in package["dependencies"].as_array().unwrap() {
            // Those for tests and builds have a kind; the others have none.
            if dependency["kind"].is_null() && dependency["optional"] == false {
                let on = text(&dependency["name"]);
                // With a version behind it where there are several.
                let listed = [format!("\"{on}\""), format!("\"{on} ")];
                assert!(
                    listed.iter().any(|listed| entry.contains(listed)),
                    "{name} needs {on}: cargo update -w --manifest-path tests/fuzz/Cargo.toml"
                );
            }
        }
    }
}

/// The tests of all sources, by name.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for folder in ["src", "tests"] {
        for path in sources(&workspace().join(folder)) {
            let text = read(&path);
            let mut lines = text.lines().map(str::trim);
            while lines.by_ref().any(|line| line == "#[test]") {
                // Attributes may stand between.
                let name = lines.find_map(|line| line.strip_prefix("fn ")?.split_once('('));
                names.extend(name.map(|(name, _)| name.to_owned()));
            }
        }
    }
    names
}

/// What stands between backquotes.
fn marked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_promise_of_security_names_tests_that_exist() {
    let (tests, text) = (tests(), read(&workspace().join("SECURITY.md")));
    let mut promises = 0;
    for row in text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promised"))
    {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        if cells.iter().all(|cell| cell.chars().all(|c| c == '-')) {
            continue;
        }
        let [promise, shown] = cells[..] else { panic!("{row}") };
        let names: Vec<&str> = marked(shown).collect();
        assert!(!names.is_empty(), "nothing shows that {promise}");
        for name in names {
            // A row of the scoreboard and a bug of the original stand at the start of a name.
            let start = format!("{name}_");
            let is_number = name.ends_with(|c: char| c.is_ascii_digit());
            let found = tests.contains(name)
                || is_number && tests.iter().any(|test| test.starts_with(&start));
            assert!(found, "{promise}: there is no test {name}");
        }
        promises += 1;
    }
    assert!(promises > 20, "the tables were not found");
}

/// The packages of the workspace.
fn members() -> Vec<Value> {
    let json = cargo(&["metadata", "--format-version=1", "--locked", "--no-deps"]);
    let mut metadata: Value = serde_json::from_str(&json).unwrap();
    let Value::Array(packages) = metadata["packages"].take() else { panic!("no packages") };
    assert!(packages.len() > FLOORS.len());
    packages
}

fn cargo(arguments: &[&str]) -> String {
    let program = variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    let output = command(program).args(arguments).current_dir(workspace()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn sources(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
