//! The keys of the configurations: those that a program reads, those of its page, of the README's
//! table and of the sample file, with sections, types, units and defaults.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use ostler_runtime::{Document, Key};
use ostler_tests::checked::Checked;
use ostler_tests::markdown::{document, marked, rows, section};
use ostler_tests::page::{Item, Page, items};

use crate::none;
use crate::programs::{PROGRAMS, Program};

/// A section and a key.
pub(crate) type Place = (String, String);

/// What one document says of a key.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    pub(crate) unit: String,
    /// As it would stand in a file, or words.
    pub(crate) default: String,
    pub(crate) reload: String,
    since: String,
    pub(crate) example: String,
}

pub(crate) fn parsed(text: &str) -> Document {
    Document::parse(Path::new("x.cfg"), text.as_bytes()).unwrap_or_else(|problems| {
        panic!("{}", problems[0]);
    })
}

/// The keys that the program reads.
fn known(program: &Program) -> BTreeMap<Place, Key> {
    let keys = (program.known)().into_iter();
    keys.map(|key| ((key.section.clone(), key.name.clone()), key)).collect()
}

/// The keys that `--check` prints.
fn shown(checked: &Checked) -> impl Iterator<Item = Place> {
    let mut section = String::new();
    let mut places = Vec::new();
    for line in checked.shown.lines() {
        match line.split_once(" = ") {
            Some((key, _)) => places.push((section.clone(), key.to_owned())),
            None => line.trim_matches(['[', ']']).clone_into(&mut section),
        }
    }
    places.into_iter()
}

/// The keys without which the program does not run.
fn needed(program: &Program) -> BTreeSet<Place> {
    let missing = (program.problems)("");
    let is_missing = |(section, key): &Place| {
        missing.iter().any(|told| told.ends_with(&format!("[{section}] {key}: must be set")))
    };
    known(program).into_keys().filter(is_missing).collect()
}

/// The keys that have a value although a configuration does not name them.
fn defaulted(program: &Program) -> BTreeSet<Place> {
    let needed = needed(program);
    shown(&(program.check)(program.least)).filter(|place| !needed.contains(place)).collect()
}

/// What the page of a program says.
pub(crate) fn of_page(program: &Program) -> BTreeMap<Place, Entry> {
    described(program.page)
}

/// What a page says.
pub(crate) fn described(name: &'static str) -> BTreeMap<Place, Entry> {
    let page = Page::read(name);
    let mut entries = BTreeMap::new();
    for heading in page.sections() {
        let Some(section) = heading.strip_prefix("SECTION [") else { continue };
        let section = section.trim_end_matches(']');
        for item in items(page.section(&heading)) {
            let fact = |name| item.fact(name).unwrap_or_default();
            let entry = Entry {
                kind: fact("Type"),
                unit: fact("Unit"),
                default: fact("Default"),
                reload: fact("Reload"),
                since: fact("Since"),
                example: fact("Example"),
            };
            let names = Item::marked(&item, "Cm");
            let [name] = names[..] else { panic!("{}: {:?}", page.name, item.head) };
            let before = entries.insert((section.to_owned(), name.to_owned()), entry);
            assert!(before.is_none(), "{}: {name} twice", page.name);
        }
    }
    entries
}

/// What the README's table says, if it has one.
fn of_readme(program: &Program) -> Option<BTreeMap<Place, Entry>> {
    let readme = document("README.md");
    let mut entries = BTreeMap::new();
    for row in rows(section(&readme, program.table?)) {
        let [names, section, unit, default, _] = &row[..] else { panic!("README.md: {row:?}") };
        for name in marked(names) {
            let entry =
                Entry { unit: unit.clone(), default: default.replace('`', ""), ..Entry::default() };
            let before = entries.insert((section.clone(), name.to_owned()), entry);
            assert!(before.is_none(), "README.md: {name} twice");
        }
    }
    Some(entries)
}

/// The key and the value in a line of the sample file, behind a `#` or not.
fn sampled(line: &str) -> Option<(&str, &str)> {
    let (key, value) = line.strip_prefix("# ").unwrap_or(line).split_once(" =")?;
    let is_key = key.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '_' | '-'));
    is_key.then_some((key, value.trim()))
}

/// What the sample file says: every key, most of them behind a `#`.
fn of_sample(program: &Program) -> BTreeMap<Place, Entry> {
    shipped(program.sample)
}

/// What a sample file says.
pub(crate) fn shipped(file: &str) -> BTreeMap<Place, Entry> {
    let mut section = String::new();
    let mut entries = BTreeMap::new();
    for line in document(file).lines() {
        // What there may be any number of begins behind a `#`.
        let head = line.strip_prefix("# ").filter(|line| line.contains(':')).unwrap_or(line);
        if let Some(name) = head.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            name.clone_into(&mut section);
        }
        let Some((key, value)) = sampled(line) else { continue };
        let entry = Entry { default: value.to_owned(), ..Entry::default() };
        let before = entries.insert((section.clone(), key.to_owned()), entry);
        assert!(before.is_none(), "{file}: {key} twice");
    }
    entries
}

/// Where keys are described.
fn places(program: &Program) -> Vec<(&'static str, BTreeMap<Place, Entry>)> {
    let mut places = vec![(program.page, of_page(program)), (program.sample, of_sample(program))];
    places.extend(of_readme(program).map(|entries| ("README.md", entries)));
    places
}

/// A configuration with these values, and what it cannot do without.
fn written(program: &Program, values: &BTreeMap<Place, String>) -> String {
    let mut values = values.clone();
    for (section, key) in needed(program) {
        values.entry((section, key)).or_insert_with(|| "/x".to_owned());
    }
    let (mut text, mut current) = (String::new(), "");
    for ((section, key), value) in &values {
        if section != current {
            current = section;
            writeln!(text, "[{section}]").unwrap();
        }
        writeln!(text, "{key} = {value}").unwrap();
    }
    text
}

