//! The report of the manual's benchmark, in Markdown and in JSON.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::manual::{BURP2, Side};

const HEAD: &str = "\
## The manual's benchmark

Twelve parallel requests for `/api/client/stats/NAME` at Burp-UI, six clients with seven backups each.
Seconds until the last answer, ratios of the medians; CPU is that of a round, Burp-UI's workers and the monitor's own.

| Burp-UI on | wire | pool | median | fastest | slowest | to the original | to burp2 | CPU Burp-UI | CPU monitor | failed |
| --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |
";

/// The table.
pub(crate) fn markdown(sides: &[Side]) -> String {
    let mut text = String::from(HEAD);
    for side in sides {
        let ratio = |to: &str| {
            let other = beside(sides, side, to).map(Side::median);
            other.map_or("–".to_owned(), |other| {
                format!("{:.2}×", other.as_secs_f64() / side.median().as_secs_f64().max(1e-9))
            })
        };
        let cells = [
            side.name.clone(),
            if side.name == BURP2 { "–" } else { side.wire.name() }.to_owned(),
            if side.name == BURP2 { "–".to_owned() } else { side.pool.to_string() },
            seconds(side.median()),
            side.rounds.first().copied().map_or("–".to_owned(), seconds),
            side.rounds.last().copied().map_or("–".to_owned(), seconds),
            ratio("original"),
            ratio(BURP2),
            seconds(a_round(side, side.workers_cpu)),
            side.monitor_cpu.map_or("–".to_owned(), |cpu| seconds(a_round(side, cpu))),
            side.failed.to_string(),
        ];
        // Writing to a string cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

/// The same figures, and those of single rounds.
pub(crate) fn json(sides: &[Side]) -> Value {
    let side = |side: &Side| {
        json!({
            "side": side.name,
            "wire": side.wire.name(),
            "pool": side.pool,
            "rounds_s": side.rounds.iter().map(Duration::as_secs_f64).collect::<Vec<_>>(),
            "workers_cpu_s": side.workers_cpu.as_secs_f64(),
            "monitor_cpu_s": side.monitor_cpu.map(|cpu| cpu.as_secs_f64()),
            "failed": side.failed,
        })
    };
    json!({ "manual": sides.iter().map(side).collect::<Vec<_>>() })
}

/// The first thing that went wrong on a side that is not the original's.
pub(crate) fn complaint(sides: &[Side]) -> Option<String> {
    let wrong = sides.iter().find(|side| side.name != "original" && side.failed > 0)?;
    let words = wrong.complaint.as_deref().unwrap_or("no cause known");
    Some(format!("manual, {}: {} failed; the first: {words}", wrong.name, wrong.failed))
}

/// The side called `name` of the same session.
fn beside<'a>(sides: &'a [Side], side: &Side, name: &str) -> Option<&'a Side> {
    sides.iter().find(|other| {
        (other.wire, other.pool) == (side.wire, side.pool)
            && other.name == name
            && other.name != side.name
    })
}

fn a_round(side: &Side, all: Duration) -> Duration {
    all / u32::try_from(side.rounds.len().max(1)).unwrap_or(u32::MAX)
}

fn seconds(time: Duration) -> String {
    format!("{:.3}", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::load::Wire;

    #[test]
    fn ratios_are_to_the_others_of_the_same_session() {
        let side = |name: &str, pool, rounds: &[u64]| Side {
            name: name.to_owned(),
            wire: Wire::Plain,
            pool,
            rounds: rounds.iter().copied().map(Duration::from_millis).collect(),
            workers_cpu: Duration::from_millis(900),
            monitor_cpu: None,
            failed: 0,
            complaint: None,
        };
        let sides = [side("original", 2, &[1000, 3000, 9000]), side("ours", 2, &[100, 300, 400])];
        let text = markdown(&sides);
        let ours = text.lines().last().unwrap();
        assert!(ours.starts_with("| ours | plain | 2 | 0.300 | 0.100 | 0.400 | 10.00× | – |"));
        assert!(ours.ends_with("| 0.300 | – | 0 |"), "{ours}");
        assert!(complaint(&sides).is_none());
    }
}
