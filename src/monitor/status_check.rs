//! The verdict of `bui-status check`: one line and an exit code, as Nagios plugins have them.
//!
//! Pure: what was found in, the verdict out. Names are escaped, and so is `|`, which begins the
//! numbers of such a line.

use std::fmt;

use ostler_runtime::terminal::{age, escape};

use crate::client_error::ClientError;
use crate::status_clients::Client;
use crate::status_options::Limits;

/// So many clients are named; the others are counted.
const NAMED: usize = 10;

/// How bad it is; the numbers are the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Level {
    Ok = 0,
    Warning = 1,
    Critical = 2,
    Unknown = 3,
}

/// The line and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub level: Level,
    words: String,
    numbers: String,
}

/// The burp monitors of the daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    pub size: u64,
    pub ready: u64,
}

impl Verdict {
    /// Judges the clients and, if the daemon tells of it, the pool.
    pub(crate) fn of(clients: &[Client], pool: Option<Pool>, limits: &Limits, today: u64) -> Self {
        let is_meant = |client: &&Client| {
            let is_in = |names: &[String]| names.contains(&client.name);
            (limits.only.is_empty() || is_in(&limits.only)) && !is_in(&limits.ignored)
        };
        let meant: Vec<&Client> = clients.iter().filter(is_meant).collect();
        let (mut critical, mut warning, mut never) = (Vec::new(), Vec::new(), 0_usize);
        for name in &limits.only {
            if !clients.iter().any(|client| client.name == *name) {
                critical.push(format!("{name} is not known to burp"));
            }
        }
        for client in &meant {
            let Some(seconds) = client.age(today) else {
                never = never.saturating_add(1);
                critical.push(format!("{} has no backup", client.name));
                continue;
            };
            let words = format!("{} {} old", client.name, age(seconds));
            if seconds > limits.critical_age.as_secs() {
                critical.push(words);
            } else if seconds > limits.warning_age.as_secs() {
                warning.push(words);
            }
        }
        if let Some(pool) = pool.filter(|pool| pool.ready < pool.size) {
            warning.push(format!("{} of {} burp monitors ready", pool.ready, pool.size));
        }
        let numbers = numbers(&meant, never, pool, limits, today);
        let level = match (critical.is_empty(), warning.is_empty()) {
            (false, _) => Level::Critical,
            (true, false) => Level::Warning,
            (true, true) if meant.is_empty() => Level::Unknown,
            (true, true) => Level::Ok,
        };
        critical.extend(warning);
        let words = match level {
            Level::Unknown => "burp shows no client".to_owned(),
            Level::Ok => format!("{} clients", meant.len()),
            Level::Warning | Level::Critical => listed(&critical),
        };
        Self { level, words, numbers }
    }

    /// The verdict when there is nothing to judge: no answer is a state of the service, a wrong
    /// password or file one of the check.
    pub(crate) fn of_error(error: &ClientError) -> Self {
        let level = match error {
            ClientError::Unreachable { .. }
            | ClientError::NoAnswer { .. }
            | ClientError::Refused { .. } => Level::Critical,
            _ => Level::Unknown,
        };
        Self { level, words: error.to_string(), numbers: String::new() }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "OK",
            Level::Warning => "WARNING",
            Level::Critical => "CRITICAL",
            Level::Unknown => "UNKNOWN",
        };
        write!(f, "BURP {level} - {}", escape(&self.words).replace('|', "\\x7c"))?;
        if self.numbers.is_empty() { Ok(()) } else { write!(f, " | {}", self.numbers) }
    }
}

fn listed(troubles: &[String]) -> String {
    let named: Vec<&str> = troubles.iter().take(NAMED).map(String::as_str).collect();
    let mut words = named.join(", ");
    let more = troubles.len().saturating_sub(NAMED);
    if more > 0 {
        words = format!("{words} and {more} more");
    }
    words
}

