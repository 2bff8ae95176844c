//! Options and commands: those of the definitions, of the pages, of `--help` and of the README.

use std::collections::BTreeSet;
use std::path::Path;

use bui_monitor::{options, status_options};
use clap::{Arg, Command};
use ostler_tests::binaries::{
    boefjes, broker_node, broker_pipe, broker_throughput, bui_monitor, bui_status, katalogus,
};
use ostler_tests::markdown::{document, section};
use ostler_tests::page::{Item, Page, items};
use ostler_tests::process::command;

use crate::{
    CATALOGUE, CATALOGUE_CONFIGURATION, CONFIGURATION, MONITOR, NODE, NODE_CONFIGURATION, PIPE,
    STATUS, THROUGHPUT, TOOLS, WORKERS, WORKERS_CONFIGURATION, none,
};

/// A definition with all that is added to it: `--help`, `--version`, and the command `help`.
fn built(mut definition: Command) -> Command {
    definition.build();
    definition
}

/// What a definition says itself, in contrast to what it has from the one above it.
fn own(definition: &Command) -> impl Iterator<Item = &Arg> {
    let is_sub = definition.get_bin_name().is_some_and(|name| name.contains(' '));
    definition.get_arguments().filter(move |arg| {
        let is_common = arg.is_global_set() || arg.get_id() == "help";
        !(arg.is_positional() || is_sub && is_common)
    })
}

/// How the item of an option begins.
fn head(arg: &Arg) -> String {
    let names = arg.get_value_names().filter(|_| arg.get_action().takes_values());
    let value = names.and_then(|names| names.first());
    let is_optional = arg.get_num_args().is_some_and(|count| count.min_values() == 0);
    let value = match value {
        Some(name) if is_optional => format!(" Ns Op = Ns Ar {name}"),
        Some(name) => format!(" Ar {name}"),
        None => String::new(),
    };
    let short = arg.get_short().map(|short| format!("Fl {short}{value}"));
    let long = arg.get_long().map(|long| format!("Fl -{long}{value}"));
    short.into_iter().chain(long).collect::<Vec<_>>().join(" , ")
}

/// The default of an option; of one whose value may be left out, the help says it.
fn default(arg: &Arg) -> Option<String> {
    if let Some(value) =
        arg.get_default_values().first().filter(|_| arg.get_action().takes_values())
    {
        return value.to_str().map(str::to_owned);
    }
    let help = arg.get_help()?.to_string();
    help.split_once("[default: ")?.1.strip_suffix(']').map(str::to_owned)
}

/// What differs between the options of a definition and the items of a page.
fn differences(definition: &Command, page: &Page, listed: &[Item]) -> Vec<String> {
    let name = definition.get_bin_name().unwrap_or_default();
    let mut troubles = Vec::new();
    for arg in own(definition) {
        let head = head(arg);
        let Some(item) = listed.iter().find(|item| item.head.join(" ") == head) else {
            troubles.push(format!("{}: no \".It {head}\" for {name}", page.name));
            continue;
        };
        let said = item.text();
        let said = said.split_once("The default is ").map(|(_, rest)| rest);
        let said = said.and_then(|rest| rest.split(['.', ' ']).next());
        let default = default(arg);
        if said != default.as_deref() {
            troubles.push(format!("{}: {head}: default {default:?}, not {said:?}", page.name));
        }
    }
    let known: BTreeSet<String> = own(definition).map(head).collect();
    for item in listed {
        let head = item.head.join(" ");
        if !known.contains(&head) {
            troubles.push(format!("{}: {name} does not know \".It {head}\"", page.name));
        }
    }
    troubles
}

#[test]
fn every_option_is_in_the_page_of_its_program_and_no_other() {
    let page = Page::read(MONITOR);
    let definition = built(options::command());
    none(&differences(&definition, &page, &items(page.section("OPTIONS"))));

    let mut troubles = Vec::new();
    for (name, definition, _) in of_broker() {
        let page = Page::read(name);
        troubles.extend(differences(&definition, &page, &items(page.section("OPTIONS"))));
    }
    for (name, definition) in commanding() {
        let page = Page::read(name);
        troubles.extend(differences(&definition, &page, &items(page.head_of("OPTIONS"))));
        for command in definition.get_subcommands().filter(|command| own(command).next().is_some())
        {
            let listed = items(page.subsection(&format!("Options of {}", command.get_name())));
            troubles.extend(differences(command, &page, &listed));
        }
    }
    none(&troubles);
}

/// The programs of Broker, each with its page and where it is.
fn of_broker() -> [(&'static str, Command, &'static Path); 3] {
    [
        (NODE, built(broker::node_options::command()), broker_node()),
        (PIPE, built(broker::pipe_options::command()), broker_pipe()),
        (THROUGHPUT, built(broker::throughput_options::command()), broker_throughput()),
    ]
}