#[test]
fn every_key_is_in_each_place_and_no_other() {
    let mut troubles = Vec::new();
    for program in &PROGRAMS {
        let known: BTreeSet<Place> = known(program).into_keys().collect();
        assert!(known.len() > 25, "the keys were not found: {known:?}");
        for (name, entries) in places(program) {
            let said: BTreeSet<Place> = entries.into_keys().collect();
            for (section, key) in known.difference(&said) {
                troubles.push(format!("{name}: no {key} of [{section}]"));
            }
            for (section, key) in said.difference(&known) {
                troubles.push(format!("{name}: the program does not know {key} of [{section}]"));
            }
        }
    }
    none(&troubles);
}

#[test]
fn types_and_units_are_those_of_the_program() {
    let changes = document("CHANGELOG.md");
    let mut troubles = Vec::new();
    for program in &PROGRAMS {
        let (page, readme) = (of_page(program), of_readme(program));
        for (place, Key { name, values, .. }) in known(program) {
            let Some(page) = page.get(&place) else { continue };
            // No limit but that of the type.
            let values = values.replace(&format!(" to {}", u64::MAX), "");
            if !page.kind.starts_with(&values) {
                troubles.push(format!("{name}: {:?}, but the program reads: {values}", page.kind));
            }
            let unit = match values.split(' ').next() {
                Some("number") => "seconds",
                Some("size") => "bytes",
                _ => page.unit.as_str(),
            };
            if page.unit != unit {
                troubles.push(format!("{name}: the unit is {unit:?}, not {:?}", page.unit));
            }
            if !changes.contains(&format!("\n## [{}] - ", page.since)) {
                troubles.push(format!("{name}: there is no version {:?}", page.since));
            }
            let Some(readme) = readme.as_ref().and_then(|entries| entries.get(&place)) else {
                continue;
            };
            // Where nothing is counted the README says something of the type.
            let is_said = if unit.is_empty() {
                page.kind.contains(&readme.unit)
            } else {
                readme.unit == unit
            };
            if !is_said {
                troubles.push(format!("README.md: {name}: {:?}, not {unit:?}", readme.unit));
            }
        }
    }
    none(&troubles);
}

#[test]
fn defaults_are_those_of_the_program() {
    for program in &PROGRAMS {
        let defaulted = defaulted(program);
        let bare = (program.check)(&written(program, &BTreeMap::new()));
        assert!(bare.told.contains(program.warns), "{}", bare.told);
        for (name, mut entries) in places(program) {
            entries.retain(|place, _| defaulted.contains(place));
            assert_eq!(entries.len(), defaulted.len(), "{name}");
            // What follows is said for the reader: `0 (never)`, `256 MiB, at least …`.
            let value =
                |entry: Entry| entry.default.split([',', '(']).next().unwrap().trim().to_owned();
            let values = entries.into_iter().map(|(place, entry)| (place, value(entry))).collect();
            let checked = (program.check)(&written(program, &values));
            assert_eq!(checked.shown, bare.shown, "{name}: {}", checked.told);
            // The password is not shown, but the default one is warned of.
            assert!(checked.told.contains(program.warns), "{name}: {}", checked.told);
        }
    }
}

#[test]
fn keys_without_a_default_are_said_to_have_none() {
    let mut troubles = Vec::new();
    for program in &PROGRAMS {
        let (defaulted, needed) = (defaulted(program), needed(program));
        let (page, readme) = (of_page(program), of_readme(program));
        for place in known(program).into_keys().filter(|place| !defaulted.contains(place)) {
            let Some(page) = page.get(&place) else { continue };
            let readme = readme.as_ref().and_then(|entries| entries.get(&place));
            let words = match readme.map(|entry| entry.default.as_str()) {
                _ if needed.contains(&place) => "must be set",
                // One that depends on another key.
                None if page.default.contains("ssl") => continue,
                None if matches!(place.0.as_str(), "Status" | "Events") => continue,
                None | Some("") => "none",
                Some(words) => words,
            };
            if page.default != words {
                troubles.push(format!("{}: default {words:?}, not {:?}", place.1, page.default));
            }
        }
    }
    none(&troubles);
}

#[test]
fn examples_and_the_sample_are_right() {
    let mut troubles = Vec::new();
    for program in &PROGRAMS {
        for ((section, key), Entry { example, .. }) in of_page(program) {
            let Some((_, value)) = example.split_once(" = ").filter(|(name, _)| *name == key)
            else {
                troubles.push(format!("{key}: {example:?} is no example"));
                continue;
            };
            if program.files.contains(&key.as_str()) {
                // Nobody has this file.
                continue;
            }
            let mut values = BTreeMap::from([((section.clone(), key.clone()), value.to_owned())]);
            for (of, name, value) in program.with.iter().filter(|(of, ..)| *of == key) {
                assert_eq!(*of, key);
                values.insert((section.clone(), (*name).to_owned()), (*value).to_owned());
            }
            let told = (program.problems)(&written(program, &values));
            troubles.extend(told.iter().map(|told| format!("{example}: {told}")));
        }
        // Everything in it at once, but for what excludes something else and names a file that is
        // not there.
        let sample = document(program.sample);
        let lines = sample.lines().map(|line| match sampled(line) {
            Some((key, _)) if program.files.contains(&key) => String::new(),
            Some((key, value)) => format!("{key} = {value}\n"),
            None => format!("{line}\n"),
        });
        let told = (program.problems)(&lines.collect::<String>());
        troubles.extend(told.iter().map(|told| format!("{}: {told}", program.sample)));
    }
    none(&troubles);
}
