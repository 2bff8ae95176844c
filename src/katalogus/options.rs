//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ostler_net::Address;
use ostler_runtime::LevelFilter;
use ostler_runtime::checked::Strictness;

use crate::encryption::Middleware;
use crate::{Database, Existing, Generation};

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-c`: the configuration file; without it the one of the packages, if it is there.
    pub config: Option<PathBuf>,
    /// `-l`: the log file; without it the log goes to standard error.
    pub logfile: Option<PathBuf>,
    /// `-v`, several times for more.
    pub level: LevelFilter,
    /// `--listen`, which goes before the configuration; empty if it is not given.
    pub listen: Vec<Address>,
    /// `--plugins`, likewise.
    pub plugins: Option<PathBuf>,
    /// `--database`, likewise.
    pub database: Option<Database>,
    /// `--generation`, likewise.
    pub generation: Option<Generation>,
    /// What to do.
    pub action: Action,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Serve until a signal stops it.
    Serve,
    /// `--check`: look at the configuration.
    Check(Strictness),
    /// `migrate`: bring the database up to date.
    Migrate,
    /// `export`: write all that the database holds to this file, or to standard output.
    Export(Option<PathBuf>),
    /// `import`: fill the database from this file, or from standard input.
    Import {
        /// The file.
        file: Option<PathBuf>,
        /// What becomes of what is there; `--replace` removes it.
        existing: Existing,
    },
    /// `rekey`: encrypt all settings anew.
    Rekey(NewKeys),
}

/// What settings are to be encrypted with from now on; what is not said here, the environment says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewKeys {
    /// `--new-middleware`.
    pub middleware: Option<Middleware>,
    /// `--new-private-key-file`.
    pub private_key_file: Option<PathBuf>,
    /// `--new-public-key-file`.
    pub public_key_file: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments, the program's name first. The error is clap's, which prints itself, as
    /// it also does for `--help` and `--version`.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString> + Clone,
    {
        let mut matches = command().try_get_matches_from(arguments)?;
        let action = match matches.remove_subcommand() {
            // A check changes nothing, and a command may.
            Some((name, _)) if matches.get_flag("check") => {
                let words = format!("--check cannot be used with the command {name}");
                return Err(command().error(ErrorKind::ArgumentConflict, words));
            }
            Some((name, matches)) => subcommand(&name, matches),
            None if matches.get_flag("strict") => Action::Check(Strictness::Strict),
            None if matches.get_flag("check") => Action::Check(Strictness::Lenient),
            None => Action::Serve,
        };
        Ok(Self {
            config: matches.remove_one("config"),
            logfile: matches.remove_one("logfile"),
            level: match matches.get_count("verbose") {
                0 => LevelFilter::Warn,
                1 => LevelFilter::Info,
                2 => LevelFilter::Debug,
                _ => LevelFilter::Trace,
            },
            listen: matches.remove_many("listen").into_iter().flatten().collect(),
            plugins: matches.remove_one("plugins"),
            database: matches.remove_one("database"),
            generation: matches
                .remove_one::<String>("generation")
                .and_then(|name| Generation::NAMES.iter().find(|(known, _)| *known == name))
                .map(|&(_, generation)| generation),
            action,
        })
    }
}

fn subcommand(name: &str, mut matches: ArgMatches) -> Action {
    match name {
        "export" => Action::Export(matches.remove_one("file")),
        "import" => {
            let replaces = matches.get_flag("replace");
            let existing = if replaces { Existing::Replace } else { Existing::Refuse };
            Action::Import { file: matches.remove_one("file"), existing }
        }
        "rekey" => Action::Rekey(NewKeys {
            middleware: matches
                .remove_one::<String>("new-middleware")
                .and_then(|name| Middleware::named(&name)),
            private_key_file: matches.remove_one("new-private-key-file"),
            public_key_file: matches.remove_one("new-public-key-file"),
        }),
        _ => Action::Migrate,
    }
}

/// An address with its port, as `127.0.0.1:8003`, `[::1]:8003` or `unix:/PATH`.
fn address(text: &str) -> Result<Address, String> {
    let failed = |error: ostler_net::AddressError| error.to_string();
    if text.starts_with("unix:") {
        return Address::parse(text, 0).map_err(failed);
    }
    let (host, port) = text.rsplit_once(':').ok_or("a port is missing, as in 127.0.0.1:8003")?;
    let port = port.parse().map_err(|_| format!("{port}: no port"))?;
    if host.contains(':') && !host.starts_with('[') {
        return Err("an IPv6 address stands in brackets, as in [::1]:8003".to_owned());
    }
    Address::parse(host, port).map_err(failed)
}

/// The command line's definition.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        let parser = value_parser!(PathBuf);
        Arg::new(name).long(name).value_name(value).help(help).value_parser(parser)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let choice = |name: &'static str, value: &'static str, names: Vec<&'static str>| {
        let parser = PossibleValuesParser::new(names);
        Arg::new(name).long(name).value_name(value).value_parser(parser)
    };
    let generations = Generation::NAMES.map(|(name, _)| name).to_vec();
    Command::new("katalogus")
        .version(env!("CARGO_PKG_VERSION"))
        .about("OpenKAT's catalogue of organisations, plugins and their settings")
        .args_conflicts_with_subcommands(false)
        .arg(
            Arg::new("listen")
                .long("listen")
                .value_name("ADDR:PORT")
                .action(ArgAction::Append)
                .value_parser(address)
                .help("Where to listen, also several times; unix:/PATH for a Unix socket"),
        )
        .arg(path("plugins", "DIR", "The folder with the plugins"))
        .arg(
            Arg::new("database")
                .long("database")
                .value_name("URI")
                .value_parser(|uri: &str| uri.parse::<Database>())
                .global(true)
                .help("sqlite:///FILE or postgresql://HOST/NAME; passwords belong elsewhere"),
        )
        .arg(
            choice("generation", "VERSION", generations)
                .help("The generation of the original to answer as"),
        )
        .arg(path("config", "FILE", "Configuration file").short('c').global(true))
        .arg(path("logfile", "FILE", "Log file; standard error without it").short('l').global(true))
        .arg(
            Arg::new("verbose")
                .short('v')
                .long("verbose")
                .action(ArgAction::Count)
                .global(true)
                .help("Say more: -v for information, -vv to debug"),
        )
        .arg(flag("check", "Check the configuration, print it as it takes effect, and exit"))
        .arg(flag("strict", "With --check: take warnings for errors").requires("check"))
        .subcommands(subcommands())
}

fn subcommands() -> [Command; 4] {
    let file = |name: &'static str, help: &'static str| {
        let parser = value_parser!(PathBuf);
        Arg::new(name).value_name("FILE").help(help).value_parser(parser)
    };
    let middlewares = Middleware::NAMES.map(|(name, _)| name);
    [
        Command::new("migrate").about("Bring the database's tables up to date"),
        Command::new("export")
            .about("Write all that the database holds as lines of JSON")
            .arg(file("file", "Where to; standard output without it")),
        Command::new("import")
            .about("Fill the database with what was exported")
            .arg(file("file", "Where from; standard input without it"))
            .arg(
                Arg::new("replace")
                    .long("replace")
                    .action(ArgAction::SetTrue)
                    .help("Remove what the database holds"),
            ),
        Command::new("rekey")
            .about("Encrypt all settings anew, in one transaction")
            .arg(
                Arg::new("new-middleware")
                    .long("new-middleware")
                    .value_name("NAME")
                    .value_parser(PossibleValuesParser::new(middlewares))
                    .help("How they are stored from then on"),
            )
            .arg(
                file("new-private-key-file", "The private key of then, in base64")
                    .long("new-private-key-file"),
            )
            .arg(
                file("new-public-key-file", "The public key of then, in base64")
                    .long("new-public-key-file"),
            ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, ErrorKind> {
        Options::parse(["katalogus"].iter().chain(arguments)).map_err(|error| error.kind())
    }

    #[test]
    fn every_option_becomes_what_it_says() {
        let options = parse(&[
            "--listen",
            "[::1]:80",
            "--listen",
            "unix:/run/k",
            "--plugins",
            "/p",
            "--database",
            "sqlite:///k.db",
            "--generation",
            "1.20",
            "-vv",
            "-c",
            "x.cfg",
            "-l",
            "y.log",
        ])
        .unwrap();
        let host = Address::Inet { host: "::1".to_owned(), port: 80 };
        assert_eq!(options.listen, [host, Address::Unix("/run/k".into())]);
        assert_eq!(options.plugins, Some("/p".into()));
        assert_eq!(options.database, Some(Database::Sqlite("k.db".into())));
        assert_eq!(options.generation, Some(Generation::V1_20));
        assert_eq!((options.level, options.action), (LevelFilter::Debug, Action::Serve));
        assert_eq!(options.config, Some("x.cfg".into()));
        assert_eq!(options.logfile, Some("y.log".into()));
    }

    #[test]
    fn what_is_no_address_or_generation_is_refused() {
        for wrong in ["127.0.0.1", "::1:80", "127.0.0.1:x", "a b:1", "unix:k", ""] {
            assert_eq!(parse(&["--listen", wrong]), Err(ErrorKind::ValueValidation), "{wrong}");
        }
        assert_eq!(parse(&["--generation", "1.16"]), Err(ErrorKind::InvalidValue));
        assert_eq!(parse(&["--database", "mysql://x"]), Err(ErrorKind::ValueValidation));
        for arguments in [&["--check", "migrate"][..], &["--check", "--strict", "import", "x"]] {
            assert_eq!(parse(arguments), Err(ErrorKind::ArgumentConflict), "{arguments:?}");
        }
        assert_eq!(parse(&["migrate", "--check"]), Err(ErrorKind::UnknownArgument));
        assert_eq!(parse(&["--strict"]), Err(ErrorKind::MissingRequiredArgument));
        assert_eq!(parse(&["word"]), Err(ErrorKind::InvalidSubcommand));
    }

    #[test]
    fn commands_take_the_options_that_concern_them_on_both_sides() {
        for arguments in [
            ["-c", "x.cfg", "-vv", "--database", "sqlite:///k.db", "-l", "y.log", "migrate"],
            ["migrate", "-c", "x.cfg", "-vv", "--database", "sqlite:///k.db", "-l", "y.log"],
            ["-c", "x.cfg", "-vv", "migrate", "--database", "sqlite:///k.db", "-l", "y.log"],
        ] {
            let options = parse(&arguments).unwrap();
            assert_eq!((options.level, options.action), (LevelFilter::Debug, Action::Migrate));
            assert_eq!(options.config, Some("x.cfg".into()));
            assert_eq!(options.logfile, Some("y.log".into()));
            assert_eq!(options.database, Some(Database::Sqlite("k.db".into())));
        }
        assert_eq!(parse(&["export", "--plugins", "x"]), Err(ErrorKind::UnknownArgument));
        let options = parse(&["-c", "x.cfg", "export", "out.jsonl"]).unwrap();
        assert_eq!(options.config, Some("x.cfg".into()));
        assert_eq!(options.action, Action::Export(Some("out.jsonl".into())));
        assert_eq!(parse(&["migrate"]).unwrap().action, Action::Migrate);
        assert_eq!(
            parse(&["import"]).unwrap().action,
            Action::Import { file: None, existing: Existing::Refuse }
        );
        let replacing = parse(&["import", "--replace"]).unwrap().action;
        assert_eq!(replacing, Action::Import { file: None, existing: Existing::Replace });
        let keys = NewKeys {
            middleware: Some(Middleware::Sealbox),
            private_key_file: Some("/k".into()),
            public_key_file: None,
        };
        let arguments =
            ["rekey", "--new-middleware", "NACL_SEALBOX", "--new-private-key-file", "/k"];
        assert_eq!(parse(&arguments).unwrap().action, Action::Rekey(keys));
        let strict = parse(&["--check", "--strict"]).unwrap().action;
        assert_eq!(strict, Action::Check(Strictness::Strict));
    }
}
