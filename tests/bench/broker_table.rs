//! The report of the broker's benchmark, in Markdown and in JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::bars::{Bar, Sense};
use crate::broker::{Figures, Measure, Round, Row};
use crate::report::{line, own_bar, own_bars, short};

/// What was measured of the original on another machine of two cores: messages a second.
const ORIGINAL: [(Row, &str); 3] = [
    (Row::Native, "140000–192000"),
    (Row::WebSocketIn, "51000–55000"),
    (Row::WebSocketOut, "40000"),
];

const HEAD: &str = "\
## The broker

Entries of conn.log with 21 fields; every process on the same machine, connected over its loopback. Memory in MiB, of the process that receives, natively, or of the node, at most.
The original's figures were measured once, elsewhere: natively with its peer buffer raised, since with its defaults it cuts the peering at full speed.

| way | messages a round | messages/s | best round | original | lost | memory |
| --- | --: | --: | --: | --: | --: | --: |
";

const TRIPS: &str = "
Round trips in µs; as many bytes by two processes that only read and write, in the same run.

| | p50 | p90 |
| --- | --: | --: |
";

impl Round {
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn rate(&self) -> f64 {
        self.arrived as f64 / self.took.as_secs_f64().max(f64::EPSILON)
    }
}

impl Measure {
    /// Messages a second, of all rounds in order.
    fn rates(&self) -> Vec<f64> {
        let mut rates: Vec<f64> = self.rounds.iter().map(Round::rate).collect();
        rates.sort_by(f64::total_cmp);
        rates
    }

    /// The median of the rounds.
    fn rate(&self) -> f64 {
        self.rates().get(self.rounds.len() / 2).copied().unwrap_or_default()
    }

    fn lost(&self) -> u64 {
        self.rounds.iter().map(|round| round.sent.abs_diff(round.arrived)).sum()
    }

    fn peak(&self) -> u64 {
        self.rounds.iter().map(|round| round.peak).max().unwrap_or_default()
    }
}

/// The tables: rows, round trips, memory, bars.
pub(crate) fn markdown(figures: &Figures, bars: &[Bar]) -> String {
    let mut text = String::from(HEAD);
    for measure in &figures.measures {
        let original = ORIGINAL.iter().find(|(row, _)| *row == measure.row);
        let sent = measure.rounds.iter().map(|round| round.sent).max().unwrap_or_default();
        line(
            &mut text,
            &[
                measure.row.name().to_owned(),
                sent.to_string(),
                short(measure.rate()),
                measure.rates().last().copied().map_or("–".to_owned(), short),
                original.map_or("–".to_owned(), |(_, rates)| (*rates).to_owned()),
                measure.lost().to_string(),
                (measure.peak() >> 20).to_string(),
            ],
        );
    }
    text.push_str(TRIPS);
    for (name, times) in [("nodes", &figures.trips.nodes), ("bare echo", &figures.trips.echo)] {
        let both = [0.5, 0.9].map(|part| short(micros(times, part)));
        line(&mut text, &[name.to_owned(), both[0].clone(), both[1].clone()]);
    }
    line(&mut text, &["original, elsewhere".to_owned(), "150".to_owned(), "–".to_owned()]);
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nIdle: {} KiB PSS, {} KiB RSS, {} threads; the original: 15600 KB RSS, 12 threads.",
        figures.idle.kib[0], figures.idle.kib[1], figures.idle.threads
    );
    own_bars(&mut text, bars);
    text
}

/// The same figures.
pub(crate) fn json(figures: &Figures, bars: &[Bar]) -> Value {
    let row = |measure: &Measure| {
        json!({
            "row": measure.row.name(),
            "rates": measure.rates(),
            "lost": measure.lost(),
            "peak_bytes": measure.peak(),
        })
    };
    let trips =
        |times: &[u64]| json!({ "p50_us": micros(times, 0.5), "p90_us": micros(times, 0.9) });
    json!({
        "broker": figures.measures.iter().map(row).collect::<Vec<_>>(),
        "nodes": trips(&figures.trips.nodes),
        "echo": trips(&figures.trips.echo),
        "idle_pss_kib": figures.idle.kib[0],
        "idle_rss_kib": figures.idle.kib[1],
        "idle_threads": figures.idle.threads,
        "bars": bars.iter().map(own_bar).collect::<Vec<_>>(),
    })
}

/// The bars, for a machine of two cores.
pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    let bar = Bar::ours;
    let rate = |row| {
        let found = figures.measures.iter().find(|measure| measure.row == row);
        found.map(Measure::rate)
    };
    let has_trips = !figures.trips.echo.is_empty() && !figures.trips.nodes.is_empty();
    let ratio = micros(&figures.trips.nodes, 0.5) / micros(&figures.trips.echo, 0.5);
    let idle = figures.idle.kib[1];
    let megabytes = f64::from(u32::try_from(idle).unwrap_or(u32::MAX)) * 1.024e-3;
    vec![
        bar("natively, messages a second", Sense::AtLeast, 700_000.0, rate(Row::Native)),
        bar("from a client, a second", Sense::AtLeast, 150_000.0, rate(Row::WebSocketIn)),
        bar("to a client, a second", Sense::AtLeast, 100_000.0, rate(Row::WebSocketOut)),
        bar("round trip to bare echo, p50", Sense::AtMost, 1.5, has_trips.then_some(ratio)),
        bar("idle RSS, MB", Sense::AtMost, 4.0, (idle > 0).then_some(megabytes)),
    ]
}

/// The first thing that went wrong.
pub(crate) fn complaint(figures: &Figures) -> Option<String> {
    let wrong = figures.measures.iter().find(|measure| measure.lost() > 0)?;
    Some(format!("broker, {}: {} messages were lost", wrong.row.name(), wrong.lost()))
}

/// The percentile of times in order, in microseconds.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts and times far below 2^52, and none is below zero"
)]
pub(crate) fn micros(times: &[u64], part: f64) -> f64 {
    let at = (times.len() as f64 * part) as usize;
    times.get(at.min(times.len().saturating_sub(1))).map_or(f64::NAN, |nanos| *nanos as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::broker::Idle;
    use crate::broker_trips::Trips;

    use super::*;

    fn figures(row: Row, sent: u64, arrived: u64) -> Figures {
        let round = Round { sent, arrived, took: Duration::from_secs(1), peak: 1 << 20 };
        let measures = vec![Measure { row, rounds: vec![round; 3] }];
        let trips = Trips { nodes: vec![20_000, 30_000, 90_000], echo: vec![20_000] };
        Figures { measures, trips, idle: Idle { kib: [2_000, 3_000], threads: 5 } }
    }

    #[test]
    fn what_was_measured_is_judged_and_the_rest_is_not() {
        assert!(judge(&Figures::default()).iter().all(|bar| bar.met().is_none()));
        let met: Vec<_> =
            judge(&figures(Row::Native, 700_000, 700_000)).iter().map(Bar::met).collect();
        assert_eq!(met, [Some(true), None, None, Some(true), Some(true)]);
    }

    #[test]
    fn a_message_that_was_lost_is_a_complaint() {
        assert_eq!(complaint(&figures(Row::Native, 9, 9)), None);
        let words = complaint(&figures(Row::WebSocketIn, 9, 8)).unwrap();
        assert_eq!(words, "broker, from a WebSocket client: 3 messages were lost");
    }
}
