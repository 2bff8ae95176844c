//! A configuration as it takes effect: the lines of a file that says the same, but for the
//! password.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use ostler_net::Address;

use crate::config::Config;

/// See the module. Shown, it is the file.
#[derive(Debug, Default)]
pub(crate) struct Effective {
    lines: Vec<Line>,
}

/// A key in its section, and its value as it is written.
#[derive(Debug)]
struct Line {
    section: &'static str,
    key: &'static str,
    value: String,
}

impl Effective {
    /// What `config` says, which was read from a file or is the default.
    pub(crate) fn of(config: &Config) -> Self {
        let mut effective = Self::default();
        effective.global(config);
        effective.add("Burp", "burpbin", path(&config.burp_binary));
        effective.add("Burp", "bconfcli", path(&config.client_config));
        effective.add("Burp", "timeout", seconds(config.timeout));
        effective.listen("Status", &config.status_addresses);
        effective.add("Status", "max_viewers", config.max_viewers.to_string());
        effective
    }

    /// The value of a key as it is written, if it takes effect.
    pub(crate) fn value(&self, section: &str, key: &str) -> Option<&str> {
        let mut lines = self.lines.iter();
        let line = lines.find(|line| line.section == section && line.key == key);
        line.map(|line| line.value.as_str())
    }

    fn global(&mut self, config: &Config) {
        let limits = &config.limits;
        self.listen("Global", &config.addresses);
        let mut line = |key, value| self.add("Global", key, value);
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
    }

    /// Where something is listened for, if it is anywhere.
    fn listen(&mut self, section: &'static str, addresses: &[Address]) {
        if addresses.is_empty() {
            return;
        }
        let places: Vec<String> = addresses.iter().map(place).collect();
        self.add(section, "bind", places.join(", "));
        let mut ports = addresses.iter().filter_map(|address| match address {
            Address::Inet { port, .. } => Some(*port),
            Address::Unix(_) => None,
        });
        if let Some(port) = ports.next() {
            self.add(section, "port", port.to_string());
        }
    }

    fn add(&mut self, section: &'static str, key: &'static str, value: String) {
        self.lines.push(Line { section, key, value });
    }
}

impl fmt::Display for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = "";
        for Line { section, key, value } in &self.lines {
            if *section != open {
                writeln!(f, "[{section}]")?;
                open = section;
            }
            writeln!(f, "{key} = {value}")?;
        }
        Ok(())
    }
}

fn path(path: &Path) -> String {
    quoted(&path.display().to_string())
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
