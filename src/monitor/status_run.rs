//! `bui-status`: asks the daemon what the command line wants to know, shows it, and ends with a
//! code that says how it went.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use ostler_runtime::environment::variable;
use ostler_runtime::screen::Style;
use ostler_runtime::terminal::{escape, table};
use ostler_runtime::{Exit, Signals};
use serde_json::{Value, json};

use crate::burp_config::BurpConfig;
use crate::client::{Cache, Client};
use crate::client_error::ClientError;
use crate::client_patience::Patience;
use crate::client_target::Target;
use crate::status_check::{Level, Verdict};
use crate::status_clients::{self, HEAD};
use crate::status_json::{harmless, indented};
use crate::status_options::{Limits, Options, Show};
use crate::status_report;
use crate::status_time::today;
use crate::status_zone::Zone;
use crate::{status_top, status_watch};

/// The whole program; the arguments begin with its name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let is_check = arguments.iter().any(|argument| argument == "check");
    match Options::parse(arguments) {
        Ok(options) => ExitCode::from(run(&options)),
        Err(error) => {
            // Nothing is left to be done if even this cannot be printed.
            let _ = error.print();
            match (error.use_stderr(), is_check) {
                (false, _) => ExitCode::SUCCESS,
                // A monitoring system would take 64 for nothing it knows.
                (true, true) => ExitCode::from(Level::Unknown as u8),
                (true, false) => Exit::Usage.into(),
            }
        }
    }
}

fn run(options: &Options) -> u8 {
    let result = match &options.show {
        Show::Check(limits) => return check(options, limits),
        _ => show(options),
    };
    match result {
        Ok(()) => Exit::Success.code(),
        Err(error) => {
            if !error.is_silent() {
                for line in error.to_string().lines() {
                    eprintln!("bui-status: {}", escape(line));
                }
            }
            error.code()
        }
    }
}

fn check(options: &Options, limits: &Limits) -> u8 {
    let verdict = judged(options, limits).unwrap_or_else(|error| Verdict::of_error(&error));
    match print(&[verdict.to_string()]) {
        Ok(()) => verdict.level as u8,
        Err(_) => Level::Unknown as u8,
    }
}

fn judged(options: &Options, limits: &Limits) -> Result<Verdict, ClientError> {
    let mut client = client(options, Patience::plain())?;
    let mut limits = limits.clone();
    let burp = client.target().client_config.as_deref().map(BurpConfig::read);
    // The daemon's own client backs nothing up, unless somebody says that it should.
    let own = burp.and_then(Result::ok).and_then(|burp| burp.own_name);
    limits.ignored.extend(own.filter(|name| !limits.only.contains(name)));
    let clients = summary(&mut client, options)?;
    // The original has no such function, and burp answers all the same.
    let status = match client.call("status") {
        Ok(answer) => parsed(&answer),
        Err(ClientError::Refused { .. }) => Value::Null,
        Err(error) => return Err(error),
    };
    Ok(Verdict::of(&clients, status_report::pool(&status), &limits, today()))
}

fn show(options: &Options) -> Result<(), ClientError> {
    if let Show::Clients(Some(interval)) | Show::Top(interval) = options.show {
        let signals = Signals::install()?;
        let mut client = client(options, Patience::with(signals))?;
        let style = if options.json { Style::Json } else { Style::Table };
        return match options.show {
            Show::Top(_) => status_top::top(&mut client, interval, style, &zone()),
            _ => status_watch::watch(&mut client, cache(options), interval, style, &zone()),
        };
    }
    let mut client = client(options, Patience::plain())?;
    let answer = match &options.show {
        Show::Query(query) => client.query(query, cache(options))?,
        Show::Statistics => client.call("statistics")?,
        Show::Status => client.call("status")?,
        Show::Versions => versions(&mut client)?.to_string().into_bytes(),
        Show::Clients(_) if options.json => client.query("c:", cache(options))?,
        Show::Clients(_) => {
            let (clients, today, zone) = (summary(&mut client, options)?, today(), zone());
            let rows: Vec<_> = clients.iter().map(|client| client.row(today, &zone)).collect();
            return print(&table(&HEAD, &rows, None));
        }
        // Handled above, since one has other exit codes and the other no end.
        Show::Check(_) | Show::Top(_) => Vec::new(),
    };
    match &options.show {
        _ if options.json => print_json(&answer),
        Show::Statistics => {
            let statistics = parsed(&answer);
            let mut lines = status_report::statistics(&statistics);
            if statistics.get("alive") == Some(&Value::Bool(false)) {
                // The original has no such function, and says no more than that.
                let status = client.call("status").map(|answer| parsed(&answer));
                lines.extend(status.ok().and_then(|status| status_report::why(&status)));
            }
            print(&lines)
        }
        Show::Status => print(&status_report::status(&parsed(&answer))),
        Show::Versions => print(&status_report::versions(&parsed(&answer))),
        _ => print(&[indented(&answer)]),
    }
}

fn client(options: &Options, patience: Patience) -> Result<Client, ClientError> {
    Ok(Client::new(Target::find(&options.place, variable)?, patience))
}

fn cache(options: &Options) -> Cache {
    if options.fresh { Cache::Refused } else { Cache::Allowed }
}

fn zone() -> Zone {
    Zone::local(variable("TZ").as_deref())
}

fn summary(
    client: &mut Client,
    options: &Options,
) -> Result<Vec<status_clients::Client>, ClientError> {
    let answer = client.query("c:", cache(options))?;
    status_clients::parse(&answer).ok_or_else(|| ClientError::NoAnswer {
        place: client.target().place(),
        cause: "burp's answer is no summary".to_owned(),
    })
}

fn versions(client: &mut Client) -> Result<Value, ClientError> {
    let mut text = |function: &str| {
        client.call(function).map(|answer| String::from_utf8_lossy(&answer).into_owned())
    };
    Ok(json!({
        "bui_status": env!("CARGO_PKG_VERSION"),
        "monitor_version": text("monitor_version")?,
        "client_version": text("client_version")?,
        "server_version": text("server_version")?,
    }))
}

/// What cannot be read says nothing, and is shown so.
fn parsed(answer: &[u8]) -> Value {
    serde_json::from_slice(answer).unwrap_or_default()
}

/// The answer as it came; on a terminal, without anything that it would obey.
fn print_json(answer: &[u8]) -> Result<(), ClientError> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        writeln!(out, "{}", harmless(answer))?;
    } else {
        out.write_all(&[answer, b"\n"].concat())?;
    }
    Ok(out.flush()?)
}

fn print(lines: &[String]) -> Result<(), ClientError> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}
