//! The rows of the table: what is asked, by whom, and what must come back.

use serde_json::Value;

use crate::child::{BareChild, Question};
use crate::failure::Failure;
use crate::load::Request;

/// The password of the daemons under test.
pub(crate) const PASSWORD: &str = "bench";
/// The entries of the big directory.
pub(crate) const BIG_ENTRIES: usize = 20_000;
/// The clients whose summary takes about 40 kB, beside the one that they are copies of.
pub(crate) const WIDE_CLIENTS: usize = 200;
/// The most clients that the distinct rows tell apart.
const DISTINCT: usize = 9;
const STATS: &str = "c:client1:b:2:l:backup_stats";

/// A row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The daemon's own version; no child takes part.
    Version,
    /// The summary, from the cache.
    Cached,
    /// The summary from burp, the same for all.
    Uncached,
    /// Single clients and backups from burp, another for each of up to nine clients.
    Distinct,
    /// The statistics of one backup from burp, the same for all.
    Stats,
    /// The statistics of another backup for each of up to nine clients.
    StatsDistinct,
    /// One part each of uncached summary and statistics, two of version, four of cached summary.
    Mix,
    /// The summary of 200 clients from burp, 40 kB.
    Wide,
    /// A directory of 20 000 entries from burp, 4 MB.
    Browse,
}

impl Kind {
    /// Every row. The browse comes last, since it is what makes memory grow.
    pub(crate) const ALL: &[Self] = &[
        Self::Version,
        Self::Cached,
        Self::Uncached,
        Self::Distinct,
        Self::Stats,
        Self::StatsDistinct,
        Self::Mix,
        Self::Wide,
        Self::Browse,
    ];
    /// The rows of a short run: all that need no large installation.
    pub(crate) const SMOKE: &[Self] = &[
        Self::Version,
        Self::Cached,
        Self::Uncached,
        Self::Distinct,
        Self::Stats,
        Self::StatsDistinct,
        Self::Mix,
    ];

    /// The rows that are also run over TLS where none are named: those where it can be seen.
    pub(crate) const TLS: &[Self] =
        &[Self::Version, Self::Cached, Self::Uncached, Self::Stats, Self::Mix];

    /// The name in the table and on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Cached => "cached",
            Self::Uncached => "uncached",
            Self::Distinct => "distinct",
            Self::Stats => "stats",
            Self::StatsDistinct => "stats-distinct",
            Self::Mix => "mix",
            Self::Wide => "wide",
            Self::Browse => "browse",
        }
    }

    /// All names, for the help.
    pub(crate) fn names() -> String {
        Self::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
    }

    /// The row called `name`.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|kind| kind.name() == name);
        found.copied().ok_or_else(|| format!("no such row, there are {}", Self::names()))
    }

    /// Whether every request costs burp a query, so that bare children can be driven the same way.
    pub(crate) fn asks_burp(self) -> bool {
        !matches!(self, Self::Version | Self::Cached | Self::Mix)
    }
}

/// A row that is ready to be run.
#[derive(Debug)]
pub(crate) struct Row {
    /// Which one.
    pub(crate) kind: Kind,
    /// Its different requests.
    pub(crate) requests: Vec<Request>,
    /// The same as bare queries, where [`Kind::asks_burp`].
    pub(crate) questions: Vec<Question>,
}

impl Row {
    /// Asks `child` for the right answers.
    pub(crate) fn prepare(kind: Kind, child: &mut BareChild) -> Result<Self, Failure> {
        let mut requests = Vec::new();
        let mut questions = Vec::new();
        if matches!(kind, Kind::Version | Kind::Mix) {
            requests.push(version());
        }
        for (query, cache) in queries(kind, child)? {
            let question = Question::new(&query);
            requests
                .push(Request { frame: ask(&query, cache), answer: answer(child.ask(&question)?) });
            questions.push(question);
        }
        Ok(Self { kind, requests, questions })
    }

    /// What client number `client` sends, in turn.
    pub(crate) fn plan(&self, client: usize) -> Vec<&Request> {
        match self.kind {
            Kind::Distinct | Kind::StatsDistinct => {
                self.requests.iter().cycle().skip(client % self.requests.len()).take(1).collect()
            }
            Kind::Mix => {
                // Version, cached, uncached, statistics, in this order; each client begins elsewhere.
                let turns = [0, 1, 1, 2, 0, 1, 1, 3];
                let turns = turns.iter().cycle().skip(client % turns.len()).take(turns.len());
                turns.filter_map(|&turn| self.requests.get(turn)).collect()
            }
            _ => self.requests.iter().collect(),
        }
    }
}

