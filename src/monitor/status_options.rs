//! The command line of `bui-status`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};

use crate::query::Query;
use crate::status_time::parse_age;

/// How often a live table is drawn when nobody says.
const WATCH: &str = "2";
/// The longest time that a number of seconds may mean.
const LONGEST: f64 = 7.0 * 24.0 * 3600.0;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Where the daemon is.
    pub place: Place,
    /// `--json`: answers as they came.
    pub json: bool,
    /// `--no-cache`: not even an answer of the last seconds will do.
    pub fresh: bool,
    /// What to show.
    pub show: Show,
}

/// What the command line says of the daemon's place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// `-c`: the configuration file.
    pub config: Option<PathBuf>,
    /// `--host`: an address, a name, or `unix:/path`.
    pub host: Option<String>,
    /// `--port`.
    pub port: Option<u16>,
    /// `--password-file`: a file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// `--tls` or `--plain`; what the file says if neither is given.
    pub privacy: Option<Privacy>,
    /// `--ca`: the authorities that the daemon's certificate must come from; any will do without.
    pub ca: Option<PathBuf>,
    /// `--cert`: the certificate to show to a daemon that asks for one.
    pub certificate: Option<PathBuf>,
    /// `--key`: its key, if it does not stand in the same file.
    pub key: Option<PathBuf>,
    /// `--timeout`: for each answer, connecting included.
    pub timeout: Duration,
}

/// Whether others may listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// They may not.
    Tls,
    /// They may.
    Plain,
}

/// What to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Show {
    /// The answer to a query.
    Query(String),
    /// The table of clients, again and again if there is a time.
    Clients(Option<Duration>),
    /// Whether burp answers.
    Statistics,
    /// The versions of all that is involved.
    Versions,
    /// The daemon's own state.
    Status,
    /// The daemon's state and its clients, again and again.
    Top(Duration),
    /// The verdict for a monitoring system.
    Check(Limits),
}

/// What `check` tolerates.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// A last backup that is older is a warning.
    pub warning_age: Duration,
    /// A last backup that is older is critical.
    pub critical_age: Duration,
    /// Only these clients, if there are any.
    pub only: Vec<String>,
    /// Not these clients.
    pub ignored: Vec<String>,
}

impl Options {
    /// Reads the arguments, the program's name first. The error is clap's, which prints itself, as
    /// it also does for `--help` and `--version`.
    pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let matches = command().try_get_matches_from(with_time_attached(arguments))?;
        let path = |name| matches.get_one::<PathBuf>(name).cloned();
        let seconds = |name| matches.get_one::<Duration>(name).copied();
        Ok(Self {
            place: Place {
                config: path("config"),
                host: matches.get_one("host").cloned(),
                port: matches.get_one("port").copied(),
                password_file: path("password-file"),
                privacy: match (matches.get_flag("tls"), matches.get_flag("plain")) {
                    (true, _) => Some(Privacy::Tls),
                    (false, true) => Some(Privacy::Plain),
                    (false, false) => None,
                },
                ca: path("ca"),
                certificate: path("cert"),
                key: path("key"),
                timeout: seconds("timeout").unwrap_or_default(),
            },
            json: matches.get_flag("json"),
            fresh: matches.get_flag("no-cache"),
            show: show(&matches, seconds("watch"))?,
        })
    }
}

fn show(matches: &ArgMatches, watch: Option<Duration>) -> Result<Show, clap::Error> {
    let (name, of) = matches.subcommand().unwrap_or(("clients", matches));
    if watch.is_some() && name != "clients" {
        let words = format!("--watch shows clients, not {name}");
        return Err(command().error(ErrorKind::ArgumentConflict, words));
    }
    let age = |name| of.get_one::<Duration>(name).copied().unwrap_or_default();
    let names = |name| of.get_many(name).into_iter().flatten().cloned().collect();
    Ok(match name {
        "query" => Show::Query(of.get_one::<String>("query").cloned().unwrap_or_default()),
        "statistics" => Show::Statistics,
        "versions" => Show::Versions,
        "status" => Show::Status,
        "top" => Show::Top(age("interval")),
        "check" => {
            let limits = Limits {
                warning_age: age("warning-age"),
                critical_age: age("critical-age"),
                only: names("client"),
                ignored: names("ignore"),
            };
            if limits.warning_age > limits.critical_age {
                let words = "--warning-age is longer than --critical-age";
                return Err(command().error(ErrorKind::ArgumentConflict, words));
            }
            Show::Check(limits)
        }
        _ => Show::Clients(watch),
    })
}

