//! The report: as Markdown for readers, as JSON for programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::time::Duration;

use serde_json::{Value, json};

use crate::census::Census;
use crate::samples::{float, slope};
use crate::tally::Counts;

/// The most that a daemon's memory may grow, in KiB.
const MAX_GROWTH: u64 = 1024;
/// The most that a daemon may hold in the end, in KiB.
const MAX_RESIDENT: u64 = 8 * 1024;

/// What became of one daemon.
#[derive(Clone, Debug)]
pub(crate) struct Result {
    pub(crate) name: &'static str,
    pub(crate) pool: usize,
    /// A short run proves nothing about memory.
    pub(crate) smoke: bool,
    pub(crate) counts: Counts,
    pub(crate) before: Census,
    pub(crate) after: Census,
    /// Children ready in the end.
    pub(crate) ready: u64,
    /// Scripted processes that live in the end.
    pub(crate) alive: Option<usize>,
    /// Panics of the daemon's threads.
    pub(crate) panics: u64,
    /// The daemon's own totals in the end.
    pub(crate) totals: Value,
    /// Seconds, KiB.
    pub(crate) memory: Vec<(f64, f64)>,
}

/// A bar, what was measured, and whether it is met.
type Bar = (&'static str, String, bool);

impl Result {
    fn bars(&self) -> Vec<Bar> {
        let (before, after, counts) = (&self.before, &self.after, &self.counts);
        let pool = self.pool as u64;
        let same = |what, a: usize, b: usize| (what, format!("{a} before, {b} after"), a == b);
        let growth = after.resident.saturating_sub(before.resident);
        let mut bars = vec![
            ("no wrong answer", counts.wrong.to_string(), counts.wrong == 0),
            ("no hang", counts.hangs.to_string(), counts.hangs == 0),
            ("no lost slot", format!("{} of {pool} ready", self.ready), self.ready == pool),
            ("no panic", self.panics.to_string(), self.panics == 0),
            same("descriptors are the same", before.descriptors, after.descriptors),
            same("threads are the same", before.threads, after.threads),
            same("children are the same", before.children, after.children),
            ("no zombie", after.zombies.to_string(), after.zombies == 0),
        ];
        if !self.smoke {
            bars.push((
                "memory has grown by 1 MiB at most",
                format!("{} KiB before, {} KiB after", before.resident, after.resident),
                growth <= MAX_GROWTH,
            ));
            bars.push((
                "memory is 8 MiB at most",
                format!("{} KiB", after.resident),
                after.resident <= MAX_RESIDENT,
            ));
        }
        if let Some(alive) = self.alive {
            let left = alive.saturating_sub(self.pool);
            bars.push(("no process left behind", left.to_string(), left == 0));
        }
        bars
    }
}

/// Whether every bar is met.
pub(crate) fn met(results: &[Result]) -> bool {
    results.iter().flat_map(Result::bars).all(|(_, _, met)| met)
}

/// The report for readers.
pub(crate) fn markdown(results: &[Result], length: Duration) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let names: Vec<&str> = results.iter().map(|result| result.name).collect();
    let head = |first: &str| format!("| {first} | {} |\n", names.join(" | "));
    let line = "| --- |".to_owned() + &" --- |".repeat(names.len()) + "\n";
    let row = |what: &str, of: &dyn Fn(&Result) -> String| {
        let cells: Vec<String> = results.iter().map(of).collect();
        format!("| {what} | {} |\n", cells.join(" | "))
    };
    let _ = writeln!(text, "{:.0} s under load.\n", length.as_secs_f64());
    text += &(head("bar") + &line);
    let all: Vec<Vec<Bar>> = results.iter().map(Result::bars).collect();
    let bars: Vec<&str> = all
        .iter()
        .max_by_key(|bars| bars.len())
        .map_or(Vec::new(), |bars| bars.iter().map(|(what, ..)| *what).collect());
    for what in bars {
        let cells: Vec<String> = all
            .iter()
            .map(|bars| match bars.iter().find(|(other, ..)| *other == what) {
                Some((_, value, true)) => value.clone(),
                Some((_, value, false)) => format!("**missed:** {value}"),
                None => String::new(),
            })
            .collect();
        let _ = writeln!(text, "| {what} | {} |", cells.join(" | "));
    }
    text += "\n";
    text += &(head("answers") + &line);
    text += &row("requests", &|r| r.counts.requests.to_string());
    text += &row("right answers", &|r| r.counts.right.to_string());
    for (title, of) in [("due", due as Of), ("explained", collateral as Of)] {
        for key in keys(results, of) {
            text += &row(&format!("{title}: {key}"), &|r| cell(of(r), key));
        }
    }
    text += &row("slowest", &|r| format!("{:.2} s", r.counts.slowest.as_secs_f64()));
    text += "\n";
    text += &(head("faults") + &line);
    for key in keys(results, faults) {
        text += &row(key, &|r| cell(faults(r), key));
    }
    text += &row("all", &|r| faults(r).values().sum::<u64>().to_string());
    text += "\n";
    text += &(head("resident memory") + &line);
    let kib = |value: Option<f64>| value.map_or(String::new(), |kib| format!("{kib:.0} KiB"));
    text += &row("at rest, before and after", &|r| {
        format!("{} and {} KiB", r.before.resident, r.after.resident)
    });
    text += &row("of it no file, before and after", &|r| {
        format!("{} and {} KiB", r.before.anonymous, r.after.anonymous)
    });
    for part in 1..=4 {
        text += &row(&format!("under load, quarter {part}, mean"), &|r| kib(mean(&r.memory, part)));
    }
    text += &row("under load, most", &|r| {
        kib(r.memory.iter().map(|(_, kib)| *kib).max_by(f64::total_cmp))
    });
    text += &row("slope of the second half, an hour", &|r| kib(slope(&r.memory)));
    for complaint in results.iter().flat_map(|result| &result.counts.complaints) {
        let _ = writeln!(text, "\n- {complaint}");
    }
    text
}

