//! The command line. Anything it does not know is an error, since a mistyped row would otherwise
//! measure nothing.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::load::Wire;
use crate::rows::Kind;

const ABOUT: &str = "Measures bui-monitor beside Burp-UI's original daemon, both in front of the \
same private burp server and under the same clients, in alternating rounds.";

const EXIT: &str = "Prints Markdown. Exit codes: 0 measured; 1 a bar was missed (--strict); 64 \
usage; 69 burp or python3 is missing; 70 a daemon failed or answered wrongly; 71 the system \
refused something; 130 interrupted.";

/// What to measure.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(crate) struct Options {
    /// The virtual environment with the original; `None` leaves the original out.
    pub(crate) original: Option<PathBuf>,
    /// Our daemon's binary; `None` builds it.
    pub(crate) ours: Option<PathBuf>,
    /// Measure the original and the limits alone.
    pub(crate) without_ours: bool,
    /// The rows, in the order of the table.
    pub(crate) rows: Vec<Kind>,
    /// The rows over TLS.
    pub(crate) tls_rows: Vec<Kind>,
    /// Numbers of simultaneous clients.
    pub(crate) clients: Vec<usize>,
    /// Sizes of the pool.
    pub(crate) pools: Vec<usize>,
    /// Values of our `transport` key; ours runs once for each.
    pub(crate) transports: Vec<String>,
    /// Further lines for `[Global]` of our configuration.
    pub(crate) settings: Vec<(String, String)>,
    /// Rounds a row.
    pub(crate) rounds: usize,
    /// The time for one round of one side.
    pub(crate) round: Duration,
    /// At most this many requests a client and round.
    pub(crate) count: usize,
    /// Send header and body in two writes, as Burp-UI does.
    pub(crate) two_writes: bool,
    /// Exit 1 when a bar was missed.
    pub(crate) strict: bool,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
    /// A short run of ours, for correctness only.
    pub(crate) smoke: bool,
    /// The benchmark of the original's manual instead of the rows.
    pub(crate) manual: bool,
    /// The catalogue instead of the rows.
    pub(crate) katalogus: bool,
    /// The workers instead of the rows.
    pub(crate) boefjes: bool,
    /// The broker instead of the rows.
    pub(crate) broker: bool,
    /// The broker's stores instead of the rows.
    pub(crate) stores: bool,
    /// Two daemons that share their answers instead of the rows.
    pub(crate) shared_cache: bool,
    /// Be the bare loop on this port, and nothing else.
    pub(crate) serve_bare: Option<u16>,
    /// Be the bare echo on this port, and nothing else.
    pub(crate) serve_echo: Option<u16>,
}

impl Options {
    /// Reads the arguments of this process. The error prints itself (help is one too).
    pub(crate) fn parse() -> Result<Self, clap::Error> {
        command().try_get_matches().map(|found| Self::chosen(&found))
    }

    fn chosen(found: &ArgMatches) -> Self {
        let smoke = found.get_flag("smoke");
        let full = found.get_flag("full");
        let shared_cache = found.get_flag("shared-cache");
        let numbers = |name: &str, preset: &[usize]| {
            let asked = all::<usize>(found, name);
            if asked.is_empty() { preset.to_vec() } else { asked }
        };
        let rows = all::<Kind>(found, "rows");
        let wires = all::<Wire>(found, "wire");
        let over = |wire, preset: &[Kind]| {
            if !wires.is_empty() && !wires.contains(&wire) {
                Vec::new()
            } else if rows.is_empty() {
                preset.to_vec()
            } else {
                rows.clone()
            }
        };
        // A shared cache shows what it saves only where answers grow too old several times.
        let seconds = match (smoke, shared_cache) {
            (true, _) => 0.2,
            (false, true) => 10.0,
            (false, false) => 1.0,
        };
        let seconds = one::<f64>(found, "seconds").unwrap_or(seconds);
        let transports = all::<String>(found, "transport");
        Self {
            original: one(found, "original").filter(|_| !smoke),
            ours: one(found, "ours"),
            without_ours: found.get_flag("without-ours"),
            rows: over(Wire::Plain, if smoke { Kind::SMOKE } else { Kind::ALL }),
            tls_rows: over(Wire::Tls, if smoke { &[Kind::Version] } else { Kind::TLS }),
            clients: numbers(
                "clients",
                match (full, shared_cache) {
                    (_, true) => &[4],
                    (true, false) => &[1, 8, 32],
                    (false, false) => &[1, 8],
                },
            ),
            pools: numbers("pool", if full { &[2, 5] } else { &[2] }),
            transports: if transports.is_empty() { vec!["auto".to_owned()] } else { transports },
            settings: all(found, "set"),
            rounds: one(found, "rounds").unwrap_or(if smoke { 1 } else { 3 }),
            round: Duration::from_secs_f64(seconds.clamp(0.01, 600.0)),
            count: one(found, "count").unwrap_or(if smoke { 500 } else { usize::MAX }),
            two_writes: found.get_flag("two-writes"),
            strict: found.get_flag("strict"),
            json: one(found, "json"),
            smoke,
            manual: found.get_flag("manual"),
            katalogus: found.get_flag("katalogus"),
            boefjes: found.get_flag("boefjes"),
            broker: found.get_flag("broker"),
            stores: found.get_flag("stores"),
            shared_cache,
            serve_bare: one(found, "serve-bare"),
            serve_echo: one(found, "serve-echo"),
        }
    }
}

