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
const FLOORS: [(&str, &[&str]); 12] = [
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
    ("ostler-broker-python", &["ostler-runtime", "ostler-net", "ostler-broker"]),
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
    ("ostler-broker-c", &["ostler-runtime", "ostler-net", "ostler-broker"]),
];

/// The one crate that may be unsafe, its folder, and how it says so.
const UNSAFE: (&str, &str) = ("ostler-broker-c", "src/bindings/c");
/// Its lints of the compiler and of clippy which the workspace has not, or otherwise.
const UNSAFE_LINTS: [&str; 3] = [
    "unsafe_code = \"allow\" # Of all crates in this one alone.",
    "unsafe_op_in_unsafe_fn = \"deny\"",
    "undocumented_unsafe_blocks = \"deny\"",
];
/// What a function that C calls begins its work with: no panic comes out of it.
const CAUGHT: [&str; 5] = ["answered(|| ", "made(|| ", "found(", "freed(", "name(&"];

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
    assert_eq!(
        asking.map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["events", "shared-cache"]
    );
    assert!(!features.contains_key("default"));
}

#[test]
fn every_member_has_the_lints_and_versions_of_the_workspace_and_lists_its_targets() {
    for package in members() {
        let path = PathBuf::from(text(&package["manifest_path"]));
        let manifest = read(&path);
        for line in
            ["\nversion.workspace = true\n", "\nautobins = false\n", "\nautotests = false\n"]
        {
            assert!(manifest.contains(line), "{}: no {line:?}", path.display());
        }
        if package["name"] == UNSAFE.0 {
            let mut lints = lints(&read(&workspace().join("Cargo.toml")), "[workspace.lints.");
            assert!(lints.remove("unsafe_code = \"forbid\""));
            lints.extend(UNSAFE_LINTS.map(str::to_owned));
            assert_eq!(self::lints(&manifest, "[lints."), lints, "{}", path.display());
        } else {
            let lints = "[lints]\nworkspace = true\n";
            assert!(manifest.contains(lints), "{}: no {lints:?}", path.display());
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

/// The lints that a manifest sets, each a line.
fn lints(manifest: &str, tables: &str) -> BTreeSet<String> {
    let mut lints = BTreeSet::new();
    let mut is_within = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            is_within = line.starts_with(tables);
        } else if is_within && !line.is_empty() && !line.starts_with('#') {
            lints.insert(line.to_owned());
        }
    }
    lints
}

#[test]
fn no_source_file_is_unsafe_but_for_c_or_has_a_name_that_cargo_takes_for_a_target() {
    let (sources, exception) = (sources(&workspace().join("src")), workspace().join(UNSAFE.1));
    assert!(sources.len() > 10, "the sources were not found");
    for path in sources.iter().filter(|path| !path.starts_with(&exception)) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap();
        assert!(!NO_MODULES.contains(&stem), "{} is taken for a target", path.display());
        for (line, number) in read(path).lines().zip(1..) {
            assert!(!is_unsafe(line), "{}:{number}", path.display());
        }
    }
}

/// Whether a line of code has the word in it.
fn is_unsafe(line: &str) -> bool {
    let code = line.split("//").next().unwrap();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
}

/// What is unsafe there is a name without mangling, which is that of a function of the library's, a
/// function that believes its caller, or a block. A reason stands before each block; that one must
/// is also clippy's to say.
#[test]
fn what_is_unsafe_for_c_has_a_reason_and_no_panic_leaves_it() {
    let (mut blocks, mut functions) = (0, 0);
    for path in sources(&workspace().join(UNSAFE.1)) {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_unsafe(line)) {
            let at = format!("{}:{}", path.display(), index + 1);
            let code = line.trim();
            if code == "#[unsafe(no_mangle)]" {
                let rest = lines[index + 1..].join("\n");
                let (signature, body) = rest.split_once("{\n").unwrap();
                let signature = signature.strip_prefix("unsafe ").unwrap_or(signature);
                assert!(signature.starts_with("extern \"C\" fn ostler_broker_"), "{at}");
                let mut body = body.lines().map(str::trim);
                let begins = body.find(|line| !line.starts_with("//")).unwrap();
                assert!(CAUGHT.iter().any(|caught| begins.starts_with(caught)), "{at}");
                functions += 1;
            } else if code.contains("unsafe {") {
                let before = lines[..index].iter().rev().map(|line| line.trim());
                let mut before = before.take_while(|line| line.starts_with("//"));
                assert!(before.any(|line| line.starts_with("// SAFETY: ")), "{at}: no reason");
                blocks += 1;
            } else {
                let is_function = code.starts_with("unsafe extern \"C\" fn ostler_broker_")
                    || code.contains("unsafe fn ") && text.contains("/// # Safety\n");
                assert!(is_function, "{at}: {code}");
            }
        }
    }
    assert!(blocks > 10 && functions > 100, "{blocks} blocks and {functions} functions");
}

#[test]
fn the_notices_beside_the_bindings_name_each_crate_that_is_linked() {
    let notices = read(&workspace().join("packaging/deb/ostler-broker/copyright"));
    for (binding, its_own) in [("ostler-broker-c", ""), ("ostler-broker-python", "pyo3")] {
        let edges = ["-e", "normal,no-proc-macro", "--prefix", "none", "--format", "{p}"];
        let linked = cargo(&[&["tree", "--locked", "-p", binding][..], &edges].concat());
        // What is of the workspace stands with its folder.
        for krate in linked.lines().filter(|line| !line.contains("(/")) {
            let name = krate.split_whitespace().next().unwrap();
            let is_named = notices.contains(&format!("vendor/{name}/*"))
                || !its_own.is_empty() && name.starts_with(its_own);
            assert!(is_named, "{binding}: no notice of {name}");
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
        // What other languages load has no parser of its own.
        let is_loaded = package["targets"][0]["crate_types"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("cdylib")));
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