/// The report for programs.
pub(crate) fn json(results: &[Result], length: Duration) -> Value {
    let census = |census: &Census| {
        json!({
            "descriptors": census.descriptors,
            "threads": census.threads,
            "children": census.children,
            "zombies": census.zombies,
            "resident_kib": census.resident,
            "anonymous_kib": census.anonymous,
        })
    };
    let sides: Vec<Value> = results
        .iter()
        .map(|result| {
            let bars = result.bars();
            let bars = bars.iter().map(|(bar, value, met)| json!([bar, value, met]));
            json!({
                "name": result.name,
                "bars": bars.collect::<Vec<_>>(),
                "requests": result.counts.requests,
                "right": result.counts.right,
                "due": result.counts.due,
                "explained": result.counts.collateral,
                "wrong": result.counts.wrong,
                "hangs": result.counts.hangs,
                "complaints": result.counts.complaints,
                "faults": result.counts.faults,
                "slowest_seconds": result.counts.slowest.as_secs_f64(),
                "before": census(&result.before),
                "after": census(&result.after),
                "totals": result.totals,
                "memory": result.memory,
                "slope_kib_an_hour": slope(&result.memory),
            })
        })
        .collect();
    json!({ "seconds": length.as_secs_f64(), "met": met(results), "daemons": sides })
}

type Figures = BTreeMap<&'static str, u64>;
type Of = fn(&Result) -> &Figures;

fn due(result: &Result) -> &Figures {
    &result.counts.due
}

fn collateral(result: &Result) -> &Figures {
    &result.counts.collateral
}

fn faults(result: &Result) -> &Figures {
    &result.counts.faults
}

fn keys(results: &[Result], of: Of) -> BTreeSet<&'static str> {
    results.iter().flat_map(|result| of(result).keys().copied()).collect()
}

fn cell(figures: &Figures, key: &str) -> String {
    figures.get(key).map(u64::to_string).unwrap_or_default()
}

/// The mean of the quarter `part` of the points.
fn mean(points: &[(f64, f64)], part: usize) -> Option<f64> {
    let (from, to) = (points.len() * (part - 1) / 4, points.len() * part / 4);
    let some = points.get(from..to).filter(|some| !some.is_empty())?;
    Some(some.iter().map(|(_, kib)| kib).sum::<f64>() / float(some.len() as u64))
}