fn command() -> Command {
    let path = || clap::value_parser!(PathBuf);
    Command::new("bench")
        .about(ABOUT)
        .after_help(EXIT)
        .args([
            valued("original", "DIR", "Also run the original from the virtual environment DIR")
                .value_parser(path())
                .long_help(
                    "Also run the original from the virtual environment DIR, which is made and \
                     filled from PyPI (needs python3 and its venv) unless DIR/bin/bui-monitor exists",
                ),
            valued("ours", "PATH", "Our daemon; without it, the release profile is built")
                .value_parser(path()),
            flag("without-ours", "Measure the original and the limits alone"),
            list("rows", "ROW", "Rows to measure").value_parser(Kind::parse),
            list("wire", "WIRE", "plain, tls or both [default: both]").value_parser(Wire::parse),
            list("clients", "N", "Simultaneous clients [default: 1,8]; with --shared-cache, of each daemon [default: 4]").value_parser(number()),
            list("pool", "N", "Sizes of the pool [default: 2]").value_parser(number()),
            list("transport", "NAME", "Run ours once with each [default: auto]"),
            valued("set", "KEY=VALUE", "A further [Global] key for ours, may be repeated")
                .action(ArgAction::Append)
                .value_parser(setting),
            valued("rounds", "N", "Rounds a row [default: 3]").value_parser(number()),
            valued("seconds", "S", "Length of a round and side [default: 1; with --shared-cache 10]")
                .value_parser(clap::value_parser!(f64)),
            valued("count", "N", "At most N requests a client and round")
                .value_parser(number()),
            flag("two-writes", "Send header and body separately, as Burp-UI does"),
            flag("full", "1, 8 and 32 clients, pools of 2 and 5"),
            flag("smoke", "Ours alone, in about ten seconds: fails on errors, not on figures"),
            flag("manual", "Instead of the rows: twelve parallel requests to Burp-UI itself")
                .requires("original")
                .conflicts_with_all(["smoke", "rows", "clients", "seconds", "count"])
                .conflicts_with_all(["two-writes", "full", "strict"]),
            flag("katalogus", "Instead of bui-monitor: the catalogue")
                .conflicts_with_all(["original", "without-ours", "rows", "wire", "pool"])
                .conflicts_with_all(["transport", "set", "two-writes", "full", "manual"]),
            flag("boefjes", "Instead of bui-monitor: the workers of OpenKAT, with pools of 1, 2 and 4")
                .conflicts_with_all(["original", "without-ours", "rows", "wire", "pool", "clients"])
                .conflicts_with_all(["transport", "set", "two-writes", "full", "manual"])
                .conflicts_with_all(["katalogus", "count"]),
            flag("broker", "Instead of bui-monitor: the broker, natively and by WebSocket")
                .conflicts_with_all(["original", "without-ours", "rows", "wire", "pool", "clients"])
                .conflicts_with_all(["transport", "set", "two-writes", "full", "manual"])
                .conflicts_with_all(["katalogus", "boefjes", "seconds"]),
            flag("stores", "Instead of bui-monitor: the broker's stores")
                .conflicts_with_all(["original", "without-ours", "rows", "wire", "pool", "clients"])
                .conflicts_with_all(["transport", "set", "two-writes", "full", "manual"])
                .conflicts_with_all(["katalogus", "boefjes", "broker", "seconds", "ours"]),
            flag("shared-cache", "Instead of the rows: two daemons that share their answers, and two apart")
                .conflicts_with_all(["original", "without-ours", "rows", "wire", "pool"])
                .conflicts_with_all(["transport", "full", "manual"])
                .conflicts_with_all(["katalogus", "boefjes", "broker", "stores"]),
            flag("strict", "Exit 1 when a bar is missed"),
            valued("json", "FILE", "Also write every figure to FILE").value_parser(path()),
            valued("serve-bare", "PORT", "").hide(true).value_parser(clap::value_parser!(u16)),
            valued("serve-echo", "PORT", "").hide(true).value_parser(clap::value_parser!(u16)),
        ])
}

fn valued(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn list(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    let help = if name == "rows" { format!("{help}: {}", Kind::names()) } else { help.to_owned() };
    valued(name, value, "").help(help).value_delimiter(',').action(ArgAction::Append)
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn number() -> ValueParser {
    ValueParser::new(|text: &str| match text.parse::<usize>() {
        Ok(0) | Err(_) => Err("a number from 1 on is needed".to_owned()),
        Ok(number) => Ok(number),
    })
}

fn setting(text: &str) -> Result<(String, String), String> {
    text.split_once('=')
        .map(|(key, value)| (key.trim().to_owned(), value.trim().to_owned()))
        .ok_or_else(|| "KEY=VALUE is needed".to_owned())
}

fn one<T: Clone + Send + Sync + 'static>(found: &ArgMatches, name: &str) -> Option<T> {
    found.get_one::<T>(name).cloned()
}

fn all<T: Clone + Send + Sync + 'static>(found: &ArgMatches, name: &str) -> Vec<T> {
    found.get_many::<T>(name).map(|values| values.cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound_and_refuses_what_it_does_not_know() {
        command().debug_assert();
        assert!(command().try_get_matches_from(["bench", "--rows", "nonsense"]).is_err());
        assert!(command().try_get_matches_from(["bench", "--clients", "0"]).is_err());
        assert!(command().try_get_matches_from(["bench", "--set", "alone"]).is_err());
        assert!(command().try_get_matches_from(["bench", "--manual"]).is_err());
        assert!(
            command().try_get_matches_from(["bench", "--shared-cache", "--pool", "2"]).is_err()
        );
    }

    #[test]
    fn lists_are_split_at_commas() {
        let found =
            command().try_get_matches_from(["bench", "--rows", "version,mix", "--set", "a = 1"]);
        let options = Options::chosen(&found.unwrap());
        assert_eq!(options.rows, [Kind::Version, Kind::Mix]);
        assert_eq!(options.settings, [("a".to_owned(), "1".to_owned())]);
    }
}