/// The programs that have commands, each with its page.
fn commanding() -> [(&'static str, Command); 3] {
    [
        (STATUS, built(status_options::command())),
        (CATALOGUE, built(katalogus::options::command())),
        (WORKERS, built(::boefjes::options::command())),
    ]
}

#[test]
fn every_command_is_in_the_page_and_no_other() {
    for (name, definition) in commanding() {
        let page = Page::read(name);
        let listed = items(page.head_of("COMMANDS"));
        let heads: BTreeSet<String> = listed.iter().map(|item| item.head.join(" ")).collect();
        let commands = definition.get_subcommands().map(|command| {
            let values = command.get_positionals().filter(|_| command.get_name() != "help");
            let values = values.flat_map(|arg| arg.get_value_names().unwrap_or_default());
            let values: Vec<String> = values.map(|name| format!(" Ar {name}")).collect();
            format!("Cm {}{}", command.get_name(), values.concat())
        });
        assert_eq!(heads, commands.collect(), "{name}");
    }
}

/// All long options of a program, in any of its commands.
fn long(definition: &Command) -> BTreeSet<String> {
    let commands = definition.get_subcommands().chain([definition]);
    let args = commands.flat_map(Command::get_arguments);
    let names = |arg: &Arg| {
        let others = arg.get_all_aliases().unwrap_or_default();
        let all = arg.get_long().into_iter().chain(others);
        all.map(|long| format!("--{long}")).collect::<Vec<_>>()
    };
    args.flat_map(names).collect()
}

/// The long options that are written in a text.
fn mentioned(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let is_long = |word: &&str| {
        word.strip_prefix("--").is_some_and(|name| name.starts_with(|c: char| c.is_alphabetic()))
    };
    words.filter(is_long).map(str::to_owned).collect()
}

#[test]
fn no_page_mentions_an_option_that_is_not_there() {
    let monitor = long(&built(options::command()));
    let status = long(&built(status_options::command()));
    let both: BTreeSet<String> = monitor.union(&status).cloned().collect();
    let catalogue = long(&built(katalogus::options::command()));
    let workers = long(&built(::boefjes::options::command()));
    let [node, pipe, throughput] = of_broker().map(|(_, definition, _)| long(&definition));
    for (name, own, all) in [
        (NODE, &node, &node),
        (NODE_CONFIGURATION, &node, &node),
        (PIPE, &pipe, &pipe),
        (THROUGHPUT, &throughput, &throughput),
        (MONITOR, &monitor, &both),
        (STATUS, &status, &both),
        (CONFIGURATION, &both, &both),
        (CATALOGUE, &catalogue, &catalogue),
        (CATALOGUE_CONFIGURATION, &catalogue, &catalogue),
        (WORKERS, &workers, &workers),
        (WORKERS_CONFIGURATION, &workers, &workers),
        (TOOLS, &workers, &workers),
    ] {
        let page = Page::read(name);
        for flag in page.marked("Fl") {
            let is_short =
                !flag.starts_with('-') && flag.chars().all(|c| "acdfhilmnprstvwNV".contains(c));
            assert!(is_short || own.contains(&format!("-{flag}")), "{name}: {flag}");
        }
        // In examples.
        for word in page.words().filter(|word| word.starts_with("--")) {
            let word = word.split('=').next().unwrap();
            if word.contains('.') {
                // Any key of a configuration.
                continue;
            }
            assert!(all.contains(word), "{name}: {word}");
        }
    }
}

#[test]
fn the_readme_mentions_no_option_that_is_not_there_and_the_common_ones() {
    let readme = document("README.md");
    let usage = section(&readme, "## Use");
    let usage: Vec<&str> = usage.lines().filter(|line| !line.starts_with("cargo ")).collect();
    let mentioned = mentioned(&usage.join("\n"));
    let monitor = long(&built(options::command()));
    let status = long(&built(status_options::command()));
    for option in &mentioned {
        assert!(monitor.contains(option) || status.contains(option), "README.md: {option}");
    }
    for option in ["--check", "--strict", "--watch", "--json", "--host", "--password-file"] {
        assert!(mentioned.contains(option), "README.md: no {option}");
    }
}

fn help(program: &Path, arguments: &[&str]) -> String {
    let output = command(program).args(arguments).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_tells_every_option_with_its_default() {
    let check = |definition: &Command, told: &str| {
        for arg in definition.get_arguments().filter(|arg| !arg.is_positional()) {
            let long = format!("--{}", arg.get_long().unwrap());
            let is_of = |line: &&str| line.split([' ', '[', '.']).any(|word| word == long);
            let line = told.lines().find(is_of);
            assert_eq!(line.is_some(), !arg.is_hide_set(), "{long}: {told}");
            if let Some(default) = default(arg) {
                let words = format!("[default: {default}]");
                // Beside the option, or below where the program has longer ones.
                let mut beside = told.lines().skip_while(|line| !is_of(line)).take(2);
                assert!(beside.any(|line| line.contains(&words)), "{long}: {told}");
            }
        }
    };
    check(&built(options::command()), &help(bui_monitor(), &[]));
    for (_, definition, program) in of_broker() {
        check(&definition, &help(program, &[]));
    }
    for ((_, definition), program) in
        commanding().iter().zip([bui_status(), katalogus(), boefjes()])
    {
        let told = help(program, &[]);
        check(definition, &told);
        for command in definition.get_subcommands().filter(|command| command.get_name() != "help") {
            assert!(told.contains(&format!("\n  {} ", command.get_name())), "{told}");
            check(command, &help(program, &[command.get_name()]));
        }
    }
}
