//! Takes keys out of a configuration and collects what is wrong with them.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ostler_runtime::Problem;

use crate::{CafConfig, EndpointId, Overflow, Topic};

/// The scheme of a peer's URI.
const SCHEME: &str = "tcp://";

/// See the module. What is wrong with a key is noted, and then it counts as missing.
pub(crate) struct Keys<'a> {
    config: &'a mut CafConfig,
    problems: Vec<Problem>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(config: &'a mut CafConfig) -> Self {
        Self { config, problems: Vec::new() }
    }

    /// All that is wrong.
    pub(crate) fn finish(self) -> Vec<Problem> {
        self.problems
    }

    pub(crate) fn boolean(&mut self, key: &str) -> Option<bool> {
        let value = self.config.boolean(key);
        self.noted(value)
    }

    pub(crate) fn text(&mut self, key: &str) -> Option<String> {
        let value = self.config.text(key);
        self.noted(value)
    }

    pub(crate) fn texts(&mut self, key: &str) -> Vec<String> {
        let value = self.config.texts(key);
        self.noted(value).unwrap_or_default()
    }

    pub(crate) fn path(&mut self, key: &str) -> Option<PathBuf> {
        self.text(key).filter(|text| !text.is_empty()).map(PathBuf::from)
    }

    pub(crate) fn duration(&mut self, key: &str) -> Option<Duration> {
        let value = self.config.duration(key);
        self.noted(value)
    }

    /// How long a peer or a WebSocket client may read nothing: a second or more.
    pub(crate) fn write_timeout(&mut self) -> Option<Duration> {
        const KEY: &str = "broker.write-timeout";
        let time = self.duration(KEY)?;
        if time < Duration::from_secs(1) {
            self.missing(KEY, "must be at least 1s");
        }
        Some(time)
    }

    /// A number of things, at least so many.
    pub(crate) fn size(&mut self, key: &str, least: i64) -> Option<usize> {
        let value = self.config.integer(key, least..=i64::from(i32::MAX));
        self.noted(value).and_then(|size| usize::try_from(size).ok())
    }

    pub(crate) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)]) -> Option<T> {
        let text = self.text(key)?;
        let found = choices.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
            self.missing(key, &format!("must be one of {}", names.join(", ")));
        }
        found.map(|(_, choice)| *choice)
    }

    /// One of these words.
    pub(crate) fn word(&mut self, key: &str, words: &[&'static str]) -> Option<&'static str> {
        let choices: Vec<_> = words.iter().map(|word| (*word, *word)).collect();
        self.choice(key, &choices)
    }

    /// A small number.
    pub(crate) fn count(&mut self, key: &str, range: RangeInclusive<u16>) -> Option<u16> {
        let (least, most) = (i64::from(*range.start()), i64::from(*range.end()));
        let value = self.config.integer(key, least..=most);
        self.noted(value).and_then(|count| u16::try_from(count).ok())
    }

    pub(crate) fn overflow(&mut self, key: &str) -> Option<Overflow> {
        let text = self.text(key)?;
        let policy = text.parse();
        if policy.is_err() {
            let names: Vec<&str> = Overflow::names().collect();
            self.missing(key, &format!("must be one of {}", names.join(", ")));
        }
        policy.ok()
    }

    pub(crate) fn topics(&mut self, key: &str) -> Vec<Topic> {
        let texts = self.texts(key);
        let topics: Result<Vec<Topic>, _> = texts.iter().map(Topic::new).collect();
        topics.unwrap_or_else(|error| {
            self.missing(key, &error.to_string());
            Vec::new()
        })
    }

    pub(crate) fn endpoint_id(&mut self, key: &str) -> Option<EndpointId> {
        let id = self.text(key)?.parse();
        if let Err(error) = &id {
            self.missing(key, &format!("is {error}"));
        }
        // It stands for everybody.
        if id == Ok(EndpointId::NIL) {
            self.missing(key, "must not be nil");
        }
        id.ok()
    }

    /// An address and a port, if the port is set; without an address all there are.
    pub(crate) fn place(&mut self, address: &str, port: &str) -> Option<(String, u16)> {
        let at = self.text(address);
        let value = self.config.port(port);
        let port = self.noted(value)?;
        Some((at.unwrap_or_default(), port))
    }

    /// Hosts with their ports.
    pub(crate) fn peers(&mut self, key: &str) -> Vec<(String, u16)> {
        let value = self.config.uris(key);
        let uris = self.noted(value).unwrap_or_default();
        let peers: Option<Vec<_>> = uris.iter().map(|uri| peer(uri)).collect();
        peers.unwrap_or_else(|| {
            self.missing(key, "must be a list such as [<tcp://host:9999>]");
            Vec::new()
        })
    }

    /// The names of groups that begin so and have keys.
    pub(crate) fn named(&self, prefix: &str) -> BTreeSet<String> {
        self.config.named(prefix)
    }

    /// Whether a key is set, right or wrong; it has been asked for.
    pub(crate) fn was_said(&self, key: &str) -> bool {
        self.config.was_said(key)
    }

    /// Notes each key of a group that was not asked for.
    pub(crate) fn refuse_others(&mut self, group: &str, words: &str) {
        self.problems.extend(self.config.refuse(group, words));
    }

    /// Notes that a key is not there, or is not what it should be.
    pub(crate) fn missing(&mut self, key: &str, words: &str) {
        self.problems.push(self.config.problem(key, words));
    }

    fn noted<T>(&mut self, value: Result<Option<T>, Problem>) -> Option<T> {
        value.unwrap_or_else(|problem| {
            self.problems.push(problem);
            None
        })
    }
}

/// The host and the port of `tcp://host:port`, or of `host:port`.
pub(crate) fn peer(uri: &str) -> Option<(String, u16)> {
    let place = uri.strip_prefix(SCHEME).unwrap_or(uri).trim_end_matches('/');
    let (host, port) = place.rsplit_once(':')?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = port.strip_suffix("/tcp").unwrap_or(port).parse().ok()?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_is_a_host_and_a_port() {
        for (uri, host) in [
            ("tcp://localhost:9999", Some("localhost")),
            ("127.0.0.1:9999", Some("127.0.0.1")),
            ("tcp://[::1]:9999", Some("::1")),
            ("tcp://localhost", None),
            ("tcp://:9999", None),
            ("udp://localhost:x", None),
        ] {
            assert_eq!(peer(uri), host.map(|host| (host.to_owned(), 9999)), "{uri}");
        }
    }
}
