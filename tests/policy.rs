//! The rules of the workspace that no compiler checks: what may be in the dependency tree, which
//! crate may stand on which, and that the lints hold everywhere.
//!
//! Some of it is also in `deny.toml`; here it holds where cargo-deny is not installed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ostler_runtime::environment::variable;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use serde_json::Value;

/// Packages that must not be anywhere in the tree, on any platform: async runtimes, their event
/// loop, and TLS in C.
const BANNED: [&str; 8] =
    ["async-std", "mio", "native-tls", "openssl", "openssl-sys", "smol", "tokio", "tokio-util"];

/// Each crate with those of the workspace it may stand on. Nothing stands on `ostler-tests`, which
/// may stand on all.
const FLOORS: [(&str, &[&str]); 4] = [
    ("ostler-runtime", &[]),
    ("ostler-net", &["ostler-runtime"]),
    ("ostler-pool", &["ostler-runtime"]),
    ("bui-monitor", &["ostler-runtime", "ostler-net", "ostler-pool"]),
];

/// Names that Cargo takes for targets when a crate's files lie straight in its folder.
const NO_MODULES: [&str; 4] = ["benches", "build", "examples", "tests"];

#[test]
fn no_async_runtime_and_no_tls_in_c_is_in_the_tree() {
    // The lock file names the packages of all platforms and features.
    let lock = read(&workspace().join("Cargo.lock"));
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect::<Vec<_>>();
    assert!(names.contains(&"\"ostler-runtime\""), "no package was found in Cargo.lock");
    for banned in BANNED {
        assert!(!names.contains(&format!("{banned:?}").as_str()), "{banned} is in the tree");
    }
}

#[test]
fn every_licence_is_one_of_those_in_deny_toml() {
    let deny = read(&workspace().join("deny.toml"));
    let allowed = quoted(between(&deny, "\nallow = [", "]"));
    assert!(allowed.contains(&"MIT"));
    let exceptions = exceptions(between(&deny, "\nexceptions = [{", "}]"));
    for package in metadata()["packages"].as_array().unwrap() {
        let name = text(&package["name"]);
        let licence = package["license"].as_str().unwrap_or_default();
        let may = |term: &str| {
            allowed.contains(&term)
                || exceptions.iter().any(|(of, terms)| *of == name && terms.contains(&term))
        };
        assert!(permitted(licence, &may), "{name}: {licence:?} is not allowed by deny.toml");
    }
}

#[test]
fn a_licence_expression_is_read_as_spdx_means_it() {
    let may = |term: &str| matches!(term, "MIT" | "ISC");
    for good in ["MIT", "GPL-2.0 OR MIT", "(X OR MIT) AND ISC", "X AND Y OR ISC", "X/MIT"] {
        assert!(permitted(good, &may), "{good}");
    }
    for bad in ["", "X", "MIT AND X", "MIT WITH Z", "(MIT OR ISC) AND X", "MIT OR"] {
        assert!(!permitted(bad, &may), "{bad}");
    }
}

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

/// What Cargo knows of the workspace and its dependencies on this machine's platform.
fn metadata() -> Value {
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let json = cargo(&[
        "metadata",
        "--format-version=1",
        "--locked",
        "--all-features",
        "--filter-platform",
        host,
    ]);
    serde_json::from_str(&json).unwrap()
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

/// Whether an SPDX expression can be met with the terms that `may` allows.
fn permitted(expression: &str, may: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let spaced = spaced.replace(" WITH ", "+with+");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, may);
    met && words.next().is_none()
}

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    let mut met = all(words, may);
    while words.next_if_eq(&"OR").is_some() {
        // A term that is missing makes the whole expression worthless.
        if words.peek().is_none() {
            return false;
        }
        met |= all(words, may);
    }
    met
}

fn all(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    let mut met = term(words, may);
    while words.next_if_eq(&"AND").is_some() {
        met &= term(words, may);
    }
    met
}

fn term(words: &mut Words<'_>, may: &dyn Fn(&str) -> bool) -> bool {
    match words.next() {
        Some("(") => {
            let met = any(words, may);
            words.next() == Some(")") && met
        }
        Some(term) => may(term),
        None => false,
    }
}

/// What each crate is allowed beyond the others: `crate = "NAME", allow = ["TERM", …]`.
fn exceptions(text: &str) -> Vec<(&str, Vec<&str>)> {
    text.split("crate = ")
        .skip(1)
        .filter_map(|one| {
            let words = quoted(one);
            let (name, terms) = words.split_first()?;
            Some((*name, terms.to_vec()))
        })
        .collect()
}

/// The words in double quotes.
fn quoted(text: &str) -> Vec<&str> {
    text.split('"').skip(1).step_by(2).collect()
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_default();
    rest.split_once(end).unwrap_or_default().0
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
