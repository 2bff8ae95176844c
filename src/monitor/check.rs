//! `--check`: the effective configuration, or everything that is wrong with it.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use ostler_net::Address;
use ostler_net::tls::Identity;
use ostler_runtime::{Exit, privileges};

use crate::config::Config;
use crate::load::load;

/// Prints what the daemon would run with, the password hidden, and says on standard error what is
/// wrong or odd. With `strict`, what is odd is wrong.
pub(crate) fn run(path: &Path, strict: bool) -> Exit {
    let (config, warnings) = match load(path) {
        Ok(loaded) => loaded,
        Err(problems) => {
            for problem in problems {
                eprintln!("error: {problem}");
            }
            return Exit::Config;
        }
    };
    for warning in &warnings {
        eprintln!("warning: {warning}");
    }
    let mut wrong = false;
    // What the configuration names is a part of it.
    if let Err(error) = config.tls.as_ref().map(Identity::load).transpose() {
        eprintln!("error: {}: [Global] sslcert, sslkey, sslca: {error}", path.display());
        wrong = true;
    }
    if let Some(user) = config.user.as_deref().filter(|user| !privileges::has_user(user)) {
        eprintln!("error: {}: [Global] user: there is no user {user}", path.display());
        wrong = true;
    }
    if wrong {
        return Exit::Config;
    }
    let shown = io::stdout().write_all(effective(&config).as_bytes());
    match shown {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            eprintln!("error: cannot print: {error}");
            Exit::Os
        }
        _ if strict && !warnings.is_empty() => Exit::Config,
        _ => Exit::Success,
    }
}

/// The configuration as a file that says the same, but for the password.
pub(crate) fn effective(config: &Config) -> String {
    let mut text = String::from("[Global]\n");
    let mut line = |key: &str, value: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{key} = {value}");
    };
    let mut ports = config.addresses.iter().filter_map(|address| match address {
        Address::Inet { port, .. } => Some(*port),
        Address::Unix(_) => None,
    });
    let places: Vec<String> = config.addresses.iter().map(place).collect();
    let path = |path: &Path| quoted(&path.display().to_string());
    let limits = &config.limits;
    line("bind", places.join(", "));
    if let Some(port) = ports.next() {
        line("port", port.to_string());
    }
    match &config.password_file {
        Some(file) => line("password_file", path(file)),
        None => line("password", "(hidden)".to_owned()),
    }
    line("pool", config.pool.to_string());
    line("transport", config.transport.name().to_owned());
    line("ssl", config.tls.is_some().to_string());
    if let Some(tls) = &config.tls {
        line("sslcert", path(&tls.certificate));
        line("sslkey", path(&tls.key));
        if let Some(authority) = &tls.client_ca {
            line("sslca", path(authority));
        }
    }
    if let Some(user) = &config.user {
        line("user", plain_or_quoted(user));
    }
    line("threads", config.threads.to_string());
    line("max_connections", limits.max_connections.to_string());
    line("max_unauthenticated", limits.max_unauthenticated.to_string());
    let trusted: Vec<String> = limits.trusted.iter().map(ToString::to_string).collect();
    if !trusted.is_empty() {
        line("trusted", trusted.join(", "));
    }
    line("max_request", limits.max_request.to_string());
    line("max_answer", config.max_answer.to_string());
    line("max_pending_answers", limits.max_pending_answers.to_string());
    line("max_queue", config.max_queue.to_string());
    line("max_cache", config.max_cache.to_string());
    line("max_requests", config.max_requests.to_string());
    line("max_age", seconds(config.max_age.unwrap_or_default()));
    line("start_deadline", seconds(config.start_deadline));
    line("header_deadline", seconds(limits.header_deadline));
    line("request_deadline", seconds(limits.request_deadline));
    line("write_deadline", seconds(limits.write_deadline));
    line("keep_idle", seconds(limits.keep_idle));
    line("drain", seconds(config.drain));
    if let Some(directory) = &config.runtime_dir {
        line("runtime_dir", path(directory));
    }
    let _ = writeln!(text, "[Burp]");
    let mut line = |key: &str, value: String| {
        let _ = writeln!(text, "{key} = {value}");
    };
    line("burpbin", path(&config.burp_binary));
    line("bconfcli", path(&config.client_config));
    line("timeout", seconds(config.timeout));
    text
}

fn place(address: &Address) -> String {
    match address {
        Address::Inet { host, .. } => plain_or_quoted(host),
        Address::Unix(path) => quoted(&format!("unix:{}", path.display())),
    }
}

/// As it stands, if nothing in it means anything in a file.
fn plain_or_quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, ':' | '.' | '-' | '_' | '%');
    if !text.is_empty() && text.chars().all(plain) { text.to_owned() } else { quoted(text) }
}

/// In the quotes that do not stand in it. There is no way to write a text that has both.
fn quoted(text: &str) -> String {
    let quote = if text.contains('"') { '\'' } else { '"' };
    format!("{quote}{text}{quote}")
}

/// To the nanosecond, which a floating-point number would miss.
fn seconds(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_to_the_nanosecond() {
        for (time, text) in [
            (Duration::ZERO, "0"),
            (Duration::from_secs(10), "10"),
            (Duration::from_millis(4350), "4.35"),
            (Duration::from_nanos(1), "0.000000001"),
            (Duration::new(31_535_999, 999_999_999), "31535999.999999999"),
        ] {
            assert_eq!(seconds(time), text);
        }
    }

    #[test]
    fn texts_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("::1", "::1"),
            ("fe80::1%lo", "fe80::1%lo"),
            ("a, b", "\"a, b\""),
            ("a\"b", "'a\"b'"),
            ("", "\"\""),
        ] {
            assert_eq!(plain_or_quoted(text), written);
        }
    }
}
