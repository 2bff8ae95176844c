//! The daemon at work: its slots, its queue, how long answers take, and what the clients do.

use std::time::Duration;

use ostler_runtime::plot::Plot;
use ostler_runtime::screen::{Screen, Style, write};
use serde_json::Value;

use crate::client::Client;
use crate::client_error::ClientError;
use crate::status_clients;
use crate::status_feed::{Feed, Seen};
use crate::status_report;
use crate::status_time::{date, today};
use crate::status_watch::rows;
use crate::status_zone::Zone;

/// Shows everything until a signal comes, looking every `interval`.
pub(crate) fn top(
    client: &mut Client,
    interval: Duration,
    style: Style,
    zone: &Zone,
) -> Result<(), ClientError> {
    let mut screen = Screen::open("bui-status", style)?;
    let mut feed = Feed::of_everything(interval);
    let mut shown = Shown::default();
    loop {
        let trouble = match feed.next(client) {
            Ok(seen) if !seen.is_live => {
                return Err(ClientError::Refused {
                    place: client.target().place(),
                    words: "it is no daemon that can be watched".to_owned(),
                });
            }
            Ok(seen) if style == Style::Json => {
                write(format!("{}\n", seen.status).as_bytes())?;
                seen.trouble
            }
            Ok(seen) => {
                let trouble = seen.trouble.clone();
                shown.note(seen);
                trouble
            }
            Err(ClientError::Stopped) => break,
            Err(error @ (ClientError::Password { .. } | ClientError::Configuration(_))) => {
                return Err(error);
            }
            Err(error) => {
                let title = client.target().place();
                screen.draw(&title, &shown.lines(zone), Some(&error.to_string()))?;
                if client.patience().is_stopped_within(interval) {
                    break;
                }
                continue;
            }
        };
        let title = format!("{}  {}", client.target().place(), date(today(), zone.east(today())));
        screen.draw(&title, &shown.lines(zone), trouble.as_deref())?;
    }
    Ok(())
}

/// What has been seen so far.
#[derive(Debug, Default)]
struct Shown {
    status: Value,
    clients: Vec<status_clients::Client>,
    /// Answers a second, and the time in seconds that nearly all of them took at most.
    rates: Plot,
    slowest: Plot,
    half: Option<f64>,
}

impl Shown {
    fn note(&mut self, seen: Seen) {
        self.status = seen.status;
        if let Some(clients) = seen.summary.as_deref().and_then(status_clients::parse) {
            self.clients = clients;
        }
        let number = |key: &str| seen.interval.get(key).and_then(Value::as_f64);
        let (Some(seconds), Some(answered)) = (number("seconds"), number("answered")) else {
            return;
        };
        self.rates.push(if seconds > 0.0 { answered / seconds } else { 0.0 });
        self.slowest.push(number("p99_seconds").unwrap_or_default());
        self.half = number("p50_seconds");
    }

    fn lines(&self, zone: &Zone) -> Vec<String> {
        let rate = self.rates.last();
        let slowest = self.slowest.last();
        let half = self.half.map_or_else(|| "-".to_owned(), time);
        let mut lines = vec![
            format!("{:<16}{rate:>9.1}/s   {}", "requests", self.rates),
            format!(
                "{:<16}{:>9}     {}  median {half}",
                "99 % within",
                time(slowest),
                self.slowest
            ),
            String::new(),
        ];
        lines.extend(status_report::status(&self.status));
        lines.push(String::new());
        lines.extend(rows(&self.clients, zone));
        lines
    }
}

/// Seconds with a unit that suits them.
fn time(seconds: f64) -> String {
    if seconds >= 1.0 {
        format!("{seconds:.1} s")
    } else if seconds >= 0.001 {
        format!("{:.1} ms", seconds * 1e3)
    } else {
        format!("{:.0} µs", seconds * 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_have_a_unit_that_suits_them() {
        assert_eq!([0.0, 0.000_25, 0.0123, 2.0].map(time), ["0 µs", "250 µs", "12.3 ms", "2.0 s"]);
    }

    #[test]
    fn what_was_seen_is_shown_with_its_rate() {
        let mut shown = Shown::default();
        let interval = json!({"seconds": 2.0, "answered": 30, "p50_seconds": 0.001,
                              "p99_seconds": 0.02});
        let status = json!({"version": "1", "slots": [{"state": "ready", "pid": 7}]});
        let summary = br#"{"clients":[{"name":"a","run_status":"idle"}]}"#.to_vec();
        let seen = Seen { status, interval, summary: Some(summary), ..Seen::default() };
        shown.note(seen);
        let lines = shown.lines(&Zone::UTC).join("\n");
        for words in ["15.0/s   █", "20.0 ms     █  median 1.0 ms", "1     ready", "a       idle"]
        {
            assert!(lines.contains(words), "{words}: {lines}");
        }
    }
}
