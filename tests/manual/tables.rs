//! Signals, exit codes, variables and files, messages of the log, and functions of the protocol.

use std::collections::BTreeSet;
use std::fs;

use bui_monitor::{load, status_options};
use ostler_runtime::Exit;
use ostler_runtime::signals::MEANINGS;
use ostler_tests::FakeBurp;
use ostler_tests::binaries::workspace;
use ostler_tests::markdown::{document, marked, rows, section};
use ostler_tests::page::{Page, items};
use signal_hook::low_level::signal_name;

use crate::keys::of_page;
use crate::programs::PROGRAMS;
use crate::{
    CATALOGUE, CATALOGUE_CONFIGURATION, CONFIGURATION, MONITOR, NODE, PAGES, PIPE, STATUS,
    THROUGHPUT, TOOLS, WORKERS, WORKERS_CONFIGURATION, none,
};

/// All sources of the programs.
fn sources() -> String {
    let crates = fs::read_dir(workspace().join("src")).unwrap();
    let folders = crates.map(|entry| entry.unwrap().path());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap());
    let paths = files.map(|entry| entry.unwrap().path());
    let texts = paths.filter(|path| path.extension().is_some_and(|end| end == "rs"));
    texts.map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn signals_are_those_that_are_caught() {
    let caught: BTreeSet<&str> =
        MEANINGS.iter().map(|(signal, _)| signal_name(*signal).unwrap()).collect();
    for name in [MONITOR, CATALOGUE, WORKERS, NODE] {
        let page = Page::read(name);
        let listed = items(page.section("SIGNALS"));
        let said: BTreeSet<&str> = listed.iter().flat_map(|item| item.marked("Dv")).collect();
        assert_eq!(said, caught, "{name}");
    }
    let readme = document("README.md");
    let rows = rows(section(&readme, "## Use"));
    // Other things stand in like tables.
    let is_name = |cell: &str| {
        let is_of_signal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        marked(cell).next().is_some_and(|name| name.chars().all(is_of_signal))
    };
    let signals = rows.iter().filter(|row| row.len() == 2 && is_name(&row[0]));
    let said: BTreeSet<String> =
        signals.flat_map(|row| marked(&row[0])).map(|name| format!("SIG{name}")).collect();
    assert!(said.iter().map(String::as_str).eq(caught.iter().copied()), "{said:?}");
}

/// The whole numbers in a text.
fn numbers(text: &str) -> BTreeSet<u8> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect()
}

/// The exit codes that a list of a page has.
fn listed(lines: &[String]) -> BTreeSet<u8> {
    items(lines).iter().map(|item| item.title().parse().unwrap()).collect()
}

/// What stands in `text` from `start` to the first `end` after it.
fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start:?}"));
    rest.split_once(end).map_or(rest, |(part, _)| part)
}

#[test]
fn exit_codes_are_those_of_the_programs() {
    let exits = BTreeSet::from(Exit::ALL.map(Exit::code));
    let (monitor, status) = (Page::read(MONITOR), Page::read(STATUS));
    let readme = document("README.md");

    let daemon = listed(monitor.section("EXIT STATUS"));
    // Nothing in the daemon ends with a fault of its own: a thread that panics is replaced. Nor is
    // it given anything to work on.
    let others = BTreeSet::from([Exit::Internal.code(), Exit::Data.code()]);
    assert_eq!(daemon, &exits - &others);
    for name in [CATALOGUE, NODE] {
        assert_eq!(listed(Page::read(name).section("EXIT STATUS")), daemon, "{name}");
    }
    let pipe = listed(Page::read(PIPE).section("EXIT STATUS"));
    assert_eq!(pipe, &daemon | &BTreeSet::from([Exit::Data.code()]));
    let least = [Exit::Success, Exit::Usage, Exit::Unavailable, Exit::Os, Exit::Config];
    let least = BTreeSet::from(least.map(Exit::code));
    assert_eq!(listed(Page::read(THROUGHPUT).section("EXIT STATUS")), least);
    // A wrong command line ends with the original's code, and so do its tools.
    let usage = BTreeSet::from([Exit::Usage.code()]);
    let workers = &(&daemon - &usage) | &BTreeSet::from([1, 2]);
    assert_eq!(listed(Page::read(WORKERS).section("EXIT STATUS")), workers);
    assert_eq!(listed(Page::read(TOOLS).section("EXIT STATUS")), BTreeSet::from([0, 1, 2]));
    assert_eq!(numbers(between(&readme, "Exit codes are those of sysexits: ", ".\n")), daemon);

    // And that burp does not know what was asked for.
    let client = listed(status.head_of("EXIT STATUS"));
    assert_eq!(client, &daemon | &BTreeSet::from([1]));
    let help = |command: clap::Command| command.get_after_help().unwrap().to_string();
    let definition = status_options::command();
    let told = help(definition.clone());
    let told = between(&told, "Exit codes: ", ". `check`");
    assert_eq!(numbers(told), client);
    assert_eq!(numbers(between(&readme, "It ends with ", ".\n")), client);

    let check = BTreeSet::from([0, 1, 2, 3]);
    assert_eq!(listed(status.subsection("Exit status of check")), check);
    let told = help(definition.find_subcommand("check").unwrap().clone());
    assert_eq!(numbers(between(&told, "have them:", "Ages have")), check);
    let rows = rows(section(&readme, "### bui-status"));
    assert_eq!(rows.iter().map(|row| row[0].parse().unwrap()).collect::<BTreeSet<u8>>(), check);
}

