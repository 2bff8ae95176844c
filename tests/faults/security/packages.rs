//! What is in the tree of dependencies, and under which licences. Most of it is also in `deny.toml`;
//! here it holds where cargo-deny is not installed.

use std::fs;
use std::path::Path;
use std::process::Output;

use ostler_runtime::environment::variable;
use ostler_tests::Fault;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use serde_json::Value;

/// Packages that must not be anywhere in the tree, on any platform: async runtimes, their event
/// loop, and TLS in C.
const BANNED: [&str; 8] =
    ["async-std", "mio", "native-tls", "openssl", "openssl-sys", "smol", "tokio", "tokio-util"];

#[test]
fn a11_no_banned_package_and_no_licence_that_is_not_allowed_is_in_the_tree() {
    let mut fault = Fault::begin("A11");
    let names = no_async_runtime_and_no_tls_in_c();
    fault.saw(format!("{names} packages for all platforms: no async runtime, no TLS in C"));
    let licences = every_licence_is_allowed();
    fault.saw(format!("the licence of each of {licences} for this platform is in deny.toml"));
    let deny = cargo_output(&["deny", "--offline", "check", "bans", "licenses", "sources"]);
    let words = String::from_utf8_lossy(&deny.stderr);
    if words.contains("no such command") {
        fault.saw("cargo-deny is not installed here");
    } else {
        assert!(deny.status.success(), "{words}");
        fault.saw("cargo deny is clean");
    }
}

/// How many packages there are.
fn no_async_runtime_and_no_tls_in_c() -> usize {
    // The lock file names the packages of all platforms and features.
    let lock = read(&workspace().join("Cargo.lock"));
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = ")).collect::<Vec<_>>();
    assert!(names.contains(&"\"ostler-runtime\""), "no package was found in Cargo.lock");
    for banned in BANNED {
        assert!(!names.contains(&format!("{banned:?}").as_str()), "{banned} is in the tree");
    }
    names.len()
}

/// How many packages there are.
fn every_licence_is_allowed() -> usize {
    let deny = read(&workspace().join("deny.toml"));
    let allowed = quoted(between(&deny, "\nallow = [", "]"));
    assert!(allowed.contains(&"MIT"));
    let exceptions = exceptions(between(&deny, "\nexceptions = [", "\n]"));
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    for package in packages {
        let name = text(&package["name"]);
        let licence = package["license"].as_str().unwrap_or_default();
        let may = |term: &str| {
            allowed.contains(&term)
                || exceptions.iter().any(|(of, terms)| *of == name && terms.contains(&term))
        };
        assert!(permitted(licence, &may), "{name}: {licence:?} is not allowed by deny.toml");
    }
    packages.len()
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
        Some(term) => may(&term.replace("+with+", " WITH ")),
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

fn cargo(arguments: &[&str]) -> String {
    let output = cargo_output(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn cargo_output(arguments: &[&str]) -> Output {
    let program = variable("CARGO").unwrap_or_else(|| "cargo".to_owned());
    command(program).args(arguments).current_dir(workspace()).output().unwrap()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn a_licence_expression_is_read_as_spdx_means_it() {
    let may = |term: &str| matches!(term, "MIT" | "ISC" | "X WITH Y");
    for good in
        ["MIT", "GPL-2.0 OR MIT", "(X OR MIT) AND ISC", "X AND Y OR ISC", "X/MIT", "X WITH Y"]
    {
        assert!(permitted(good, &may), "{good}");
    }
    for bad in ["", "X", "MIT AND X", "MIT WITH Z", "(MIT OR ISC) AND X", "MIT OR"] {
        assert!(!permitted(bad, &may), "{bad}");
    }
}
