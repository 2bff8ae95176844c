//! What a burp client's configuration says: where the status server is, and which files it names.
//!
//! burp's own format: `key = value` lines, `#` comments, and `. path` to include another file, which
//! may stand relative to the file that includes it. Of a key that stands twice the last counts, but
//! of `status_port` the first. A value in quotes ends with them; without quotes nothing is a comment.

use std::io;
use std::path::{Path, PathBuf};

use ostler_runtime::files::read_regular;

use crate::pattern::Matches;

/// How deep files may include each other.
const MAX_DEPTH: usize = 8;
/// The longest configuration file in bytes.
const MAX_BYTES: u64 = 1 << 20;
/// burp's default status port.
const STATUS_PORT: u16 = 4972;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BurpConfig {
    server: Option<String>,
    status_port: Option<String>,
    pub(crate) peer_name: Option<String>,
    /// The client's own name.
    pub(crate) own_name: Option<String>,
    /// `ssl_cert`: the client's certificate.
    pub(crate) certificate: Option<PathBuf>,
    /// `ssl_key`: its key, which may also stand in the certificate's file.
    pub(crate) key: Option<PathBuf>,
    /// `ssl_cert_ca`: who signs for the server.
    pub(crate) authority: Option<PathBuf>,
    /// `user`: whom burp becomes.
    pub(crate) user: Option<String>,
    /// `group`: whose group it takes.
    pub(crate) group: Option<String>,
    /// The configuration and what it includes, whether it could be read or not.
    pub(crate) files: Vec<PathBuf>,
    /// The directories that are looked through for files to include.
    pub(crate) listed: Vec<PathBuf>,
}

impl BurpConfig {
    /// Reads a client's configuration and everything that it includes.
    pub(crate) fn read(path: &Path) -> io::Result<Self> {
        let (config, read) = Self::read_as_far(path);
        read.map(|()| config)
    }

    /// The same up to the first file that cannot be read, and why it cannot.
    pub(crate) fn read_as_far(path: &Path) -> (Self, io::Result<()>) {
        let mut config = Self::default();
        let read = config.read_file(path, 0);
        (config, read)
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
        let port = port.split_whitespace().next()?;
        port.rsplit(':').next()?.parse().ok()
    }

    fn read_file(&mut self, path: &Path, depth: usize) -> io::Result<()> {
        let failed =
            |kind, words: &str| io::Error::new(kind, format!("{}: {words}", path.display()));
        self.files.push(path.to_owned());
        if depth > MAX_DEPTH {
            return Err(failed(io::ErrorKind::Other, "included too deep"));
        }
        let bytes = read_regular(path, MAX_BYTES.saturating_add(1))
            .map_err(|error| failed(error.kind(), &error.to_string()))?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(failed(io::ErrorKind::Other, "too long for a configuration"));
        }
        for line in String::from_utf8_lossy(&bytes).lines() {
            if let Some(included) = line.strip_prefix(". ") {
                self.include(&path.parent().unwrap_or(Path::new("/")).join(included), depth)?;
            } else if !line.trim_start().starts_with('#') {
                self.read_line(line);
            }
        }
        Ok(())
    }

    fn include(&mut self, pattern: &Path, depth: usize) -> io::Result<()> {
        let Matches { paths, listed } = Matches::of(pattern);
        self.listed.extend(listed);
        if paths.is_empty() {
            self.files.push(pattern.to_owned());
        }
        for path in paths {
            if !path.exists() || path.is_dir() {
                // burp itself says that there is none, and reads nothing from a directory.
                self.files.push(path);
            } else {
                self.read_file(&path, depth + 1)?;
            }
        }
        Ok(())
    }

    fn read_line(&mut self, line: &str) {
        let Some((key, value)) = line.split_once('=') else { return };
        let value = unquoted(value.trim());
        match key.trim() {
            "server" => self.server = Some(value),
            "status_port" => {
                self.status_port.get_or_insert(value);
            }
            "cname" => self.own_name = Some(value),
            "ssl_peer_cn" => self.peer_name = Some(value),
            "ssl_cert" => self.certificate = Some(value.into()),
            "ssl_key" => self.key = Some(value.into()),
            "ssl_cert_ca" => self.authority = Some(value.into()),
            "user" => self.user = Some(value),
            "group" => self.group = Some(value),
            _ => {}
        }
    }
}

/// What stands in the quotes that a value begins with, if it does: a backslash there takes the next
/// character as it is, and what follows the closing quote does not count.
fn unquoted(value: &str) -> String {
    let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return value.to_owned();
    };
    let (mut text, mut rest) = (String::new(), value.chars().skip(1));
    while let Some(c) = rest.next().filter(|c| *c != quote) {
        text.extend(if c == '\\' { rest.next() } else { Some(c) });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(text: &str) -> BurpConfig {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("burp.conf");
        fs::write(directory.path().join("more.conf"), "status_port = 99\nserver = late\n").unwrap();
        fs::write(&path, text).unwrap();
        BurpConfig::read(&path).unwrap()
    }

    #[test]
    fn the_last_of_a_key_counts_but_the_first_status_port_includes_in_their_place() {
        let config =
            read("# server = no\nserver = backup.example:4971\nstatus_port = 4000\n. more.conf\n");
        assert_eq!((config.host(), config.port()), (Some("late"), Some(4000)));
        let config = read(". more.conf\nserver = x\nssl_peer_cn = burpserver\n. missing.conf\n");
        assert_eq!((config.host(), config.port()), (Some("x"), Some(99)));
        assert_eq!(config.peer_name.as_deref(), Some("burpserver"));
        let names: Vec<_> = config.files.iter().map(|file| file.file_name().unwrap()).collect();
        assert_eq!(names, ["burp.conf", "more.conf", "missing.conf"]);
    }

    #[test]
    fn values_end_with_their_quotes_and_patterns_are_followed() {
        let config = read("server = \"x\" # here\nstatus_port = 12 # there\n");
        assert_eq!((config.host(), config.port()), (Some("x"), Some(12)));
        let config = read("ssl_key = '/a\\'b#\\c' d\nssl_cert = /a b # c\n");
        assert_eq!(config.key, Some("/a'b#c".into()));
        assert_eq!(config.certificate, Some("/a b # c".into()));
        let config = read(". mo*e.co?f\n");
        assert_eq!((config.host(), config.port(), config.files.len()), (Some("late"), Some(99), 2));
        assert_eq!(config.listed.len(), 1);
        let config = read(". *.nothing\n. missing\n");
        assert_eq!((config.host(), config.files.len()), (None, 3));
    }

    #[test]
    fn what_comes_before_a_file_that_cannot_be_read_is_known() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("burp.conf");
        fs::write(&path, "ssl_key = /k\n. long\nssl_cert = /c\n").unwrap();
        fs::write(directory.path().join("long"), vec![b'#'; (1 << 20) + 1]).unwrap();
        let (config, read) = BurpConfig::read_as_far(&path);
        assert!(read.is_err() && BurpConfig::read(&path).is_err());
        assert_eq!((config.files.len(), config.key), (2, Some("/k".into())));
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
