//! The things that a configuration names: whether they are there, and what they should be.
//!
//! What keeps the service from starting is wrong; what it can wait for, or whoever checks may see
//! otherwise than the service will, is odd.

use std::path::Path;

use ostler_net::opening::load_identity;
use ostler_runtime::Accounts;
use ostler_runtime::files::{is_program, unreadable};
use ostler_runtime::sources::{Source, Sources};

use crate::config::{Configuration, DATABASE, DB_URI, GLOBAL, PLUGINS};
use crate::options::Options;
use crate::{Database, Python, trust};

/// Notes what is wrong or odd with them.
pub(crate) fn judge(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    if let Err(error) = load_identity(config.tls.as_ref()) {
        sources.reader.wrong(GLOBAL, "sslcert", format!("or sslkey, sslca: {error}"));
    }
    if let Some(user) = &config.user {
        if Accounts::read().is_ok_and(|accounts| accounts.user(user).is_none()) {
            sources.reader.wrong(GLOBAL, "user", format!("there is no user {user}"));
        }
    }
    if let Some(file) = &config.remotes.authorities {
        if let Err(words) = trust::certificates(file) {
            sources.reader.wrong(PLUGINS, "remote_ca", words);
        }
    }
    plugins(sources, config, options);
    database(sources, config, options);
}

fn plugins(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    let discovery = &config.discovery;
    if let Some(words) = unreadable(&discovery.root) {
        let by = match options.plugins {
            Some(_) => Source::Option("--plugins"),
            None => Source::File(PLUGINS, "directory"),
        };
        sources.odd(&by, words);
    }
    if let Python::Program(program) = &discovery.python {
        if !is_program(program) {
            let words = format!("{}: there is no such program", program.display());
            sources.reader.odd(PLUGINS, "python", words);
        }
    }
    for words in discovery.python_path.iter().filter_map(|folder| unreadable(folder)) {
        sources.reader.odd(PLUGINS, "python_path", words);
    }
}

/// The folder of a file: SQLite makes files in it.
fn database(sources: &mut Sources<'_, '_>, config: &Configuration, options: &Options) {
    let Database::Sqlite(file) = &config.store.database else { return };
    let folder = match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => return,
    };
    if folder.is_dir() {
        return;
    }
    let by = match (&options.database, sources.variable(&DB_URI), &config.uri_file) {
        (Some(_), ..) => Source::Option("--database"),
        (None, Some(said), _) => said.by,
        (None, None, Some(_)) => Source::File(DATABASE, "uri_file"),
        (None, None, None) => Source::File(DATABASE, "uri"),
    };
    sources.odd(&by, format!("{}: there is no such directory", folder.display()));
}
