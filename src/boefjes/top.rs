//! `boefjes top`: a live view of workers, drawn in its place on a terminal.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use ostler_net::Address;
use ostler_runtime::logging::with_cause;
use ostler_runtime::problem::Problem;
use ostler_runtime::screen::{Screen, Style};
use ostler_runtime::terminal::escape;
use ostler_runtime::{Deadline, Event, Exit, Moment, Signals, now};
use serde_json::Value;
use ureq::Agent;

use crate::config::Configuration;
use crate::options::Options;
use crate::top_options::Top;
use crate::top_view::Seen;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// Bytes of an answer, at most.
const MAX_ANSWER: u64 = 16 << 20;

/// One of the daemons that are looked at.
struct Watched {
    url: String,
    seen: Seen,
    /// When it answered last.
    at: Option<Instant>,
}

/// Shows the daemons until a signal comes, or once.
pub fn run(options: &Options, top: &Top) -> Exit {
    let urls = match urls(options, top) {
        Ok(urls) => urls,
        Err(words) => {
            eprintln!("boefjes: {}", escape(&words));
            return Exit::Config;
        }
    };
    match watch(urls, top) {
        Ok(exit) => exit,
        // Whoever read has gone.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Success,
        Err(error) => {
            eprintln!("boefjes: {}", with_cause(&error));
            Exit::Os
        }
    }
}

/// Where to ask: as it is said, else where the configuration has the status listener.
fn urls(options: &Options, top: &Top) -> Result<Vec<String>, String> {
    if !top.addresses.is_empty() {
        return Ok(top.addresses.iter().map(|address| url(address)).collect());
    }
    let addresses = Configuration::status_addresses(options).map_err(|problems| {
        problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
    })?;
    let address = addresses.iter().find(|address| address.file().is_none());
    let address = address.map(Address::to_string);
    let words = "no [Status] port is configured: say with --address where to look";
    address.map(|address| vec![url(&address)]).ok_or_else(|| words.to_owned())
}

fn url(address: &str) -> String {
    let base = address.trim_end_matches('/');
    let scheme = if base.contains("://") { "" } else { "http://" };
    format!("{scheme}{base}/v1/status")
}

fn watch(urls: Vec<String>, top: &Top) -> io::Result<Exit> {
    let mut signals = Signals::install()?;
    let once = top.once || !io::stdout().is_terminal();
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .proxy(None)
        .max_redirects(0)
        .build()
        .into();
    let watched = |url| Watched { url, seen: Seen::default(), at: None };
    let mut watched: Vec<Watched> = urls.into_iter().map(watched).collect();
    let mut screen = Screen::open("boefjes", Style::Table)?;
    loop {
        let mut troubles = Vec::new();
        for one in &mut watched {
            if let Err(why) = one.look(&agent) {
                troubles.push(format!("{}: {why}", one.url));
            }
        }
        let mut lines = Vec::new();
        for one in &watched {
            if !lines.is_empty() {
                lines.push(String::new());
            }
            lines.extend(one.seen.lines());
        }
        let trouble = (!troubles.is_empty()).then(|| troubles.join("; "));
        screen.draw(&format!("boefjes  {}", this_second()), &lines, trouble.as_deref())?;
        if once {
            return Ok(if troubles.is_empty() { Exit::Success } else { Exit::Unavailable });
        }
        let next = Deadline::after(top.interval);
        loop {
            match signals.wait_until(next) {
                Some(Event::Stop) => return Ok(Exit::Success),
                Some(_) => {}
                None => break,
            }
        }
    }
}

fn this_second() -> Moment {
    const SECOND: i64 = 1_000_000;
    let micros = Moment::now().unix_micros();
    Moment::from_unix_micros(micros.div_euclid(SECOND).saturating_mul(SECOND))
}

impl Watched {
    /// Asks how it goes. An error says why it cannot be told.
    fn look(&mut self, agent: &Agent) -> Result<(), String> {
        let mut answer = agent.get(&self.url).call().map_err(|error| error.to_string())?;
        let text = answer.body_mut().with_config().limit(MAX_ANSWER).read_to_string();
        let text = text.map_err(|error| error.to_string())?;
        let status: Value =
            serde_json::from_str(&text).map_err(|_| "it does not tell its status".to_owned())?;
        let before = self.at.replace(now());
        let seconds = before.map_or(0.0, |before| now().duration_since(before).as_secs_f64());
        self.seen.note(status, seconds);
        Ok(())
    }
}