fn numbers(
    meant: &[&Client],
    never: usize,
    pool: Option<Pool>,
    limits: &Limits,
    today: u64,
) -> String {
    let running = meant.iter().filter(|client| !client.now.is_empty()).count();
    let mut numbers = format!("clients={} running={running} never={never}", meant.len());
    if let Some(oldest) = meant.iter().filter_map(|client| client.age(today)).max() {
        let (warning, critical) = (limits.warning_age.as_secs(), limits.critical_age.as_secs());
        numbers = format!("{numbers} oldest={oldest}s;{warning};{critical};0");
    }
    if let Some(Pool { size, ready }) = pool {
        numbers = format!("{numbers} monitors={ready};;;0;{size}");
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_clients::Backup;
    use std::time::Duration;

    const TODAY: u64 = 1_000_000;
    const WHOLE: Option<Pool> = Some(Pool { size: 2, ready: 2 });

    fn client(name: &str, age: Option<u64>) -> Client {
        Client {
            name: name.to_owned(),
            state: "idle".to_owned(),
            last: age.map(|age| Backup { number: 1, timestamp: TODAY - age }),
            now: Vec::new(),
        }
    }

    fn limits() -> Limits {
        Limits {
            warning_age: Duration::from_secs(1000),
            critical_age: Duration::from_secs(2000),
            ..Limits::default()
        }
    }

    fn judge(clients: &[Client], pool: Option<Pool>, limits: &Limits) -> (Level, String) {
        let verdict = Verdict::of(clients, pool, limits, TODAY);
        (verdict.level, verdict.to_string())
    }

    #[test]
    fn ages_decide() {
        let (level, line) =
            judge(&[client("a", Some(1000)), client("b", Some(5))], WHOLE, &limits());
        let numbers = "clients=2 running=0 never=0 oldest=1000s;1000;2000;0 monitors=2;;;0;2";
        assert_eq!((level, line), (Level::Ok, format!("BURP OK - 2 clients | {numbers}")));
        let (level, line) = judge(&[client("a", Some(1001))], None, &limits());
        assert_eq!(level, Level::Warning);
        assert!(line.starts_with("BURP WARNING - a 16 min old | clients=1 "), "{line}");
        assert_eq!(judge(&[client("a", Some(2001))], WHOLE, &limits()).0, Level::Critical);
        let (level, line) = judge(&[client("a", None)], WHOLE, &limits());
        assert_eq!(level, Level::Critical);
        assert!(line.contains("a has no backup | clients=1 running=0 never=1 monitors="), "{line}");
    }

    #[test]
    fn a_pool_that_is_not_whole_is_a_warning() {
        let short = Some(Pool { size: 2, ready: 1 });
        let (level, line) = judge(&[client("a", Some(1))], short, &limits());
        assert_eq!(level, Level::Warning);
        assert!(line.contains("1 of 2 burp monitors ready"), "{line}");
        assert_eq!(judge(&[client("a", None)], short, &limits()).0, Level::Critical);
    }

    #[test]
    fn clients_are_chosen_by_name() {
        let clients = [client("a", Some(1)), client("monitor", None)];
        let ignored = Limits { ignored: vec!["monitor".to_owned()], ..limits() };
        assert_eq!(judge(&clients, WHOLE, &ignored).0, Level::Ok);
        let only = |name: &str| Limits { only: vec![name.to_owned()], ..limits() };
        assert_eq!(judge(&clients, WHOLE, &only("a")).0, Level::Ok);
        let (level, line) = judge(&clients, WHOLE, &only("c"));
        assert_eq!(level, Level::Critical);
        assert!(line.contains("c is not known to burp"), "{line}");
        assert_eq!(judge(&[], WHOLE, &limits()).0, Level::Unknown);
    }

    #[test]
    fn a_name_cannot_forge_the_line() {
        let (_, line) = judge(&[client("a|\nBURP OK\x1b", None)], None, &limits());
        assert!(
            line.starts_with("BURP CRITICAL - a\\x7c\\x0aBURP OK\\x1b has no backup | "),
            "{line}"
        );
        let many: Vec<Client> = (0..12).map(|n| client(&format!("c{n}"), None)).collect();
        assert!(judge(&many, None, &limits()).1.contains("c9 has no backup and 2 more | "));
    }

    #[test]
    fn no_answer_is_critical_and_a_wrong_password_unknown() {
        let place = || "there".to_owned();
        let down = ClientError::Unreachable { place: place(), cause: "refused".to_owned() };
        let verdict = Verdict::of_error(&down);
        assert_eq!(verdict.level, Level::Critical);
        let line = "BURP CRITICAL - cannot reach bui-monitor at there: refused";
        assert_eq!(verdict.to_string(), line);
        let password = ClientError::Password { place: place(), from: place() };
        assert_eq!(Verdict::of_error(&password).level, Level::Unknown);
    }
}
