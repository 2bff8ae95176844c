//! The report: tables in Markdown for people, the same figures in JSON for programs.

use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bars::Bar;
use crate::rounds::{CHILDREN, LOOP, Measure};
use crate::session::{Figures, Footprint};

/// The tables: rows, then start and memory, then bars.
pub(crate) fn markdown(figures: &Figures, bars: &[Bar]) -> String {
    let mut text = String::from(ROWS);
    for measure in &figures.measures {
        let original = beside(figures, measure, &["original"]);
        let limit = beside(figures, measure, &[LOOP, CHILDREN]);
        let ratio = |of: fn(&Measure) -> Option<f64>| match (of(measure), original.and_then(of)) {
            (Some(ours), Some(original)) if original > 0.0 => {
                format!("{}×", short(ours / original))
            }
            _ => "–".to_owned(),
        };
        line(
            &mut text,
            &[
                measure.row.name().to_owned(),
                measure.wire.name().to_owned(),
                measure.pool.to_string(),
                measure.clients.to_string(),
                measure.side.clone(),
                short(measure.rate()),
                ratio(|measure| Some(measure.rate())),
                limit.map_or("–".to_owned(), |limit| short(measure.rate() / limit.rate())),
                short(measure.outcome.percentile(0.5)),
                short(measure.outcome.percentile(0.99)),
                measure.cpu_ms().map_or("–".to_owned(), short),
                ratio(Measure::cpu_ms),
                (measure.outcome.errors + measure.outcome.wrong).to_string(),
            ],
        );
    }
    if !figures.swift {
        text.push_str("\nThe kernel did not lend the bare children's sockets: they stall.\n");
    }
    text.push_str(FOOTPRINTS);
    for print in &figures.footprints {
        line(
            &mut text,
            &[
                print.side.clone(),
                print.wire.name().to_owned(),
                print.pool.to_string(),
                milliseconds(print.first_version),
                milliseconds(print.first_summary),
                print.idle_kib.to_string(),
                print.loaded_kib.to_string(),
                print.browsed_kib.map_or("–".to_owned(), |kib| kib.to_string()),
            ],
        );
    }
    if !bars.is_empty() {
        text.push_str(BARS);
    }
    for bar in bars {
        line(
            &mut text,
            &[
                bar.what.to_owned(),
                bar.side.clone(),
                bar.words(),
                bar.measured.map_or("–".to_owned(), short),
                verdict(bar).to_owned(),
            ],
        );
    }
    text
}

/// The same figures, and those of single rounds.
pub(crate) fn json(figures: &Figures, bars: &[Bar]) -> Value {
    json!({
        "rows": figures.measures.iter().map(row_json).collect::<Vec<_>>(),
        "daemons": figures.footprints.iter().map(footprint_json).collect::<Vec<_>>(),
        "bars": bars.iter().map(|bar| json!({
            "what": bar.what,
            "side": bar.side,
            "bar": bar.words(),
            "measured": bar.measured,
            "verdict": verdict(bar),
        })).collect::<Vec<_>>(),
        "children_without_stall": figures.swift,
    })
}

/// The first thing that went wrong on a side of ours, if any did. What the original does wrong is
/// only counted.
pub(crate) fn complaint(figures: &Figures) -> Option<String> {
    let wrong = figures.measures.iter().find(|measure| {
        measure.side != "original" && measure.outcome.errors + measure.outcome.wrong > 0
    })?;
    let words = wrong.outcome.complaint.as_deref().unwrap_or("no cause known");
    Some(format!(
        "{}, {}, {} clients, {}: {} errors, {} wrong answers; the first: {words}",
        wrong.row.name(),
        wrong.wire.name(),
        wrong.clients,
        wrong.side,
        wrong.outcome.errors,
        wrong.outcome.wrong
    ))
}

const ROWS: &str = "\
## Requests

Ratios are to the original in the same run; times in ms; CPU is the daemon's own, for one request.
The limit is the bare loop or the bare children.

