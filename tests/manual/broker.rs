//! The keys of a node: those that it reads, those of its page and of the sample file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use broker::node_options::NodeOptions;
use broker::node_settings::NodeSettings;
use broker::{CloneOptions, Endpoint, EndpointOptions};
use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_tests::PATIENCE;
use ostler_tests::http::Caller;
use ostler_tests::markdown::document;

use crate::NODE_CONFIGURATION;
use crate::keys::{Entry, Place, described, shipped};

const SAMPLE: &str = "etc/broker.cfg";
/// The section of a store, which has its name in place of `NAME`.
const STORE: &str = "store:NAME";

/// A key as it is in the original's file.
fn full((section, key): &Place) -> String {
    if section == "node" { key.clone() } else { format!("{section}.{key}") }
}

/// What a node makes of a configuration: its settings in words, or all that is wrong or odd.
fn read(text: &str) -> Result<String, Vec<String>> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.cfg");
    std::fs::write(&file, text).unwrap();
    let options = NodeOptions { config: Some(file), ..NodeOptions::default() };
    let words = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect::<Vec<_>>();
    match NodeSettings::read(&options) {
        Ok((settings, odd)) if odd.is_empty() => Ok(format!("{settings:?}")),
        Ok((_, problems)) | Err(problems) => Err(words(problems)),
    }
}

fn written(values: &BTreeMap<Place, String>) -> String {
    let (mut text, mut current) = (String::new(), "");
    for ((section, key), value) in values {
        if section != current {
            current = section;
            writeln!(text, "[{section}]").unwrap();
        }
        writeln!(text, "{key} = {value}").unwrap();
    }
    text
}

fn place(section: &str, key: &str) -> Place {
    (section.to_owned(), key.to_owned())
}

/// Values without which there is no node.
fn plain() -> BTreeMap<Place, String> {
    BTreeMap::from([(place("broker", "disable-ssl"), "true".to_owned())])
}

/// The same for one that speaks TLS.
fn secured() -> BTreeMap<Place, String> {
    let files = ["certificate", "key", "cafile"];
    files.map(|key| (place("broker.ssl", key), "/x.pem".to_owned())).into()
}

/// What a key of a store needs beside it.
fn store(key: &str) -> Vec<(Place, String)> {
    let values: &[_] = match key {
        "role" => &[],
        "backend" => &[("role", "master")],
        "resync" | "stale" | "mutation_buffer" => &[("role", "clone")],
        _ => &[("role", "master"), ("backend", "sqlite"), ("path", "/x")],
    };
    values.iter().map(|(key, value)| (place(STORE, key), (*value).to_owned())).collect()
}

#[test]
fn the_page_and_the_sample_have_every_key_and_no_other() {
    let known = NodeSettings::keys();
    assert!(known.len() > 25, "the keys were not found: {known:?}");
    for (name, entries) in
        [(NODE_CONFIGURATION, described(NODE_CONFIGURATION)), (SAMPLE, shipped(SAMPLE))]
    {
        assert_eq!(entries.keys().map(full).collect::<BTreeSet<_>>(), known, "{name}");
    }
}

#[test]
fn defaults_are_those_of_the_node() {
    let bare = read(&written(&plain())).unwrap();
    let sample = shipped(SAMPLE);
    for (place, Entry { default, .. }) in described(NODE_CONFIGURATION) {
        // Of these the sample has what a service begins with, and what goes with the others.
        let is_other = ["disable-ssl", "backend"].contains(&place.1.as_str());
        if default == "none" {
            continue;
        }
        assert!(is_other || sample[&place].default == default, "{place:?}");
        if place.1 == "disable-ssl" {
            continue;
        }
        let mut values = plain();
        let mut bare = bare.clone();
        if place.0 == STORE {
            values.extend(store(&place.1));
            bare = read(&written(&values)).unwrap();
        }
        values.insert(place.clone(), default);
        assert_eq!(read(&written(&values)), Ok(bare), "{place:?}");
    }
}

#[test]
fn examples_and_the_sample_are_right() {
    for ((section, key), Entry { example, .. }) in described(NODE_CONFIGURATION) {
        let (name, value) = example.split_once(" = ").unwrap();
        assert_eq!(name, key);
        let key = key.as_str();
        let mut values = if section == "broker.ssl" { secured() } else { plain() };
        if section == "broker.web-socket" && ["certificate", "key", "passphrase"].contains(&key) {
            // None of them can be without the others.
            for other in ["certificate", "key"] {
                values.insert((section.clone(), other.to_owned()), "/x.pem".to_owned());
            }
        }
        if section == STORE {
            values.extend(store(key));
        }
        if (key, value) == ("backend", "sqlite") {
            values.insert((section.clone(), "path".to_owned()), "/x".to_owned());
        }
        if section == "caf.logger.file" {
            values.insert((section.clone(), "path".to_owned()), "/x.log".to_owned());
        }
        values.insert(place(&section, key), value.to_owned());
        assert!(read(&written(&values)).is_ok(), "{example}: {:?}", read(&written(&values)));
    }
    let values = shipped(SAMPLE).into_iter().map(|(place, entry)| (place, entry.default));
    let mut values: BTreeMap<Place, String> = values.collect();
    // It names certificates as examples.
    values.insert(place("broker", "disable-ssl"), "false".to_owned());
    // A store is either a master or a clone.
    let (mut master, mut clone) = (values.clone(), values);
    let is_of_clone = |key: &str| store(key) == store("stale");
    master.retain(|(section, key), _| section != STORE || !is_of_clone(key));
    clone.retain(|(section, key), _| section != STORE || is_of_clone(key));
    clone.extend(store("stale"));
    for values in [master, clone] {
        assert!(read(&written(&values)).is_ok(), "{:?}", read(&written(&values)));
    }
    assert!(read(&document(SAMPLE)).is_ok(), "as it is installed");
}

/// The names of figures in a text.
fn figures<'a>(words: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    words.filter(|word| word.starts_with("broker_")).map(str::to_owned).collect()
}

#[test]
fn the_page_has_every_figure_and_no_other() {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let any = Address::parse("127.0.0.1", 0).unwrap();
    let port = endpoint.metrics_listen(&any).unwrap()[0];
    // There are figures for each peer and each store.
    let _store = endpoint.attach_clone("a", CloneOptions::default()).unwrap();
    let peer = Endpoint::new(EndpointOptions::default()).unwrap();
    endpoint.peer_with(&peer).unwrap();
    assert!(endpoint.await_peer(peer.id(), Deadline::after(PATIENCE)));
    let mut caller = Caller::new(([127, 0, 0, 1], port).into());
    caller.send("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    let answer = caller.last();
    let told = String::from_utf8_lossy(&answer.body);
    let told = figures(
        told.lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split(['{', ' ']).next()),
    );
    assert!(told.len() > 10, "{told:?}");
    let page = document("man/broker-node.8");
    assert_eq!(figures(page.split_whitespace()), told);
}

#[test]
fn the_example_of_stores_in_rust_is_the_one_that_is_tried() {
    let readme = document("README.md");
    let shown = readme.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let library = document("src/broker/lib.rs");
    // As its documentation shows it, without the lines that are there for the compiler.
    let lines = library.lines().filter_map(|line| line.strip_prefix("//!"));
    let lines = lines.map(|line| line.strip_prefix(' ').unwrap_or(line));
    let tried: Vec<&str> = lines.filter(|line| !line.starts_with("# ")).collect();
    assert!(shown.contains("attach_master") && shown.contains("attach_clone"), "{shown}");
    assert!(tried.join("\n").contains(shown.trim_end()), "{shown}");
}
