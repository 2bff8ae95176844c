//! The command line: that of the original, and more.
//!
//! What is wrong with it is told as the original does: the usage on standard error, and exit code 2.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ostler_runtime::LevelFilter;
use ostler_runtime::checked::Strictness;

use crate::rules::Version;
use crate::services::Filters;
use crate::task::TaskKind;
use crate::tool_options::{self, Tool};
use crate::top_options::{self, Top};

/// The exit code of a wrong command line.
const WRONG_USAGE: u8 = 2;

/// As the original has them.
const LEVELS: [(&str, LevelFilter); 4] = [
    ("DEBUG", LevelFilter::Debug),
    ("INFO", LevelFilter::Info),
    ("WARNING", LevelFilter::Warn),
    ("ERROR", LevelFilter::Error),
];

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-c`: the configuration file; without it the one of the packages, if it is there.
    pub config: Option<PathBuf>,
    /// `-l`: the log file; without it the log goes to standard error.
    pub logfile: Option<PathBuf>,
    /// `--log-level`.
    pub level: Option<LevelFilter>,
    /// What goes before the environment and the configuration.
    pub said: Said,
    /// What to do.
    pub action: Action,
}

/// The options that go before the environment and the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// `--local`: the folder of a machine of its own, which needs no other service.
    pub local: Option<PathBuf>,
    /// `--state`: the folder for what is needed again after an end.
    pub state: Option<PathBuf>,
    /// `--plugins`, where it names a folder.
    pub plugins: Option<PathBuf>,
    /// `--python`.
    pub python: Option<PathBuf>,
    /// `--engine`.
    pub engine: Option<PathBuf>,
    /// `--generation`.
    pub generation: Option<Version>,
    /// `-p` and `-i`: which tasks are taken.
    pub filters: Filters,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// `--check`: look at the configuration.
    Check(Strictness),
    /// `boefje` or `normalizer`: take tasks of this kind and run them, until a signal stops it.
    Work {
        /// Which kind.
        kind: TaskKind,
        /// Whether tasks are taken; with `--no-worker` containers are answered and nothing else.
        takes_tasks: bool,
    },
    /// `top`: show live what the workers do.
    Top(Top),
    /// One of the tools.
    Tool(Tool),
}

impl Options {
    /// Reads the arguments, the program's name first, which may be that of a command. The error is
    /// clap's, which prints itself, as it also does for `--help` and `--version`.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString>,
    {
        let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let own_name = arguments.first().and_then(|path| invoked(Path::new(path)));
        if let Some(name) = own_name {
            arguments.splice(..1, ["boefjes".into(), name.into()]);
        }
        let matches = command().try_get_matches_from(&arguments);
        let mut matches = matches.map_err(|error| with_usage(error, &arguments))?;
        let subcommand = matches.remove_subcommand();
        let is_check = matches.get_flag("check");
        let mut said = Said::of(&mut matches);
        let action = match subcommand {
            None if matches.get_flag("strict") => Action::Check(Strictness::Strict),
            None if is_check => Action::Check(Strictness::Lenient),
            None => {
                let words = "a command is missing: boefje or normalizer";
                return Err(command().error(ErrorKind::MissingSubcommand, words));
            }
            Some((name, _)) if is_check => {
                let words = format!("--check cannot be used with the command {name}");
                return Err(command().error(ErrorKind::ArgumentConflict, words));
            }
            Some((name, mut matches)) if name == "top" => Action::Top(Top::of(&mut matches)),
            Some((name, mut matches)) => {
                said.hear_plugins(&mut matches);
                match Tool::of(&name, &mut matches) {
                    // It takes no tasks, of whatever plugin.
                    Some(_) if !said.filters.plugins.is_empty() => {
                        let words = format!(
                            "--plugins {}: there is no such folder",
                            said.filters.plugins.join(" ")
                        );
                        return Err(command().error(ErrorKind::ValueValidation, words));
                    }
                    Some(tool) => Action::Tool(tool),
                    None => worker_of(&name, &mut matches, &mut said),
                }
            }
        };
        Ok(Self {
            config: matches.remove_one("config"),
            logfile: matches.remove_one("logfile"),
            level: matches.remove_one::<String>("log-level").and_then(|name| level(&name)),
            said,
            action,
        })
    }
}

impl Said {
    fn of(matches: &mut ArgMatches) -> Self {
        let mut said = Self {
            local: matches.remove_one("local"),
            state: matches.remove_one("state"),
            python: matches.remove_one("python"),
            engine: matches.remove_one("engine"),
            generation: matches
                .remove_one::<String>("generation")
                .and_then(|name| Version::NAMES.iter().find(|(known, _)| *known == name))
                .map(|&(_, generation)| generation),
            ..Self::default()
        };
        said.hear_plugins(matches);
        said
    }

    /// `--plugins` names a folder or a plugin, before the command or behind it.
    fn hear_plugins(&mut self, matches: &mut ArgMatches) {
        for value in matches.remove_many::<String>("plugins").into_iter().flatten() {
            if value.contains('/') || Path::new(&value).is_dir() {
                self.plugins = Some(value.into());
            } else {
                self.filters.plugins.push(value);
            }
        }
    }
}

fn worker_of(name: &str, matches: &mut ArgMatches, said: &mut Said) -> Action {
    said.filters.images.extend(matches.remove_many::<String>("images").into_iter().flatten());
    let kind = if name == "boefje" { TaskKind::Boefje } else { TaskKind::Normalizer };
    Action::Work { kind, takes_tasks: !matches.get_flag("no-worker") }
}

fn level(name: &str) -> Option<LevelFilter> {
    LEVELS.iter().find(|(known, _)| *known == name).map(|&(_, level)| level)
}

/// The command that the program was started as, if its file is called like one:
/// `run-boefje`, also as `run_boefje.py`.
fn invoked(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(".py").unwrap_or(name).replace('_', "-");
    command().find_subcommand(&name).map(|command| command.get_name().to_owned())
}

/// What is wrong with a command line, with how the command is used that it names.
fn with_usage(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    if !error.use_stderr() || error.get(ContextKind::Usage).is_some() {
        return error;
    }
    let mut whole = command();
    whole.build();
    let named = arguments.iter().skip(1).find_map(|argument| {
        whole.find_subcommand(argument).map(|command| command.get_name().to_owned())
    });
    let named = named.and_then(|name| whole.find_subcommand_mut(&name));
    let usage = named.map_or_else(|| command().render_usage(), Command::render_usage);
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
    error
}

/// Prints what is wrong with a command line and how it is used, or what was asked for, as the help;
/// the exit code.
pub fn print(error: &clap::Error) -> ExitCode {
    // Nothing is left to be done if even this cannot be printed.
    let _ = error.print();
    if error.use_stderr() { WRONG_USAGE.into() } else { ExitCode::SUCCESS }
}

/// The command line's definition.
pub fn command() -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        let parser = value_parser!(PathBuf);
        Arg::new(name).long(name).value_name(value).help(help).value_parser(parser).global(true)
    };
    let choice = |name: &'static str, value: &'static str, names: Vec<&'static str>| {
        let parser = PossibleValuesParser::new(names);
        Arg::new(name).long(name).value_name(value).value_parser(parser).global(true)
    };
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    let versions = Version::NAMES.map(|(name, _)| name).to_vec();
    Command::new("boefjes")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs OpenKAT's boefjes and normalizers in a fixed pool of plugin hosts")
        .arg(
            choice("log-level", "LEVEL", LEVELS.map(|(name, _)| name).to_vec())
                .help("How much is logged; INFO without it"),
        )
        .arg(path("local", "DIR", "Need no other service: keep everything in this folder"))
        .arg(path("state", "DIR", "Remember in this folder which tasks are under way"))
        .arg(plugins())
        .arg(path("python", "PROGRAM", "Who runs the plugins; python3 without it"))
        .arg(path("engine", "PROGRAM", "Who runs containers, docker or podman; docker without it"))
        .arg(choice("generation", "VERSION", versions).help(
            "The version of OpenKAT whose rules hold; without it its scheduler tells, as 1.15 \
                     if it has queues and as 1.20 if not",
        ))
        .arg(path("config", "FILE", "Configuration file").short('c'))
        .arg(path("logfile", "FILE", "Log file; standard error without it").short('l'))
        .arg(flag("check", "Check the configuration, print it as it takes effect, and exit"))
        .arg(flag("strict", "With --check: take warnings for errors").requires("check"))
        .subcommands([TaskKind::Boefje, TaskKind::Normalizer].map(worker))
        .subcommand(top_options::command())
        .subcommands(tool_options::commands().map(|tool| tool.arg(plugins())))
}

/// `--plugins`, which stands before and behind commands.
fn plugins() -> Arg {
    Arg::new("plugins")
        .long("plugins")
        .short('p')
        .value_name("DIR|ID")
        .action(ArgAction::Append)
        .help(
            "The folder with the plugins; or, if it is no folder and has no slash, the id of a \
               plugin whose tasks are taken, also several times",
        )
}

fn worker(kind: TaskKind) -> Command {
    let about = match kind {
        TaskKind::Boefje => "Take the tasks of boefjes and run them",
        TaskKind::Normalizer => "Take the tasks of normalizers and run them",
    };
    let flag = |name: &'static str, short: char, help: &'static str| {
        Arg::new(name).long(name).short(short).action(ArgAction::SetTrue).help(help)
    };
    Command::new(kind.name())
        .about(about)
        .arg(plugins())
        .arg(
            Arg::new("images")
                .long("images")
                .short('i')
                .value_name("IMAGE")
                .action(ArgAction::Append)
                .help("A container image whose tasks are taken, also several times"),
        )
        .arg(flag("worker", 'w', "Take tasks, which is the default").overrides_with("no-worker"))
        .arg(
            flag("no-worker", 'n', "Take no tasks: answer containers only")
                .overrides_with("worker"),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, ErrorKind> {
        Options::parse(["boefjes"].iter().chain(arguments)).map_err(|error| error.kind())
    }

    #[test]
    fn options_stand_on_both_sides_of_the_command() {
        for arguments in [
            ["--log-level", "ERROR", "--local", "/l", "--python", "py", "-c", "x.cfg", "boefje"],
            ["boefje", "--log-level", "ERROR", "--local", "/l", "--python", "py", "-c", "x.cfg"],
        ] {
            let options = parse(&arguments).unwrap();
            assert_eq!(options.level, Some(LevelFilter::Error));
            assert_eq!(options.said.local, Some("/l".into()));
            assert_eq!(options.said.python, Some("py".into()));
            assert_eq!(options.config, Some("x.cfg".into()));
            let action = Action::Work { kind: TaskKind::Boefje, takes_tasks: true };
            assert_eq!(options.action, action);
        }
    }

    #[test]
    fn plugins_are_a_folder_or_a_filter() {
        let said = |arguments: &[&str]| parse(arguments).unwrap().said;
        let both = said(&["--plugins", "/p", "boefje", "-p", "dns", "-p", "nmap", "-i", "a/b"]);
        assert_eq!(both.plugins, Some("/p".into()));
        assert_eq!(both.filters.plugins, ["dns", "nmap"]);
        assert_eq!(both.filters.images, ["a/b"]);
        assert_eq!(said(&["normalizer", "--plugins", "./x"]).plugins, Some("./x".into()));
        assert_eq!(said(&["-p", "dns", "normalizer"]).filters.plugins, ["dns"]);
    }

    #[test]
    fn a_worker_may_take_no_tasks() {
        let takes = |arguments: &[&str]| match parse(arguments).unwrap().action {
            Action::Work { takes_tasks, .. } => takes_tasks,
            _ => panic!("another action"),
        };
        assert!(takes(&["boefje"]) && takes(&["boefje", "-n", "-w"]));
        assert!(!takes(&["boefje", "--no-worker"]) && !takes(&["boefje", "--worker", "-n"]));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (arguments, kind) in [
            (&["--log-level", "debug", "boefje"][..], ErrorKind::InvalidValue),
            (&["--log-level", "TRACE", "boefje"], ErrorKind::InvalidValue),
            (&["word"], ErrorKind::InvalidSubcommand),
            (&[], ErrorKind::MissingSubcommand),
            (&["--generation", "1.14", "boefje"], ErrorKind::InvalidValue),
            (&["--strict"], ErrorKind::MissingRequiredArgument),
            (&["--check", "boefje"], ErrorKind::ArgumentConflict),
        ] {
            assert_eq!(parse(arguments).unwrap_err(), kind, "{arguments:?}");
        }
        let strict = parse(&["--check", "--strict"]).unwrap().action;
        assert_eq!(strict, Action::Check(Strictness::Strict));
    }
}