| row | wire | pool | clients | side | requests/s | ratio | of limit | p50 | p99 | CPU | ratio | failed |
| --- | --- | --: | --: | --- | --: | --: | --: | --: | --: | --: | --: | --: |
";

const FOOTPRINTS: &str = "
## Start and memory

From the start to the first answer in ms; PSS of the parent in KiB.

| side | wire | pool | first version | first `c:` | idle | after the load | after the browse |
| --- | --- | --: | --: | --: | --: | --: | --: |
";

const BARS: &str = "
## Bars

Pool 2, 8 clients, ratios to the original where nothing else is said.

| what | side | bar | measured | |
| --- | --- | --: | --: | --- |
";

pub(crate) fn line(text: &mut String, cells: &[String]) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "| {} |", cells.join(" | "));
}

/// The same row of another side, one of `sides`.
fn beside<'a>(figures: &'a Figures, measure: &Measure, sides: &[&str]) -> Option<&'a Measure> {
    figures.measures.iter().find(|other| {
        (other.row, other.wire) == (measure.row, measure.wire)
            && (other.pool, other.clients) == (measure.pool, measure.clients)
            && sides.contains(&other.side.as_str())
            && other.side != measure.side
    })
}

fn row_json(measure: &Measure) -> Value {
    json!({
        "row": measure.row.name(),
        "wire": measure.wire.name(),
        "pool": measure.pool,
        "clients": measure.clients,
        "side": measure.side,
        "requests_per_second": measure.rate(),
        "rounds": measure.rates,
        "p50_ms": measure.outcome.percentile(0.5),
        "p95_ms": measure.outcome.percentile(0.95),
        "p99_ms": measure.outcome.percentile(0.99),
        "max_ms": measure.outcome.percentile(1.0),
        "cpu_ms": measure.cpu_ms(),
        "requests": measure.outcome.right,
        "errors": measure.outcome.errors,
        "wrong": measure.outcome.wrong,
        "complaint": measure.outcome.complaint,
    })
}

fn footprint_json(print: &Footprint) -> Value {
    json!({
        "side": print.side,
        "wire": print.wire.name(),
        "pool": print.pool,
        "first_version_ms": print.first_version.as_secs_f64() * 1000.0,
        "first_summary_ms": print.first_summary.as_secs_f64() * 1000.0,
        "idle_kib": print.idle_kib,
        "loaded_kib": print.loaded_kib,
        "browsed_kib": print.browsed_kib,
    })
}

/// What is above bars where nothing else of ours is measured.
const OWN_BARS: &str = "
| bar | | measured | |
| --- | --: | --: | --- |
";

/// Bars as a table, where nothing else of ours is measured.
pub(crate) fn own_bars(text: &mut String, bars: &[Bar]) {
    if !bars.is_empty() {
        text.push_str(OWN_BARS);
    }
    for bar in bars {
        let measured = bar.measured.map_or("–".to_owned(), short);
        line(text, &[bar.what.to_owned(), bar.words(), measured, verdict(bar).to_owned()]);
    }
}

/// A bar in JSON, where nothing else of ours is measured.
pub(crate) fn own_bar(bar: &Bar) -> Value {
    json!({
        "what": bar.what,
        "bar": bar.words(),
        "measured": bar.measured,
        "verdict": verdict(bar),
    })
}

fn verdict(bar: &Bar) -> &'static str {
    match bar.met() {
        Some(true) => "met",
        Some(false) => "missed",
        None => "not measured",
    }
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0}", time.as_secs_f64() * 1000.0)
}

/// The middle one of the rounds' rates.
pub(crate) fn median(rates: &[f64]) -> f64 {
    let mut rates = rates.to_vec();
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied().unwrap_or_default()
}

/// Three digits that count.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits() {
        let texts = [5283.4, 46.04, 1.937, 0.1651].map(short);
        assert_eq!(texts, ["5283", "46.0", "1.94", "0.165"]);
    }
}