#[test]
fn variables_are_those_that_are_read() {
    let sources = sources();
    let said: BTreeSet<String> =
        PAGES.iter().flat_map(|name| Page::read(name).marked("Ev")).collect();
    for name in &said {
        assert!(sources.contains(name.as_str()), "no program reads {name}");
    }
    // A text of capitals with an underscore is a variable's name.
    let texts = sources.split('"').skip(1);
    let is_name = |text: &&str| {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        text.contains('_') && text.starts_with(char::is_alphabetic) && text.chars().all(is_part)
    };
    let read: BTreeSet<&str> = texts.filter(is_name).collect();
    assert!(read.len() > 8, "{read:?}");
    // What an option or a command takes is called so, too.
    let taken: BTreeSet<String> =
        PAGES.iter().flat_map(|name| Page::read(name).marked("Ar")).collect();
    let mut troubles = Vec::new();
    for name in read {
        // The first is known to the compiler only, the second to a test, the last is a value.
        let is_ours =
            !["CARGO_PKG_VERSION", "OSTLER_NOBODY_SETS_THIS", "NACL_SEALBOX"].contains(&name);
        if is_ours && !said.contains(name) && !taken.contains(name) {
            troubles.push(format!("{name} is in no page"));
        }
    }
    none(&troubles);
}

#[test]
fn the_catalogue_s_paths_are_those_of_its_page() {
    let paths = Page::read(CATALOGUE).marked("Pa");
    assert!(paths.contains(katalogus::config::DEFAULT_FILE));
    let other = Page::read(CATALOGUE_CONFIGURATION).marked("Pa");
    assert!(other.contains(katalogus::config::DEFAULT_FILE));
    for name in [WORKERS, WORKERS_CONFIGURATION] {
        assert!(Page::read(name).marked("Pa").contains(boefjes::config::DEFAULT_FILE), "{name}");
    }
}

#[test]
fn the_configuration_is_looked_for_where_the_page_says() {
    let paths = Page::read(MONITOR).marked("Pa");
    assert!(paths.contains(load::DEFAULT));
    for name in [CONFIGURATION, STATUS] {
        assert!(Page::read(name).marked("Pa").contains(load::DEFAULT), "{name}");
    }
    for path in load::candidates() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        let folder = path.parent().and_then(|folder| folder.to_str()).unwrap();
        // Of each place the page says once that `etc/` below it is looked into as well.
        let place = folder.strip_suffix("etc").unwrap_or(folder).trim_end_matches('/');
        // The working directory has no name.
        let is_said = place.is_empty() || paths.contains(place);
        assert!(paths.contains(name) && is_said, "{}", path.display());
    }
}

/// The messages that a page explains, each as the texts between what differs.
fn messages(page: &Page) -> Vec<Vec<String>> {
    let listed = items(page.section("DIAGNOSTICS"));
    let pieces = |title: &str| {
        let is_word = |c: char| c.is_ascii_uppercase();
        let mut pieces = vec![String::new()];
        for word in title.split_inclusive(' ') {
            let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            if bare.len() > 2 && bare.chars().all(is_word) {
                let (before, after) = word.split_once(bare).unwrap();
                pieces.last_mut().unwrap().push_str(before);
                pieces.push(after.to_owned());
            } else {
                pieces.last_mut().unwrap().push_str(word);
            }
        }
        pieces
    };
    listed.iter().map(|item| pieces(&item.title())).collect()
}

#[test]
fn messages_are_those_that_are_written() {
    // As the compiler joins them.
    let lines = sources().replace("\\\n", "\n");
    let sources = lines.split_whitespace().collect::<Vec<_>>().join(" ");
    for name in PAGES {
        let page = Page::read(name);
        let messages = messages(&page);
        assert!(messages.len() > 3, "{name}");
        for pieces in messages {
            for piece in pieces.iter().map(|piece| piece.trim()).filter(|piece| piece.len() > 2) {
                assert!(sources.contains(piece), "{name}: nothing says {piece:?}");
            }
        }
    }
}

#[test]
fn functions_and_keys_in_running_text_are_known() {
    let page = Page::read(MONITOR);
    let functions: BTreeSet<String> = items(page.section("PROTOCOL"))
        .iter()
        .flat_map(|item| item.marked("Cm").into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    // A function is read by its name as a text.
    let sources = sources();
    let arms = sources.lines().filter_map(|line| line.trim().strip_prefix("Some(\""));
    let arms =
        arms.filter_map(|arm| arm.split_once("\")")).filter(|(_, to)| to.contains("Some(Kind::"));
    assert_eq!(functions, arms.map(|(name, _)| name.to_owned()).collect());
    let fake = FakeBurp::new();
    let daemon = fake.settings().start();
    daemon.wait_ready(2);
    for function in &functions {
        assert_eq!(daemon.call(function).status(), "OK", "{function}");
    }
    assert_eq!(daemon.call("no_function").error(), "'query'");

    let keys = PROGRAMS.iter().flat_map(of_page);
    let keys = keys.map(|((_, key), _)| key);
    let of_nodes = broker::node_settings::NodeSettings::keys().into_iter();
    let of_nodes = of_nodes.map(|key| key.rsplit('.').next().unwrap().to_owned());
    let keys: BTreeSet<String> = keys.chain(of_nodes).collect();
    let definitions =
        [status_options::command(), katalogus::options::command(), boefjes::options::command()];
    let commands = definitions.iter().flat_map(clap::Command::get_subcommands);
    let commands = commands.map(|command| command.get_name().to_owned());
    let known: BTreeSet<String> = commands.chain(["help".to_owned()]).chain(functions).collect();
    for name in PAGES {
        for word in Page::read(name).marked("Cm") {
            assert!(known.contains(&word) || keys.contains(&word), "{name}: {word}");
        }
    }
}
