//! A configuration as it takes effect: the lines of a file that says the same, but for the
//! password.

use ostler_net::settings_shown;
use ostler_runtime::shown::{Lines, path, plain_or_quoted, seconds};

use crate::config::Config;

/// What `config` says, which was read from a file or is the default.
pub(crate) fn of(config: &Config) -> Lines {
    let mut lines = Lines::default();
    global(config, &mut lines);
    lines.add("Burp", "burpbin", path(&config.burp_binary));
    lines.add("Burp", "bconfcli", path(&config.client_config));
    lines.add("Burp", "timeout", seconds(config.timeout));
    settings_shown::addresses(&mut lines, "Status", &config.status_addresses);
    lines.add("Status", "max_viewers", config.max_viewers.to_string());
    if let Some(events) = &config.events {
        events.show(&mut lines);
    }
    if let Some(cache) = &config.shared_cache {
        cache.show(&mut lines);
    }
    lines
}

fn global(config: &Config, lines: &mut Lines) {
    let limits = &config.limits;
    settings_shown::addresses(lines, "Global", &config.addresses);
    let mut line = |key, value| lines.add("Global", key, value);
    match &config.password_file {
        Some(file) => line("password_file", path(file)),
        None => line("password", "(hidden)".to_owned()),
    }
    line("pool", config.pool.to_string());
    line("transport", config.transport.name().to_owned());
    settings_shown::tls(lines, "Global", config.tls.as_ref());
    let mut line = |key, value| lines.add("Global", key, value);
    if let Some(user) = &config.user {
        line("user", plain_or_quoted(user));
    }
    line("threads", config.threads.to_string());
    settings_shown::places(lines, "Global", limits);
    let mut line = |key, value| lines.add("Global", key, value);
    line("max_answer", config.max_answer.to_string());
    line("max_pending_answers", limits.max_pending_answers.to_string());
    line("max_queue", config.max_queue.to_string());
    line("max_cache", config.max_cache.to_string());
    line("max_requests", config.max_requests.to_string());
    line("max_age", seconds(config.max_age.unwrap_or_default()));
    line("start_deadline", seconds(config.start_deadline));
    settings_shown::deadlines(lines, "Global", limits);
    let mut line = |key, value| lines.add("Global", key, value);
    line("drain", seconds(config.drain));
    if let Some(directory) = &config.runtime_dir {
        line("runtime_dir", path(directory));
    }
}
