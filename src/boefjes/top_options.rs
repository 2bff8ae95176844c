//! The command line of the live view.

use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ostler_runtime::numbers;

/// What is shown, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// `--address`: the status listeners that are asked; that of the configuration if there is none.
    pub addresses: Vec<String>,
    /// `--interval`: the time between two looks.
    pub interval: Duration,
    /// `--once`: one picture, as where standard output is no terminal.
    pub once: bool,
}

impl Top {
    /// The time between two looks, if nothing else is said.
    const INTERVAL: Duration = Duration::from_secs(2);
    const LEAST: Duration = Duration::from_millis(100);
    const MOST: Duration = Duration::from_secs(3600);

    pub(crate) fn of(matches: &mut ArgMatches) -> Self {
        Self {
            addresses: matches.remove_many("address").into_iter().flatten().collect(),
            interval: matches.remove_one("interval").unwrap_or(Self::INTERVAL),
            once: matches.get_flag("once"),
        }
    }
}

/// Its definition.
pub(crate) fn command() -> Command {
    Command::new("top")
        .about("Show live what the workers do")
        .arg(
            Arg::new("address")
                .long("address")
                .short('a')
                .value_name("ADDRESS")
                .action(ArgAction::Append)
                .help(
                    "A status listener, such as 127.0.0.1:9100, also several times; that of the \
                     configuration without it",
                ),
        )
        .arg(
            Arg::new("interval")
                .long("interval")
                .value_name("SECONDS")
                .value_parser(interval)
                .help("The time between two looks; 2 without it"),
        )
        .arg(
            Arg::new("once")
                .long("once")
                .action(ArgAction::SetTrue)
                .help("Print one picture, as where standard output is no terminal"),
        )
}

fn interval(text: &str) -> Result<Duration, String> {
    let time = numbers::seconds(text).ok_or("it is no number of seconds")?;
    if (Top::LEAST..=Top::MOST).contains(&time) {
        return Ok(time);
    }
    Err("it must be from 0.1 to 3600 seconds".to_owned())
}
