//! The headers and the library say the same.

use std::collections::{BTreeMap, BTreeSet};

use broker::data::Type;
use broker::{BackendKind, CloneOptions, Ec, PeerState, Sc};
use ostler_tests::process::command;

use crate::library::{Language, Library, compiler, declarations, succeeds};

const PREFIX: &str = "ostler_broker_";

/// The code of the headers, without comments.
fn code() -> String {
    let text = declarations();
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once("*/").unwrap().1)
}

#[test]
fn each_declared_function_is_exported_and_nothing_else_is() {
    let code = code();
    let calls = code.split('(').filter_map(|before| {
        let name = before.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        name.starts_with(PREFIX).then(|| name.to_owned())
    });
    let declared: BTreeSet<String> = calls.collect();
    let mut listing = command("nm");
    listing.args(["--dynamic", "--defined-only"]).arg(Library::new().shared());
    let exported: BTreeSet<String> = succeeds(&mut listing)
        .lines()
        .map(|line| line.rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert!(declared.len() > 100, "the declarations were not found");
    assert_eq!(exported, declared);
}

#[test]
fn the_numbers_in_the_headers_are_those_of_the_library() {
    let code = code();
    let mut numbers: BTreeMap<&str, u8> = BTreeMap::new();
    for line in code.lines() {
        let line = line.trim().trim_end_matches(',');
        if let Some((name, number)) =
            line.strip_prefix("OSTLER_BROKER_").and_then(|line| line.split_once(" = "))
        {
            numbers.insert(name, number.parse().unwrap());
        }
    }
    let upper = |prefix: &str, name: &str| format!("{prefix}{}", name.to_ascii_uppercase());
    let errors = Ec::ALL.iter().map(|code| (upper("EC_", code.name()), code.number()));
    let changes = Sc::ALL.iter().map(|code| (upper("SC_", code.name()), code.number()));
    let states = PeerState::ALL.iter().map(|state| (upper("PEER_", state.name()), state.number()));
    let types = Type::ALL.iter().map(|of_type| {
        let name = of_type.name().trim_end_matches("-value");
        (upper("TYPE_", name), of_type.tag())
    });
    let backends = BackendKind::ALL.iter();
    let backends = backends.map(|kind| (upper("BACKEND_", kind.name()), kind.number()));
    let known: Vec<(String, u8)> =
        errors.chain(changes).chain(states).chain(types).chain(backends).collect();
    for (name, number) in &known {
        assert_eq!(numbers.remove(name.as_str()), Some(*number), "{name}");
    }
    // Both bindings have the original's, which does not know the last.
    let numbered = |number| BackendKind::from_number(number).map(BackendKind::name);
    let names = ["memory", "sqlite", "rocksdb", "fjall"].map(Some);
    assert_eq!([0, 1, 2, 3].map(numbered), names);
    let others = ["PROTOCOL_", "OVERFLOW_", "KIND_"];
    for name in numbers.keys() {
        assert!(others.iter().any(|other| name.starts_with(other)), "{name} has no meaning");
    }
}

#[test]
fn the_defaults_of_clones_in_the_headers_are_those_of_the_library() {
    let (code, defaults) = (code(), CloneOptions::default());
    let CloneOptions { resync, stale, mutation_buffer } = defaults;
    for (name, wait) in
        [("RESYNC", resync), ("STALE", stale.unwrap()), ("MUTATION_BUFFER", mutation_buffer)]
    {
        let line = format!("#define OSTLER_BROKER_{name} INT64_C({})\n", wait.as_millis());
        assert!(code.contains(&line), "{line}");
    }
}

#[test]
fn each_header_is_c99_and_cpp_by_itself() {
    let folder = Library::headers();
    let parts = std::fs::read_dir(folder.join("ostler_broker")).unwrap();
    let headers = parts.map(|part| part.unwrap().path()).chain([folder.join("ostler_broker.h")]);
    for header in headers {
        for (language, standard) in [
            (Language::C99, "-std=c99"),
            (Language::C99, "-std=c17"),
            (Language::Cpp, "-std=c++11"),
            (Language::Cpp, "-std=c++17"),
        ] {
            let mut compiler = compiler(language);
            succeeds(compiler.args([standard, "-fsyntax-only"]).arg(&header));
        }
    }
}

#[test]
fn programs_load_the_version_that_they_were_linked_with() {
    let mut listing = command("readelf");
    listing.arg("--dynamic").arg(Library::new().shared());
    let printed = succeeds(&mut listing);
    assert!(printed.contains("Library soname: [libostler_broker.so.1]"), "{printed}");
}
