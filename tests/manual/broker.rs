//! The keys of a node: those that it reads, those of its page and of the sample file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use broker::node_options::NodeOptions;
use broker::node_settings::NodeSettings;
use ostler_tests::markdown::document;

use crate::NODE_CONFIGURATION;
use crate::keys::{Entry, Place, described, shipped};

const SAMPLE: &str = "etc/broker.cfg";

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

/// Values without which there is no node.
fn plain() -> BTreeMap<Place, String> {
    BTreeMap::from([(("broker".to_owned(), "disable-ssl".to_owned()), "true".to_owned())])
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
        // Of this one the sample has what a service begins with.
        if default == "none" || place.1 == "disable-ssl" {
            continue;
        }
        assert_eq!(sample[&place].default, default, "{place:?}");
        let mut values = plain();
        values.insert(place.clone(), default);
        assert_eq!(read(&written(&values)).as_ref(), Ok(&bare), "{place:?}");
    }
}

#[test]
fn examples_and_the_sample_are_right() {
    for ((section, key), Entry { example, .. }) in described(NODE_CONFIGURATION) {
        let (name, value) = example.split_once(" = ").unwrap();
        assert_eq!(name, key);
        let mut values = plain();
        values.insert((section, key), value.to_owned());
        assert!(read(&written(&values)).is_ok(), "{example}: {:?}", read(&written(&values)));
    }
    let values = shipped(SAMPLE).into_iter().map(|(place, entry)| (place, entry.default));
    assert!(read(&written(&values.collect())).is_ok());
    assert!(read(&document(SAMPLE)).is_ok(), "as it is installed");
}