/// The request for the daemon's version, with its answer.
pub(crate) fn version() -> Request {
    let body = format!(r#"{{"func": "monitor_version", "password": "{PASSWORD}"}}"#);
    Request { frame: framed(b"", body.as_bytes()), answer: answer(b"1.1.1") }
}

/// The request for an uncached summary, with its answer.
pub(crate) fn summary(child: &mut BareChild) -> Result<Request, Failure> {
    request(child, "c:", false)
}

/// The request for a query, whose answer may come from the cache or not, with what `child` answers.
pub(crate) fn request(child: &mut BareChild, query: &str, cache: bool) -> Result<Request, Failure> {
    let right = answer(child.ask(&Question::new(query))?);
    Ok(Request { frame: ask(query, cache), answer: right })
}

fn queries(kind: Kind, child: &mut BareChild) -> Result<Vec<(String, bool)>, Failure> {
    let uncached = |queries: Vec<String>| queries.into_iter().map(|text| (text, false)).collect();
    let numbered = || (1..=DISTINCT).map(|i| ((i - 1) % 3 + 1, (i - 1) / 3 + 1));
    Ok(match kind {
        Kind::Version => Vec::new(),
        Kind::Cached => vec![("c:".to_owned(), true)],
        Kind::Uncached | Kind::Wide => uncached(vec!["c:".to_owned()]),
        Kind::Distinct => uncached(numbered().map(|(c, b)| format!("c:client{c}:b:{b}")).collect()),
        Kind::Stats => uncached(vec![STATS.to_owned()]),
        Kind::StatsDistinct => {
            uncached(numbered().map(|(c, b)| format!("c:client{c}:b:{b}:l:backup_stats")).collect())
        }
        Kind::Mix => {
            vec![("c:".to_owned(), true), ("c:".to_owned(), false), (STATS.to_owned(), false)]
        }
        Kind::Browse => uncached(vec![big_directory(child)?]),
    })
}

/// Descends from the top until a directory has as many entries as the big one.
fn big_directory(child: &mut BareChild) -> Result<String, Failure> {
    let mut query = "c:bigclient:b:1:p:".to_owned();
    let mut path = String::new();
    for _ in 0..32 {
        let reply = child.ask(&Question::new(&format!("{query}{path}")))?;
        let reply: Value = serde_json::from_slice(reply)
            .map_err(|error| Failure::Program(format!("burp's answer is no JSON: {error}")))?;
        let entries =
            reply.pointer("/clients/0/backups/0/browse/entries").and_then(Value::as_array);
        let names: Vec<&str> = entries
            .iter()
            .flat_map(|entries| entries.iter())
            .filter_map(|entry| entry.get("name").and_then(Value::as_str))
            .filter(|&name| name != ".")
            .collect();
        if names.len() >= BIG_ENTRIES {
            query.push_str(&path);
            return Ok(query);
        }
        let Some(name) = names.first() else { break };
        if !path.is_empty() && !path.ends_with('/') {
            path.push('/');
        }
        path.push_str(name);
    }
    Err(Failure::Program(format!("no directory of {BIG_ENTRIES} entries below {path}")))
}

fn ask(query: &str, cache: bool) -> Vec<u8> {
    let query = Value::from(query);
    let body = format!(
        r#"{{"query": {query}, "timeout": null, "cache": {cache}, "password": "{PASSWORD}"}}"#
    );
    framed(b"", body.as_bytes())
}

fn answer(body: &[u8]) -> Vec<u8> {
    framed(b"OK", body)
}

fn framed(status: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u64::try_from(body.len()).unwrap_or(u64::MAX).to_be_bytes();
    [status, &length, body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_a_length_and_a_body() {
        assert_eq!(framed(b"OK", b"ab"), b"OK\0\0\0\0\0\0\0\x02ab");
        let request = version();
        assert_eq!(request.frame.len(), 8 + usize::from(request.frame[7]));
    }

    #[test]
    fn every_row_is_found_by_its_name() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.name()), Ok(*kind));
        }
    }

    #[test]
    fn distinct_rows_give_each_client_its_own_query_and_the_mix_keeps_its_parts() {
        let request = |n: u8| Request { frame: vec![n], answer: Vec::new() };
        let mut row = Row {
            kind: Kind::Distinct,
            requests: (0..4).map(request).collect(),
            questions: Vec::new(),
        };
        assert_eq!(row.plan(6).len(), 1);
        assert_eq!(row.plan(6)[0].frame, [2]);
        row.kind = Kind::Mix;
        let counts = [0, 1, 2, 3].map(|n| row.plan(5).iter().filter(|r| r.frame == [n]).count());
        assert_eq!(counts, [2, 4, 1, 1]);
    }
}
