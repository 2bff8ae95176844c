//! The command line of `broker-throughput`.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::node_options::dotted;
use crate::throughput_events::EventType;

/// The fewest batches a second: about one a day.
const LEAST_RATE: f64 = 1e-5;
/// How often batches become larger, in seconds: from a thousandth to a day.
const LEAST_INTERVAL: f64 = 1e-3;
const MOST_INTERVAL: f64 = 86_400.0;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where to listen, or whom to send to.
    pub address: (String, u16),
    /// What to do there.
    pub role: Role,
    /// `--verbose`.
    pub verbose: bool,
    /// `--config-file`, for how it says that peers are spoken with.
    pub config_file: Option<PathBuf>,
    /// Keys with their values as they are written.
    pub keys: Vec<(String, String)>,
}

/// Which side of a measurement this is.
#[derive(Clone, Debug, PartialEq)]
pub enum Role {
    /// Counts what comes.
    Server,
    /// Sends.
    Client(Load),
}

/// What a client sends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// `--event-type`.
    pub event_type: EventType,
    /// `--batch-rate`: batches a second; zero for as many as possible.
    pub batch_rate: f64,
    /// `--batch-size`: events in a batch.
    pub batch_size: NonZeroU64,
    /// `--batch-size-increase-interval`: how often batches become larger; zero for never.
    pub increase_interval: Duration,
    /// `--batch-size-increase-amount`: by how many events.
    pub increase_amount: u64,
    /// `--max-received`: the end, once so many have arrived; zero for none.
    pub max_received: u64,
    /// `--max-in-flight`: the end, once so many were sent and have not arrived; zero for none.
    pub max_in_flight: u64,
}

impl Options {
    /// Reads the arguments, the program's name first. The error is clap's, which prints itself, as
    /// it also does for `--help` and `--version`.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString>,
    {
        let (mut keys, others) = dotted(arguments);
        let mut matches = command().try_get_matches_from(others)?;
        if matches.get_flag("disable-ssl") {
            keys.push(("broker.disable-ssl".to_owned(), "true".to_owned()));
        }
        let config_file = matches.remove_one("config-file");
        let address = matches.remove_one("address").unwrap_or_default();
        let verbose = matches.get_flag("verbose");
        let role = if matches.get_flag("server") {
            Role::Server
        } else {
            Role::Client(load(&mut matches))
        };
        Ok(Self { address, role, verbose, config_file, keys })
    }
}

fn load(matches: &mut ArgMatches) -> Load {
    let mut number = |name| matches.remove_one(name).unwrap_or_default();
    Load {
        increase_amount: number("batch-size-increase-amount"),
        max_received: number("max-received"),
        max_in_flight: number("max-in-flight"),
        increase_interval: matches.remove_one("batch-size-increase-interval").unwrap_or_default(),
        event_type: matches.remove_one("event-type").unwrap_or_default(),
        batch_rate: matches.remove_one("batch-rate").unwrap_or_default(),
        batch_size: matches.remove_one("batch-size").unwrap_or(NonZeroU64::MIN),
    }
}

