//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};

const ABOUT: &str = "Puts bui-monitor under load and faults for a long time: one daemon in front \
of scripted children, one in front of a private burp server. Every answer is checked; what the \
daemons hold is compared before and after.";

const EXIT: &str = "Prints Markdown. Exit codes: 0 every bar met; 1 a bar was missed; 64 usage; \
101 something that the soak itself needs does not work.";

/// What to do.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// How long.
    pub(crate) length: Duration,
    /// Ends earlier, after so many faults.
    pub(crate) faults: Option<u64>,
    /// How long before the first figures are taken.
    pub(crate) warm_up: Duration,
    /// Requests a second, over both daemons.
    pub(crate) rate: u64,
    /// Of a thousand requests, so many meet a fault made for them.
    pub(crate) share: u64,
    /// Where chance begins.
    pub(crate) seed: u64,
    /// Children a daemon.
    pub(crate) pool: usize,
    /// A short run, for what is counted and not for what takes time or memory.
    pub(crate) smoke: bool,
    /// Leave the real burp out.
    pub(crate) without_burp: bool,
    /// Where the figures go as JSON.
    pub(crate) json: Option<PathBuf>,
}

impl Options {
    /// Reads the command line of this process.
    pub(crate) fn parse() -> Result<Self, clap::Error> {
        let found = command().try_get_matches()?;
        let number = |name: &str| found.get_one::<u64>(name).copied();
        let or = |name: &str, default: u64| number(name).unwrap_or(default);
        let smoke = found.get_flag("smoke");
        Ok(Self {
            length: Duration::from_secs(or("seconds", if smoke { 5 } else { 60 })),
            faults: number("faults"),
            warm_up: Duration::from_secs(or("warm-up", if smoke { 5 } else { 30 })),
            rate: or("rate", 50),
            share: or("share", if smoke { 200 } else { 50 }).min(1000),
            seed: or("seed", 1),
            pool: usize::try_from(or("pool", 3)).unwrap_or(usize::MAX),
            smoke,
            without_burp: found.get_flag("without-burp"),
            json: found.get_one("json").cloned(),
        })
    }
}

fn command() -> Command {
    let path = || clap::value_parser!(PathBuf);
    Command::new("soak").about(ABOUT).after_help(EXIT).args([
        valued("seconds", "S", "How long [default: 60]"),
        valued("faults", "N", "End after N faults, if they come before the time is over"),
        valued("warm-up", "S", "Load and faults before the first figures [default: 30]"),
        valued("rate", "N", "Requests a second, over both daemons [default: 50]"),
        valued("share", "N", "Of 1000 requests, so many meet a fault [default: 50]"),
        valued("seed", "N", "Where chance begins [default: 1]"),
        valued("pool", "N", "Children of each daemon [default: 3]"),
        flag("smoke", "A short run that fails on wrong answers and leaks, not on time or memory"),
        flag("without-burp", "Scripted children alone"),
        valued("json", "FILE", "Also write every figure to FILE").value_parser(path()),
    ])
}

fn valued(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help).value_parser(number())
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn number() -> ValueParser {
    ValueParser::new(|text: &str| match text.parse::<u64>() {
        Ok(0) | Err(_) => Err("a number from 1 on is needed".to_owned()),
        Ok(number) => Ok(number),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        command().debug_assert();
        assert!(command().try_get_matches_from(["soak", "--rate", "0"]).is_err());
    }
}