/// The command line's definition.
pub fn command() -> Command {
    let file = |name, help| {
        let parser = value_parser!(PathBuf);
        Arg::new(name).long(name).value_name("FILE").value_parser(parser).global(true).help(help)
    };
    let option = |name, value| Arg::new(name).long(name).value_name(value).global(true);
    Command::new("bui-status")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Asks a bui-monitor, and shows burp's clients")
        .after_help(AFTER_HELP)
        .arg(
            file("config", "The daemon's configuration file; without it looked for as it does")
                .short('c'),
        )
        .arg(option("host", "HOST").help("Address or name of the daemon, or unix:/path"))
        .arg(option("port", "PORT").value_parser(value_parser!(u16).range(1..)).help("Its port"))
        .arg(file("password-file", "File whose first line is the password"))
        .arg(flag("tls", "Speak TLS, whatever the configuration says").conflicts_with("plain"))
        .arg(
            flag("plain", "Do not speak TLS, whatever the configuration says")
                .conflicts_with_all(["ca", "cert"]),
        )
        .arg(file(
            "ca",
            "Believe only a daemon with a certificate of these authorities, or this one",
        ))
        .arg(file("cert", "Certificate to show to a daemon that asks for one"))
        .arg(file("key", "Its key, if it is not in the same file").requires("cert"))
        .arg(
            option("timeout", "SECONDS")
                .value_parser(seconds)
                .default_value("20")
                .help("For each answer, connecting included"),
        )
        .arg(
            option("watch", "SECONDS")
                .value_parser(seconds)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value(WATCH)
                .help("Show clients again and again, until Ctrl-C [default: 2]"),
        )
        .arg(flag("json", "Print answers as they came"))
        .arg(flag("no-cache", "Have burp asked anew; an answer of the last seconds will not do"))
        .subcommand(
            Command::new("query").about("The answer to a query, as JSON").arg(
                Arg::new("query")
                    .value_name("QUERY")
                    .required(true)
                    .value_parser(one_line)
                    .help("c:, c:NAME, c:NAME:b:N …"),
            ),
        )
        .subcommand(Command::new("clients").about("All clients and their last backups (default)"))
        .subcommand(Command::new("statistics").about("Whether burp answers"))
        .subcommand(Command::new("versions").about("The versions of burp and the daemon"))
        .subcommand(Command::new("status").about("The daemon's own state"))
        .subcommand(
            Command::new("top")
                .about("The daemon at work: slots, queue, latencies and clients, until Ctrl-C")
                .arg(
                    Arg::new("interval")
                        .long("interval")
                        .value_name("SECONDS")
                        .value_parser(seconds)
                        .default_value("1")
                        .help("How often to look"),
                ),
        )
        .subcommand(check())
}

fn check() -> Command {
    let age = |name, default, help| {
        Arg::new(name)
            .long(name)
            .value_name("AGE")
            .value_parser(parse_age)
            .help(help)
            .default_value(default)
    };
    let names = |name, help| {
        Arg::new(name).long(name).value_name("NAME").action(ArgAction::Append).help(help)
    };
    Command::new("check")
        .about("One line and an exit code for a monitoring system")
        .after_help(CHECK_HELP)
        .arg(age("warning-age", "26h", "WARNING if a client's last backup is older"))
        .arg(age("critical-age", "50h", "CRITICAL if a client's last backup is older"))
        .arg(names("client", "Look at this client only; may be given again"))
        .arg(names("ignore", "Do not look at this client; may be given again"))
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).global(true).help(help)
}

