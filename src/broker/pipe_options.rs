//! The command line of `broker-pipe`.

use std::ffi::OsString;
use std::num::NonZeroU64;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgGroup, Command, value_parser};

use crate::Topic;
use crate::node_keys::peer;
use crate::node_options::dotted;

/// The longest that can be waited: a day, in seconds.
const MAX_WAIT: u64 = 86_400;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipeOptions {
    /// `--mode`.
    pub mode: PipeMode,
    /// `--interface`.
    pub interface: Interface,
    /// `--topic`.
    pub topic: Topic,
    /// `--peers`.
    pub peers: Vec<(String, u16)>,
    /// `--local-address` and `--local-port`: where peers may come to.
    pub listen: Option<(String, u16)>,
    /// `--message-cap`: the end, after so many messages.
    pub message_cap: Option<NonZeroU64>,
    /// `--rate`.
    pub rate: bool,
    /// `--wait`: how long nobody need be there who wants what is published.
    pub wait: Duration,
    /// `--config-file`, for what it says of TLS.
    pub config_file: Option<PathBuf>,
    /// Keys with their values as they are written.
    pub keys: Vec<(String, String)>,
}

/// From where messages come and where they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PipeMode {
    /// Lines of standard input become messages.
    Publish,
    /// Messages become lines on standard output.
    #[default]
    Subscribe,
}

/// How messages are awaited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interface {
    /// One by one.
    #[default]
    Blocking,
    /// By `poll(2)` for the subscription's descriptor, then all that have come.
    Select,
    /// As many as have come, without a descriptor.
    Stream,
}

const MODES: [(&str, PipeMode); 2] =
    [("publish", PipeMode::Publish), ("subscribe", PipeMode::Subscribe)];

const INTERFACES: [(&str, Interface); 3] = [
    ("blocking", Interface::Blocking),
    ("select", Interface::Select),
    ("stream", Interface::Stream),
];

impl PipeOptions {
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
        let address = matches.remove_one("local-address").unwrap_or_default();
        // What must be there is, or has a default.
        Ok(Self {
            mode: matches.remove_one("mode").unwrap_or_default(),
            interface: matches.remove_one("interface").unwrap_or_default(),
            topic: matches.remove_one("topic").unwrap_or_default(),
            peers: matches.remove_many("peers").into_iter().flatten().collect(),
            listen: matches.remove_one("local-port").map(|port| (address, port)),
            message_cap: matches.remove_one("message-cap"),
            rate: matches.get_flag("rate"),
            wait: Duration::from_secs(matches.remove_one("wait").unwrap_or_default()),
            config_file: matches.remove_one("config-file"),
            keys,
        })
    }
}

/// Reads one of these words.
fn chosen<T: Copy>(choices: &[(&str, T)], word: &str) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| *name == word);
    let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<&str>>().join(", ");
    found.map(|(_, choice)| *choice).ok_or_else(|| format!("is none of {}", names()))
}