/// The command line.
pub fn command() -> Command {
    let number = |name, short, value, help| {
        Arg::new(name)
            .long(name)
            .short(short)
            .value_name(value)
            .value_parser(value_parser!(u64))
            .default_value("0")
            .help(help)
    };
    Command::new("broker-throughput")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Measures how many messages a second go from one node of Broker to another")
        .after_help("TLS is spoken as broker-node does, by the same keys: --broker.ssl.KEY=VALUE.")
        .arg(
            Arg::new("address")
                .value_name("HOST:PORT")
                .required(true)
                .value_parser(address)
                .help("Where to listen with --server, else whom to send to"),
        )
        .arg(
            Arg::new("server")
                .long("server")
                .action(ArgAction::SetTrue)
                .help("Count what comes instead of sending"),
        )
        .arg(
            Arg::new("event-type")
                .long("event-type")
                .short('t')
                .value_name("TYPE")
                .value_parser(EventType::parse)
                .default_value("1")
                .help("What to send: 1 (a vector), 2 (an entry of conn.log) or 3 (a table)"),
        )
        .arg(
            Arg::new("batch-rate")
                .long("batch-rate")
                .short('r')
                .value_name("RATE")
                .value_parser(rate)
                .default_value("1")
                .help("Batches a second; 0 for as many as possible"),
        )
        .arg(
            Arg::new("batch-size")
                .long("batch-size")
                .short('s')
                .value_name("COUNT")
                .value_parser(value_parser!(NonZeroU64))
                .default_value("1")
                .help("Events in a batch"),
        )
        .arg(
            Arg::new("batch-size-increase-interval")
                .long("batch-size-increase-interval")
                .short('i')
                .value_name("SECONDS")
                .value_parser(seconds)
                .default_value("0")
                .help("How often batches become larger; 0 for never"),
        )
        .arg(number(
            "batch-size-increase-amount",
            'a',
            "COUNT",
            "By how many events a batch becomes larger",
        ))
        .arg(number("max-received", 'm', "COUNT", "End once so many have arrived; 0 for no end"))
        .arg(number(
            "max-in-flight",
            'f',
            "COUNT",
            "End once so many were sent and have not arrived; 0 for no end",
        ))
        .arg(
            Arg::new("config-file")
                .long("config-file")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("What to read broker.ssl from"),
        )
        .arg(
            Arg::new("disable-ssl")
                .long("disable-ssl")
                .action(ArgAction::SetTrue)
                .help("Speak no TLS, as without any key"),
        )
        .arg(
            Arg::new("verbose")
                .long("verbose")
                .short('v')
                .action(ArgAction::SetTrue)
                .help("Log what becomes of the connection"),
        )
}

/// A host and a port.
fn address(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    let (host, port) = parts.ok_or("has no port, as in 127.0.0.1:9999")?;
    let port = port.parse().map_err(|_| format!("{port:?} is no port"))?;
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    Ok((host.to_owned(), port))
}

/// A real number of seconds.
fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "is no number")?;
    let is_interval = seconds == 0.0 || (LEAST_INTERVAL..=MOST_INTERVAL).contains(&seconds);
    if is_interval {
        Ok(Duration::from_secs_f64(seconds))
    } else {
        Err(format!("is neither 0 nor from {LEAST_INTERVAL} to {MOST_INTERVAL}"))
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "is no number")?;
    let is_rate = rate.is_finite() && (rate == 0.0 || rate >= LEAST_RATE);
    if is_rate { Ok(rate) } else { Err(format!("is neither 0 nor at least {LEAST_RATE}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        let all = ["broker-throughput"].iter().chain(arguments);
        Options::parse(all).map_err(|error| error.to_string())
    }

    #[test]
    fn a_server_needs_an_address_and_a_client_has_a_load() {
        command().debug_assert();
        let server = parse(&["--server", "[::1]:9999"]).unwrap();
        assert_eq!((server.address, server.role), (("::1".to_owned(), 9999), Role::Server));
        let client = parse(&["-t", "2", "-r", "0", "-s", "100", "-i", "1.5", "host:1"]).unwrap();
        let Role::Client(load) = client.role else { panic!() };
        assert_eq!((load.event_type, load.batch_size.get()), (EventType::Connection, 100));
        assert!(load.batch_rate.abs() < f64::EPSILON);
        assert_eq!(load.increase_interval, Duration::from_millis(1500));
    }

    #[test]
    fn tls_is_said_as_to_a_node() {
        let options = parse(&["--disable-ssl", "--broker.peer-buffer-size=9", "h:1"]).unwrap();
        let names: Vec<&str> = options.keys.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, ["broker.peer-buffer-size", "broker.disable-ssl"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for arguments in [
            &[][..],
            &["9999"],
            &["host:x"],
            &["-t", "4", "h:1"],
            &["-r", "-1", "h:1"],
            &["-r", "1e-30", "h:1"],
            &["-s", "0", "h:1"],
            &["-i", "-1", "h:1"],
            &["-i", "nan", "h:1"],
            &["-i", "1e-9", "h:1"],
            &["-i", "1e9", "h:1"],
        ] {
            assert!(parse(arguments).is_err(), "{arguments:?}");
        }
    }
}
