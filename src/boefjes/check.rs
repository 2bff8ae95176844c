//! `--check`: the configuration as it takes effect, or everything that is wrong with it.

use std::time::Duration;

use broker::events::{self, Events};
use katalogus::Plugins;
use ostler_runtime::checked::{Checked, Strictness};
use ostler_runtime::files::{is_program, open_regular, unreadable};
use ostler_runtime::logging::with_cause;
use ostler_runtime::sources::{Source, Sources};
use ostler_runtime::{Accounts, Deadline, Exit};

use crate::assembly;
use crate::check_effective;
use crate::config::{self, CONTAINERS, Configuration, GLOBAL};
use crate::config_plugins::PLUGINS;
use crate::config_services::SERVICES;
use crate::container::ContainerOptions;
use crate::listening;
use crate::options::Options;

/// So long the plugins may take to be looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Prints what the daemon would run with, secrets hidden, and says on standard error what is wrong
/// or odd. If it is to be strict, what is odd is wrong.
pub(crate) fn run(options: &Options, strictness: Strictness) -> Exit {
    let document = match config::document(options) {
        Ok(document) => document,
        Err(problems) => return Checked::unreadable(problems).tell(strictness),
    };
    Configuration::with_environment(options, |given| {
        let (config, mut sources) = Configuration::ask(&document, given);
        judge(&mut sources, &config, options);
        Checked {
            problems: sources.problems(),
            warnings: sources.warnings(),
            effective: check_effective::of(&config),
        }
    })
    .tell(strictness)
}

/// Notes what is wrong or odd with the things that the configuration names.
fn judge(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    let said = &options.said;
    if let Some(user) = &config.user {
        if Accounts::read().is_ok_and(|accounts| accounts.user(user).is_none()) {
            sources.reader.wrong(GLOBAL, "user", format!("there is no user {user}"));
        }
    }
    if let Some(Err(error)) = config.events.as_ref().map(Events::check) {
        sources.reader.wrong(events::SECTION, error.key(), with_cause(&error));
    }
    let by = |option: bool, name, section, key| {
        if option { Source::Option(name) } else { Source::File(section, key) }
    };
    if let Some(words) = unreadable(&config.plugins.folder) {
        let by = by(said.plugins.is_some(), "--plugins", PLUGINS, "directory");
        sources.odd(&by, words);
    }
    for words in config.plugins.hosts.path.iter().filter_map(|folder| unreadable(folder)) {
        sources.reader.odd(PLUGINS, "python_path", words);
    }
    let python = &config.plugins.hosts.python;
    if !is_program(python) {
        let by = by(said.python.is_some(), "--python", PLUGINS, "python");
        sources.odd(&by, format!("{}: there is no such program", python.display()));
    }
    let engine = &config.containers.engine;
    let is_named = said.engine.is_some() || sources.reader.has(CONTAINERS, "engine");
    // Most plugins need none.
    if is_named && !is_program(engine) {
        let by = by(said.engine.is_some(), "--engine", CONTAINERS, "engine");
        sources.odd(&by, format!("{}: there is no such program", engine.display()));
    }
    let containers = &config.containers;
    let is_near = !containers.addresses.is_empty()
        && containers.addresses.iter().all(|address| !address.is_far());
    if is_near && containers.network == ContainerOptions::NETWORK && has_images(config) {
        let words = "there are boefjes that are images, and containers on this network cannot reach \
                     this address";
        sources.odd(&Source::File(CONTAINERS, "bind"), words);
    }
    if let Some(file) = config.services.remote().and_then(|remote| remote.authorities.as_ref()) {
        if let Err(error) = open_regular(file) {
            sources.reader.wrong(SERVICES, "authorities", error.to_string());
        }
    }
}

/// Whether a boefje is an image, as far as can be seen soon.
fn has_images(config: &Configuration) -> bool {
    Plugins::begin(assembly::discovery(config)).is_ok_and(|plugins| {
        plugins.wait_begun(Deadline::after(LOOK)) && listening::has_images(&plugins.current())
    })
}
