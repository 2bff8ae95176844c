//! The command line of `broker-node`: the original's, and a little more. Whatever a configuration
//! file may set, an argument of the same name sets too.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command, value_parser};
use ostler_runtime::checked::Strictness;

/// What the command line asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeOptions {
    /// `--config-file`: a file in the syntax of the original.
    pub config_file: Option<PathBuf>,
    /// `--config`: a file in the dialect of Ostler's daemons.
    pub config: Option<PathBuf>,
    /// Keys with their values as they are written.
    pub keys: Vec<(String, String)>,
    /// `--check`: only look at the configuration, this strictly.
    pub check: Option<Strictness>,
}

/// Arguments that set a key: the argument, the key, a letter, what a value is, and the help.
const KEYS: [(&str, &str, Option<char>, &str, &str); 19] = [
    ("name", "name", Some('N'), "NAME", "What the node calls itself in its output"),
    (
        "topics",
        "topics",
        Some('t'),
        "LIST",
        "Topics to subscribe to and forward, such as '[\"/a\", \"/b\"]'",
    ),
    ("mode", "mode", Some('m'), "MODE", "What to do: relay, ping or pong"),
    ("payload-size", "payload-size", Some('s'), "BYTES", "How long the text in a ping is"),
    (
        "rendezvous-retry",
        "rendezvous-retry",
        None,
        "TIME",
        "How often the first ping is repeated, such as 50ms",
    ),
    ("num-messages", "num-messages", Some('n'), "COUNT", "How many pings to send"),
    ("peers", "peers", None, "LIST", "Whom to connect to, such as '[<tcp://host:9999>]'"),
    ("port", "port", Some('p'), "PORT", "Where to listen for peers; 0 for any free port"),
    ("endpoint-id", "endpoint-id", None, "UUID", "What the node is called among its peers"),
    (
        "peer-buffer-size",
        "broker.peer-buffer-size",
        None,
        "COUNT",
        "Messages that may wait for a peer",
    ),
    (
        "peer-overflow-policy",
        "broker.peer-overflow-policy",
        None,
        "POLICY",
        "What is done when more do",
    ),
    (
        "web-socket-port",
        "broker.web-socket.port",
        None,
        "PORT",
        "Where to listen for WebSocket clients",
    ),
    ("web-socket-address", "broker.web-socket.address", None, "ADDRESS", "At which address"),
    (
        "web-socket-buffer-size",
        "broker.web-socket-buffer-size",
        None,
        "COUNT",
        "Messages that may wait for a client",
    ),
    (
        "web-socket-overflow-policy",
        "broker.web-socket-overflow-policy",
        None,
        "POLICY",
        "What is done when more do",
    ),
    ("metrics-port", "broker.metrics.port", None, "PORT", "Where to tell figures to Prometheus"),
    ("metrics-address", "broker.metrics.address", None, "ADDRESS", "At which address"),
    (
        "master-stores",
        "master-stores",
        None,
        "LIST",
        "Key-value stores to keep in memory, such as '[\"a\", \"b\"]'",
    ),
    ("clone-stores", "clone-stores", None, "LIST", "Key-value stores to have copies of"),
];

/// Arguments that set a key to true, or to what is said behind `=`.
const SWITCHES: [(&str, &str, Option<char>, &str); 4] = [
    ("verbose", "verbose", Some('v'), "Print what happens"),
    ("rate", "rate", Some('r'), "Print how many messages a second come (relay)"),
    ("disable-ssl", "broker.disable-ssl", None, "Speak no TLS"),
    (
        "disable-forwarding",
        "broker.disable-forwarding",
        None,
        "Do not pass messages of peers on to other peers",
    ),
];

impl NodeOptions {
    /// Reads the arguments, the program's name first. The error is clap's, which prints itself, as
    /// it also does for `--help` and `--version`.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString>,
    {
        let (mut keys, others) = dotted(arguments);
        let mut matches = command().try_get_matches_from(others)?;
        for (_, key, _, _, _) in KEYS {
            let value = matches.remove_one::<String>(key);
            keys.extend(value.map(|value| (key.to_owned(), value)));
        }
        for (_, key, _, _) in SWITCHES {
            let value = matches.remove_one::<String>(key);
            keys.extend(value.map(|value| (key.to_owned(), value)));
        }
        Ok(Self {
            config_file: matches.remove_one("config-file"),
            config: matches.remove_one("config"),
            keys,
            check: matches.get_flag("check").then(|| {
                if matches.get_flag("strict") { Strictness::Strict } else { Strictness::Lenient }
            }),
        })
    }
}