const AFTER_HELP: &str = "\
Flags go before the environment (BUI_MONITOR_HOST, BUI_MONITOR_PORT, BUI_MONITOR_PASSWORD), and
that before the configuration file. A daemon that listens everywhere is asked on this machine.

Exit codes: 0 answered; 1 burp knows no such client, backup or file; 64 wrong command line;
69 no daemon, or no answer; 71 the output cannot be written; 77 wrong password;
78 wrong configuration. `check` has its own: 0, 1, 2, 3 (see bui-status check --help).";

const CHECK_HELP: &str = "\
Exit codes, as Nagios plugins have them:
  0 OK
  1 WARNING   a last backup is older than --warning-age, or the daemon lacks burp monitors
  2 CRITICAL  a last backup is older than --critical-age, a client has none, a client that was
              named is missing, the daemon cannot be reached, or burp does not answer
  3 UNKNOWN   wrong command line, configuration or password; burp shows no client

Ages have a unit: s, m, h, d or w. The daemon's own burp client (cname in bconfcli) is not looked
at if its name can be read; else name it by --ignore.";

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .filter(|seconds| (0.1..=LONGEST).contains(seconds))
        .map(Duration::from_secs_f64)
        .ok_or_else(|| format!("a number of seconds from 0.1 to {LONGEST}"))
}

/// `--watch 5` as `--watch=5`: without the sign, a subcommand could be taken for the number.
fn with_time_attached(arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut attached: Vec<OsString> = Vec::new();
    for argument in arguments {
        let is_number = argument.to_str().is_some_and(|text| text.parse::<f64>().is_ok());
        match attached.last_mut() {
            Some(last) if is_number && last == "--watch" => {
                last.push("=");
                last.push(&argument);
            }
            _ => attached.push(argument),
        }
    }
    attached
}

/// A query that the daemon would take, whole: it cuts at a newline, which nobody means here.
fn one_line(text: &str) -> Result<String, String> {
    if text.trim_end().contains('\n') {
        return Err("the query is more than one line".to_owned());
    }
    Query::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, ErrorKind> {
        let words = std::iter::once("bui-status").chain(line.split_whitespace());
        Options::parse(words.map(OsString::from)).map_err(|error| error.kind())
    }

    #[test]
    fn the_definition_holds_together() {
        command().debug_assert();
    }

    #[test]
    fn clients_are_shown_when_nothing_else_is_said() {
        let second = Duration::from_secs(1);
        for (line, show) in [
            ("", Show::Clients(None)),
            ("clients", Show::Clients(None)),
            ("--watch", Show::Clients(Some(2 * second))),
            ("--watch clients", Show::Clients(Some(2 * second))),
            ("--watch 5", Show::Clients(Some(5 * second))),
            ("clients --watch=0.5", Show::Clients(Some(second / 2))),
            ("query c:a", Show::Query("c:a".to_owned())),
            ("status", Show::Status),
            ("top", Show::Top(second)),
            ("top --interval 5", Show::Top(5 * second)),
        ] {
            assert_eq!(parse(line).map(|options| options.show), Ok(show), "{line}");
        }
    }

    #[test]
    fn flags_may_stand_on_either_side() {
        let before = parse("-c x.cfg --port 7 --json --timeout 3 versions").unwrap();
        assert_eq!(Ok(&before), parse("versions --json --port 7 --timeout=3 -c x.cfg").as_ref());
        assert_eq!(before.place.timeout, Duration::from_secs(3));
        assert_eq!(parse("").unwrap().place.timeout, Duration::from_secs(20));
    }

    #[test]
    fn wrong_command_lines_are_refused() {
        for line in [
            "--watch status",
            "--watch=0",
            "query",
            "query j:pretty-print-on",
            "nonsense",
            "--port 0",
            "--password secret",
            "check --warning-age 3",
            "check --warning-age 3d --critical-age 2d",
        ] {
            assert!(parse(line).is_err(), "{line}");
        }
        let Show::Check(limits) = parse("check --client a --client b --ignore c").unwrap().show
        else {
            panic!("a check");
        };
        assert_eq!((limits.only.len(), limits.ignored.as_slice()), (2, &["c".to_owned()][..]));
    }
}
