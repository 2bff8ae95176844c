//! A configuration as it takes effect: the lines of a file that says the same, but for secrets.

use ostler_net::settings_shown;
use ostler_runtime::shown::{Lines, path, plain_or_quoted, quoted, seconds};

use crate::config::Configuration;
use crate::encryption::{Encryption, Middleware};
use crate::{Generation, Python};

/// What is not shown.
const HIDDEN: &str = "(hidden)";

/// What takes effect, whoever said it.
pub(crate) fn of(config: &Configuration) -> Lines {
    let mut lines = Lines::default();
    global(config, &mut lines);
    database(config, &mut lines);
    encryption(&config.encryption, &mut lines);
    plugins(config, &mut lines);
    settings_shown::addresses(&mut lines, "Status", &config.status_addresses);
    lines
}

fn global(config: &Configuration, lines: &mut Lines) {
    settings_shown::addresses(lines, "Global", &config.addresses);
    let generation = Generation::NAMES.iter().find(|(_, known)| *known == config.generation);
    lines.add("Global", "generation", generation.map_or("", |(name, _)| name));
    if let Some(file) = &config.token_file {
        lines.add("Global", "token_file", path(file));
    }
    settings_shown::tls(lines, "Global", config.tls.as_ref());
    if let Some(user) = &config.user {
        lines.add("Global", "user", plain_or_quoted(user));
    }
    lines.add("Global", "threads", config.threads.to_string());
    settings_shown::places(lines, "Global", &config.limits);
    let pending = config.limits.max_pending_answers;
    lines.add("Global", "max_pending_answers", pending.to_string());
    lines.add("Global", "timeout", seconds(config.timeout));
    settings_shown::deadlines(lines, "Global", &config.limits);
    lines.add("Global", "drain", seconds(config.drain));
}

fn database(config: &Configuration, lines: &mut Lines) {
    let store = &config.store;
    match &config.uri_file {
        Some(file) => lines.add("Database", "uri_file", path(file)),
        None => lines.add("Database", "uri", quoted(&store.database.to_string())),
    }
    lines.add("Database", "migrate", config.migrate.to_string());
    lines.add("Database", "connections", store.connections.to_string());
    lines.add("Database", "readers", store.readers.to_string());
    lines.add("Database", "max_queue", store.max_queued.to_string());
    lines.add("Database", "lock_wait", seconds(store.max_lock_wait));
}

fn encryption(encryption: &Encryption, lines: &mut Lines) {
    lines.add("Encryption", "middleware", encryption.middleware.name());
    if encryption.middleware == Middleware::Identity {
        return;
    }
    match &encryption.private_key_file {
        Some(file) => lines.add("Encryption", "private_key_file", path(file)),
        None => lines.add("Encryption", "private_key", HIDDEN),
    }
    lines.add("Encryption", "public_key", quoted(&encryption.public_key));
}

fn plugins(config: &Configuration, lines: &mut Lines) {
    let (discovery, remotes) = (&config.discovery, &config.remotes);
    lines.add("Plugins", "directory", path(&discovery.root));
    lines.add(
        "Plugins",
        "python",
        match &discovery.python {
            Python::Program(program) => plain_or_quoted(&program.display().to_string()),
            Python::None => quoted(""),
        },
    );
    let folders: Vec<String> = discovery.python_path.iter().map(|folder| path(folder)).collect();
    if !folders.is_empty() {
        lines.add("Plugins", "python_path", folders.join(", "));
    }
    lines.add("Plugins", "import_time", seconds(discovery.module_time));
    lines.add("Plugins", "check_every", seconds(discovery.check_every));
    lines.add("Plugins", "remote_timeout", seconds(remotes.timeout));
    lines.add("Plugins", "remote_keep", seconds(remotes.keep));
    if let Some(file) = &remotes.authorities {
        lines.add("Plugins", "remote_ca", path(file));
    }
}