/// The arguments that set a key by its own name, as keys and values, and the others.
pub(crate) fn dotted<I, T>(arguments: I) -> (Vec<(String, String)>, Vec<OsString>)
where
    I: IntoIterator<Item = T>,
    T: Into<OsString>,
{
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let (dotted, others): (Vec<_>, Vec<_>) =
        arguments.into_iter().partition(|argument| key_of(argument).is_some());
    (dotted.iter().filter_map(key_of).collect(), others)
}

/// The key and the value of `--group.key=value`, which sets any key there is; without a value it is
/// a switch.
fn key_of(argument: &OsString) -> Option<(String, String)> {
    let said = argument.to_str()?.strip_prefix("--")?;
    let (key, value) = said.split_once('=').unwrap_or((said, "true"));
    key.contains('.').then(|| (key.to_owned(), value.to_owned()))
}

/// The command line.
pub fn command() -> Command {
    let path = |name, short: Option<char>, help| {
        let argument = Arg::new(name).long(name).short(short).value_name("FILE").help(help);
        argument.value_parser(value_parser!(PathBuf))
    };
    let mut command = Command::new("broker-node")
        .version(env!("CARGO_PKG_VERSION"))
        .about("A node of Zeek's Broker")
        .after_help("Every key of a configuration file is set by --GROUP.KEY=VALUE as well.")
        .arg(path("config-file", None, "The configuration, in the syntax of Zeek's Broker"))
        .arg(path("config", Some('c'), "The configuration, as etc/broker.cfg is written"))
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Check the configuration, print it as it takes effect, and exit"),
        )
        .arg(
            Arg::new("strict")
                .long("strict")
                .action(ArgAction::SetTrue)
                .requires("check")
                .help("With --check: take warnings for errors"),
        );
    for (name, key, short, value, help) in KEYS {
        let argument = Arg::new(key).long(name).short(short).value_name(value).help(help);
        // The original's own spelling.
        let other = (name == "web-socket-buffer-size").then_some("web_socket-buffer-size");
        command = command.arg(argument.aliases(other));
    }
    for (name, key, short, help) in SWITCHES {
        let argument = Arg::new(key).long(name).short(short).help(help).hide_possible_values(true);
        let argument = argument.num_args(0..=1).require_equals(true).default_missing_value("true");
        command = command.arg(argument.value_parser(["true", "false"]));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(arguments: &[&str]) -> Vec<(String, String)> {
        let all = ["broker-node"].iter().chain(arguments);
        NodeOptions::parse(all).unwrap().keys
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn arguments_of_the_original_set_the_keys_of_their_names() {
        command().debug_assert();
        assert_eq!(keys(&["-t", "[\"/a\"]"]), [pair("topics", "[\"/a\"]")]);
        assert_eq!(
            keys(&["--peers=[<tcp://h:1>]", "-v", "--mode=ping"]),
            [pair("mode", "ping"), pair("peers", "[<tcp://h:1>]"), pair("verbose", "true")]
        );
        assert_eq!(
            keys(&["--disable-ssl", "--peer-buffer-size", "9"]),
            [pair("broker.peer-buffer-size", "9"), pair("broker.disable-ssl", "true")]
        );
    }

    #[test]
    fn every_key_is_set_by_its_own_name() {
        assert_eq!(
            keys(&["--broker.ssl.cafile=/ca.pem", "--caf.logger.console.verbosity=debug"]),
            [pair("broker.ssl.cafile", "/ca.pem"), pair("caf.logger.console.verbosity", "debug")]
        );
        assert!(NodeOptions::parse(["broker-node", "--no-such"]).is_err());
    }

    #[test]
    fn switches_may_have_a_value_and_keys_may_have_none() {
        assert_eq!(
            keys(&["--verbose=true", "--rate=false", "--broker.disable-ssl"]),
            [pair("broker.disable-ssl", "true"), pair("verbose", "true"), pair("rate", "false")]
        );
        assert_eq!(keys(&["-vr", "-p", "1"])[1..], [pair("verbose", "true"), pair("rate", "true")]);
        assert_eq!(
            keys(&["--web_socket-buffer-size=7"]),
            [pair("broker.web-socket-buffer-size", "7")]
        );
        assert!(NodeOptions::parse(["broker-node", "--verbose=much"]).is_err());
    }
}