/// The command line.
pub fn command() -> Command {
    let argument = |name: &'static str, short: Option<char>, value: &'static str, help| {
        Arg::new(name).long(name).short(short).value_name(value).help(help)
    };
    let switch = |name: &'static str, short: Option<char>, help| {
        Arg::new(name).long(name).short(short).action(ArgAction::SetTrue).help(help)
    };
    Command::new("broker-pipe")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Publishes lines on a node of Broker, or prints the messages that come")
        .after_help("TLS is spoken as broker-node does, by the same keys: --broker.ssl.KEY=VALUE.")
        .group(ArgGroup::new("place").args(["peers", "local-port"]).multiple(true).required(true))
        .arg(
            argument("mode", Some('m'), "MODE", "What to do: publish or subscribe")
                .required(true)
                .value_parser(|word: &str| chosen(&MODES, word)),
        )
        .arg(
            argument("topic", Some('t'), "TOPIC", "Where to publish, or what to subscribe to")
                .required(true)
                .value_parser(|text: &str| Topic::new(text)),
        )
        .arg(
            argument("peers", Some('p'), "HOST:PORT", "Whom to connect to, again and again")
                .action(ArgAction::Append)
                .num_args(1..)
                .value_delimiter(',')
                .value_parser(|text: &str| peer(text).ok_or("is not of the form host:port")),
        )
        .arg(
            argument("local-port", Some('l'), "PORT", "Where to listen for peers; 0 for any port")
                .value_parser(value_parser!(u16)),
        )
        .arg(
            argument("local-address", None, "ADDRESS", "At which address; without it at all")
                .requires("local-port"),
        )
        .arg(
            argument(
                "interface",
                Some('i'),
                "HOW",
                "How to wait for messages: blocking, select or stream",
            )
            .alias("impl")
            .default_value("blocking")
            .value_parser(|word: &str| chosen(&INTERFACES, word)),
        )
        .arg(
            argument("message-cap", Some('c'), "COUNT", "End after so many messages")
                .value_parser(value_parser!(NonZeroU64)),
        )
        .arg(switch(
            "rate",
            Some('r'),
            "Print how many messages a second there are, and not what comes",
        ))
        .arg(
            argument(
                "wait",
                None,
                "SECONDS",
                "How long to wait for somebody who wants what is published",
            )
            .default_value("60")
            .value_parser(value_parser!(u64).range(..=MAX_WAIT)),
        )
        .arg(
            argument("config-file", None, "FILE", "What to read broker.ssl from")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(switch("disable-ssl", None, "Speak no TLS"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<PipeOptions, clap::Error> {
        PipeOptions::parse(["broker-pipe"].iter().chain(arguments))
    }

    #[test]
    fn the_original_s_command_lines_are_understood() {
        command().debug_assert();
        let options = parse(&[
            "-m", "publish", "-i", "select", "-t", "/a", "-p", "h:1", "[::1]:2", "-c", "3", "-r",
        ]);
        let options = options.unwrap();
        assert_eq!((options.mode, options.interface), (PipeMode::Publish, Interface::Select));
        assert_eq!(options.peers, [("h".to_owned(), 1), ("::1".to_owned(), 2)]);
        assert_eq!((options.topic.as_bytes(), options.rate), (&b"/a"[..], true));
        assert_eq!(options.message_cap, NonZeroU64::new(3));
        let options = parse(&["--mode=subscribe", "-t", "", "-l", "0", "--peers=a:1,b:2"]).unwrap();
        assert_eq!(options.listen, Some((String::new(), 0)));
        assert_eq!((options.peers.len(), options.wait), (2, Duration::from_secs(60)));
        let base = ["-m", "subscribe", "-t", "/a", "-p", "a:1"];
        let options = parse(&[&base[..], &["--impl", "stream"]].concat()).unwrap();
        assert_eq!(options.interface, Interface::Stream);
    }

    #[test]
    fn tls_is_said_as_to_a_node() {
        let base = ["-m", "publish", "-t", "/a", "-l", "0"];
        let more = ["--broker.ssl.cafile=/ca.pem", "--disable-ssl"];
        let keys = parse(&[&base[..], &more].concat()).unwrap().keys;
        let names: Vec<&str> = keys.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(names, ["broker.ssl.cafile", "broker.disable-ssl"]);
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let base = ["-m", "publish", "-t", "/a"];
        for more in [
            &[][..],
            &["-l", "65536"],
            &["-l", "0", "-i", "other"],
            &["-l", "0", "-c", "0"],
            &["-l", "0", "--wait", "86401"],
            &["-p", "host"],
            &["-p", "h:1", "--local-address", "::1"],
        ] {
            assert!(parse(&[&base[..], more].concat()).is_err(), "{more:?}");
        }
        assert!(parse(&["-m", "other", "-t", "/a", "-l", "0"]).is_err());
        assert!(parse(&["-m", "publish", "-l", "0"]).is_err());
    }
}
