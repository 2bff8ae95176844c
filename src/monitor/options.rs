//! The command line: the original's, and a little more.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, value_parser};
use ostler_runtime::LevelFilter;

use crate::load;

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `-c`: the configuration file; without it the one that is found.
    pub config: PathBuf,
    /// `-l`: the log file; without it the log goes to standard error.
    pub logfile: Option<PathBuf>,
    /// `-v`, several times for more.
    pub level: LevelFilter,
    /// `--check`: what to do instead of serving.
    pub check: Option<Check>,
    /// `--account`: who is to be able to serve with the configuration that is checked.
    pub account: Option<String>,
    /// What was passed over, as the original does.
    pub ignored: Vec<String>,
}

/// How strict a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// Warnings are told.
    Lenient,
    /// Warnings are errors.
    Strict,
}

impl Options {
    /// Reads the arguments, the program's name first. The error is clap's, which prints itself, as
    /// it also does for `--help` and `--version`.
    pub fn parse<I, T>(arguments: I) -> Result<Self, clap::Error>
    where
        I: IntoIterator<Item = T>,
        T: Into<OsString>,
    {
        let mut arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
        let mut ignored = Vec::new();
        let mut matches = loop {
            match command().try_get_matches_from(&arguments) {
                Ok(matches) => break matches,
                Err(error) => ignored.push(drop_unknown(&mut arguments, error)?),
            }
        };
        for name in ["words", "migrations"] {
            ignored.extend(
                matches
                    .remove_many::<OsString>(name)
                    .into_iter()
                    .flatten()
                    .map(|word| word.to_string_lossy().into_owned()),
            );
        }
        // Without -v the original says nothing at all; a warning has a reason to be seen.
        let level = match matches.get_count("verbose") {
            0..=2 => LevelFilter::Warn,
            3 => LevelFilter::Info,
            4 => LevelFilter::Debug,
            _ => LevelFilter::Trace,
        };
        let check = matches
            .get_flag("check")
            .then(|| if matches.get_flag("strict") { Check::Strict } else { Check::Lenient });
        Ok(Self {
            config: matches.remove_one::<PathBuf>("config").unwrap_or_else(load::find),
            logfile: matches.remove_one::<PathBuf>("logfile"),
            level,
            check,
            account: matches.remove_one::<String>("account"),
            ignored,
        })
    }
}

/// Takes an option that nobody knows out of the arguments, or gives the error back.
fn drop_unknown(arguments: &mut Vec<OsString>, error: clap::Error) -> Result<String, clap::Error> {
    if error.kind() != ErrorKind::UnknownArgument {
        return Err(error);
    }
    let Some(ContextValue::String(unknown)) = error.get(ContextKind::InvalidArg) else {
        return Err(error);
    };
    let unknown = unknown.clone();
    let place = arguments.iter().skip(1).position(|argument| {
        let argument = argument.to_string_lossy();
        argument == unknown.as_str() || argument.starts_with(&format!("{unknown}="))
    });
    if let Some(index) = place {
        return Ok(arguments.remove(index + 1).to_string_lossy().into_owned());
    }
    // One letter among several, as in -zv.
    let letter = unknown.strip_prefix('-').filter(|letter| letter.chars().count() == 1);
    for argument in arguments.iter_mut().skip(1) {
        let text = argument.to_string_lossy().into_owned();
        let Some(letters) = text.strip_prefix('-').filter(|text| !text.starts_with('-')) else {
            continue;
        };
        if let Some((before, after)) = letter.and_then(|letter| letters.split_once(letter)) {
            *argument = format!("-{before}{after}").into();
            return Ok(unknown);
        }
    }
    Err(error)
}

/// The command line's definition.
pub fn command() -> Command {
    let file = |name, short, help| {
        let parser = value_parser!(PathBuf);
        Arg::new(name).short(short).long(name).value_name("FILE").help(help).value_parser(parser)
    };
    let flag = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let unused = |name| Arg::new(name).value_parser(value_parser!(OsString)).hide(true);
    Command::new("bui-monitor")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Keeps burp status monitors ready for Burp-UI")
        // As the original's parser has it: the last one counts, and a beginning is enough.
        .args_override_self(true)
        .infer_long_args(true)
        .arg(file("config", 'c', "Configuration file; without it buimonitor.cfg is looked for"))
        .arg(file("logfile", 'l', "Log file; standard error without it"))
        .arg(
            Arg::new("verbose")
                .short('v')
                .long("verbose")
                .action(ArgAction::Count)
                .help("Say more: -vvv for information, -vvvv to debug"),
        )
        .arg(flag("check", "Check the configuration, print it as it takes effect, and exit"))
        .arg(flag("strict", "With --check: take warnings for errors").requires("check"))
        .arg(
            Arg::new("account")
                .long("account")
                .value_name("NAME")
                .requires("check")
                .help("With --check: whether this user can serve with it"),
        )
        .arg(
            Arg::new("debug")
                .short('d')
                .long("debug")
                .action(ArgAction::Count)
                .hide(true)
                .help("Ignored, as in the original"),
        )
        .arg(unused("migrations").short('i').long("migrations").value_name("DIR"))
        .arg(unused("words").num_args(0..))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, ErrorKind> {
        Options::parse(["bui-monitor"].iter().chain(arguments)).map_err(|error| error.kind())
    }

    #[test]
    fn the_original_s_options() {
        let options = parse(&["-vvv", "-c", "x.cfg", "-l", "y.log", "-d"]).unwrap();
        assert_eq!(options.config, PathBuf::from("x.cfg"));
        assert_eq!(options.logfile, Some(PathBuf::from("y.log")));
        assert_eq!((options.level, options.ignored.len()), (LevelFilter::Info, 0));
        assert_eq!(parse(&["-V"]), Err(ErrorKind::DisplayVersion));
        assert_eq!(parse(&["-h"]), Err(ErrorKind::DisplayHelp));
        assert_eq!(parse(&["-c"]), Err(ErrorKind::InvalidValue));
    }

    #[test]
    fn what_is_unknown_is_passed_over_and_remembered() {
        let options = parse(&["--nope", "-c", "x", "word", "--no=1", "-i", "dir", "-z"]).unwrap();
        assert_eq!(options.config, PathBuf::from("x"));
        let mut ignored = options.ignored;
        ignored.sort();
        assert_eq!(ignored, ["--no=1", "--nope", "-z", "dir", "word"]);
    }

    #[test]
    fn beginnings_repetitions_and_clusters() {
        let config = |arguments: &[&str]| parse(arguments).map(|options| options.config);
        assert_eq!(config(&["--conf=x"]), Ok(PathBuf::from("x")));
        assert_eq!(config(&["-c", "x", "-c", "y"]), Ok(PathBuf::from("y")));
        assert_eq!(config(&["-zvc", "x"]), Ok(PathBuf::from("x")));
        assert_eq!(parse(&["-zvvv", "-c", "x"]).map(|o| o.level), Ok(LevelFilter::Info));
    }

    #[test]
    fn a_check_may_be_strict() {
        assert_eq!(parse(&["--check", "-c", "x"]).unwrap().check, Some(Check::Lenient));
        assert_eq!(parse(&["--check", "--strict"]).unwrap().check, Some(Check::Strict));
        let account = parse(&["--check", "--account", "mon"]).unwrap().account;
        assert_eq!(account.as_deref(), Some("mon"));
        for alone in [&["--strict"][..], &["--account", "mon"]] {
            assert_eq!(parse(alone), Err(ErrorKind::MissingRequiredArgument));
        }
    }
}
