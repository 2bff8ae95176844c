//! What the relay needs from a burp client's configuration: where the status server is.
//!
//! burp's own format: `key = value` lines, `#` comments, and `. path` to include another file, which
//! may stand relative to the file that includes it. Of a key that stands twice, the first counts.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How deep files may include each other.
const MAX_DEPTH: usize = 8;
/// The longest configuration file in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// burp's default status port.
const STATUS_PORT: u16 = 4972;

/// Where the status server is, and what the files say beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BurpConfig {
    server: Option<String>,
    status_port: Option<String>,
    pub(crate) peer_name: Option<String>,
    /// The client's own name.
    pub(crate) own_name: Option<String>,
    /// The files that were read: the configuration and what it includes.
    pub(crate) files: Vec<PathBuf>,
}

impl BurpConfig {
    /// Reads a client's configuration and everything that it includes.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let mut config = Self::default();
        config.read_file(path, 0)?;
        Ok(config)
    }

    /// The status server's host.
    pub(crate) fn host(&self) -> Option<&str> {
        let server = self.server.as_deref()?;
        Some(server.rsplit_once(':').map_or(server, |(host, port)| match port.parse::<u16>() {
            // An IPv6 address without a port ends in a number too, but has more colons.
            Ok(_) if !host.contains(':') || host.ends_with(']') => host,
            _ => server,
        }))
        .map(|host| host.trim_start_matches('[').trim_end_matches(']'))
    }

    /// The status server's port.
    pub(crate) fn port(&self) -> Option<u16> {
        let Some(port) = self.status_port.as_deref() else { return Some(STATUS_PORT) };
        port.rsplit(':').next()?.parse().ok()
    }

    fn read_file(&mut self, path: &Path, depth: usize) -> io::Result<()> {
        let failed = |words: &str| io::Error::other(format!("{}: {words}", path.display()));
        if depth > MAX_DEPTH {
            return Err(failed("included too deep"));
        }
        let size = fs::metadata(path).map_err(|error| failed(&error.to_string()))?.len();
        if size > MAX_BYTES {
            return Err(failed("too long for a configuration"));
        }
        self.files.push(path.to_owned());
        let bytes = fs::read(path).map_err(|error| failed(&error.to_string()))?;
        for line in String::from_utf8_lossy(&bytes).lines().map(str::trim) {
            if let Some(included) = line.strip_prefix(". ") {
                let included = path.parent().unwrap_or(Path::new("/")).join(included.trim());
                // burp itself decides whether a missing include matters.
                for included in matching(&included).into_iter().filter(|path| path.is_file()) {
                    self.read_file(&included, depth + 1)?;
                }
            } else if !line.starts_with('#') {
                self.read_line(line);
            }
        }
        Ok(())
    }

    fn read_line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let value = value.split(" #").next().unwrap_or_default();
        let value = value.trim().trim_matches('"').to_owned();
        let place = match key.trim() {
            "server" => &mut self.server,
            "status_port" => &mut self.status_port,
            "cname" => &mut self.own_name,
            "ssl_peer_cn" => &mut self.peer_name,
            _ => return,
        };
        place.get_or_insert(value);
    }
}

/// The files that a pattern stands for, sorted: `*` and `?` in the last part of a path.
fn matching(pattern: &Path) -> Vec<PathBuf> {
    let name = pattern.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !name.contains(['*', '?']) {
        return vec![pattern.to_owned()];
    }
    let directory = pattern.parent().unwrap_or(Path::new("/"));
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter(|entry| {
            let entry = entry.file_name();
            let entry = entry.to_string_lossy();
            !entry.starts_with('.') && is_match(name.as_bytes(), entry.as_bytes())
        })
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    paths
}

fn is_match(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => {
            (0..=name.len()).any(|skip| is_match(rest, name.get(skip..).unwrap_or_default()))
        }
        Some((first, rest)) => name
            .split_first()
            .is_some_and(|(byte, name)| (*first == b'?' || first == byte) && is_match(rest, name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> BurpConfig {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("burp.conf");
        fs::write(directory.path().join("more.conf"), "status_port = 99\nserver = late\n").unwrap();
        fs::write(&path, text).unwrap();
        BurpConfig::read(&path).unwrap()
    }

    #[test]
    fn the_first_of_a_key_counts_includes_in_their_place() {
        let config =
            read("# server = no\nserver = backup.example:4971\nstatus_port = 4000\n. more.conf\n");
        assert_eq!((config.host(), config.port()), (Some("backup.example"), Some(4000)));
        let config = read(". more.conf\nserver = x\nssl_peer_cn = burpserver\n. missing.conf\n");
        assert_eq!((config.host(), config.port()), (Some("late"), Some(99)));
        assert_eq!(config.peer_name.as_deref(), Some("burpserver"));
        assert_eq!(config.files.len(), 2);
    }

    #[test]
    fn comments_are_cut_and_patterns_are_followed() {
        let config = read("server = x # here\nstatus_port = 12 # there\n");
        assert_eq!((config.host(), config.port()), (Some("x"), Some(12)));
        let config = read(". mo*e.co?f\n");
        assert_eq!((config.host(), config.port(), config.files.len()), (Some("late"), Some(99), 2));
        assert_eq!(read(". *.nothing\n").host(), None);
    }

    #[test]
    fn hosts_and_ports_in_all_their_forms() {
        for (server, host) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:4971", "10.0.0.1"),
            ("::1", "::1"),
            ("[::1]:4971", "::1"),
            ("\"name\"", "name"),
        ] {
            let config = read(&format!("server = {server}\n"));
            assert_eq!((config.host(), config.port()), (Some(host), Some(4972)), "{server}");
        }
        assert_eq!(read("status_port = 0.0.0.0:5\n").port(), Some(5));
        assert_eq!(read("status_port = x\n").port(), None);
        assert_eq!(read("").host(), None);
    }
}
