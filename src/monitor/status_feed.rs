//! What the daemon tells those who watch: one question after the other, each answered once there is
//! something new.

use std::time::Duration;

use memchr::memmem;
use serde_json::Value;

use crate::client::Client;
use crate::client_error::ClientError;

/// How long a question waits for something new, unless the patience for an answer is shorter: ages
/// are drawn anew at least so often.
const HOLD: Duration = Duration::from_secs(10);

/// Where the summary begins: the last member, and no text can have these quotes in it.
const SUMMARY: &[u8] = b",\"summary\":";

/// The questions of one who watches.
#[derive(Debug)]
pub(crate) struct Feed {
    after: u64,
    interval: Duration,
    clients_only: bool,
}

/// One answer.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The daemon holds its answers back until there is something new; else they are to be asked
    /// for in their time.
    pub(crate) is_live: bool,
    /// The daemon's state, as the function `status` has it.
    pub(crate) status: Value,
    /// What has come since the look before.
    pub(crate) interval: Value,
    /// Why there is no summary.
    pub(crate) trouble: Option<String>,
    /// burp's summary as it came, if it is another one.
    pub(crate) summary: Option<Vec<u8>>,
}

impl Feed {
    /// Waits for summaries that have changed.
    pub(crate) fn of_clients(interval: Duration) -> Self {
        Self { after: 0, interval, clients_only: true }
    }

    /// Waits for any change.
    pub(crate) fn of_everything(interval: Duration) -> Self {
        Self { clients_only: false, ..Self::of_clients(interval) }
    }

    /// The next answer.
    pub(crate) fn next(&mut self, client: &mut Client) -> Result<Seen, ClientError> {
        let hold = HOLD.min(client.target().timeout / 2);
        let answer = client.ask_for(&[
            ("func", Value::from("live")),
            // For a daemon that knows no such function.
            ("query", Value::from("c:")),
            ("after", Value::from(self.after)),
            ("interval", Value::from(self.interval.as_secs_f64())),
            ("hold", Value::from(hold.as_secs_f64())),
            ("clients_only", Value::from(self.clients_only)),
        ])?;
        let Some((tick, seen)) = read(&answer) else { return Ok(Seen::of_summary(answer)) };
        self.after = tick;
        Ok(seen)
    }
}

impl Seen {
    /// The answer of a daemon that knows queries only.
    pub(crate) fn of_summary(summary: Vec<u8>) -> Self {
        Self { summary: Some(summary), ..Self::default() }
    }
}

/// The look's number and what it saw; `None` if it is no such answer.
fn read(answer: &[u8]) -> Option<(u64, Seen)> {
    let place = memmem::find(answer, SUMMARY);
    let (head, summary) = match place {
        Some(place) => {
            let summary = answer.get(place.saturating_add(SUMMARY.len())..)?.strip_suffix(b"}")?;
            ([answer.get(..place)?, b"}"].concat(), Some(summary.to_vec()))
        }
        None => (answer.to_vec(), None),
    };
    let mut head: Value = serde_json::from_str(&String::from_utf8_lossy(&head)).ok()?;
    let tick = head.get("tick")?.as_u64()?;
    let mut take = |key: &str| head.get_mut(key).map(Value::take).unwrap_or_default();
    let (status, interval) = (take("status"), take("interval"));
    let trouble = take("trouble").as_str().map(str::to_owned);
    Some((tick, Seen { is_live: true, status, interval, trouble, summary }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_cut_out_as_it_came() {
        let answer = b"{\"tick\":7,\"interval\":null,\"status\":{\"last_errors\":\
            [\",\\\"summary\\\":{}\"]},\"trouble\":null,\"summary\":{\"clients\":[ \"\xff\"]}}";
        let (tick, seen) = read(answer).unwrap();
        assert_eq!((tick, seen.is_live), (7, true));
        assert_eq!(seen.summary.unwrap(), b"{\"clients\":[ \"\xff\"]}");
        assert_eq!(seen.status["last_errors"][0], ",\"summary\":{}");
        let (tick, seen) = read(br#"{"tick":8,"status":{},"trouble":"away"}"#).unwrap();
        assert_eq!((tick, seen.trouble.as_deref(), seen.summary), (8, Some("away"), None));
        assert!(read(br#"{"clients":[]}"#).is_none());
    }
}
