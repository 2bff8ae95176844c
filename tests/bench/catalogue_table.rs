//! The report of the catalogue's benchmark, in Markdown and in JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::bars::{Bar, Sense};
use crate::catalogue::{COMMITS, Figures, Measure, Row};
use crate::load::Outcome;
use crate::report::{line, own_bar, own_bars, short};

/// What was measured of the original, version 1.15.1 on PostgreSQL, on a machine of two cores with
/// one to eight clients: requests a second. It cannot be installed beside ours from a registry.
const ORIGINAL: [(Row, [f64; 2]); 4] = [
    (Row::List, [9.0, 13.0]),
    (Row::GetSettings, [193.0, 277.0]),
    (Row::PutSettings, [20.0, 41.0]),
    (Row::Health, [2130.0, 2995.0]),
];
/// Its memory, in MB.
const ORIGINAL_MB: f64 = 180.0;
/// The clients that the bars speak of.
const CLIENTS: usize = 8;

const HEAD: &str = "\
## The catalogue

95 plugins; SQLite, each acknowledged write on disk; settings encrypted. Clients keep their connections.
Times in ms; CPU is the daemon's own, for one request. The original's figures were measured once, elsewhere.

| row | body, bytes | clients | requests/s | original | p50 | p99 | CPU | failed |
| --- | --: | --: | --: | --: | --: | --: | --: | --: |
";

/// The tables: rows, memory, bars.
pub(crate) fn markdown(figures: &Figures, bars: &[Bar]) -> String {
    let mut text = String::from(HEAD);
    for measure in &figures.measures {
        let original = ORIGINAL.iter().find(|(row, _)| row.name() == measure.row);
        line(
            &mut text,
            &[
                measure.row.to_owned(),
                measure.body.to_string(),
                measure.clients.to_string(),
                short(measure.outcome.rate()),
                original.map_or("–".to_owned(), |(_, [least, most])| format!("{least}–{most}")),
                short(measure.outcome.percentile(0.5)),
                short(measure.outcome.percentile(0.99)),
                cpu(measure).map_or("–".to_owned(), short),
                (measure.outcome.errors + measure.outcome.wrong).to_string(),
            ],
        );
    }
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nMemory (PSS): {} KiB after the start, {} KiB after all rows; the original: {ORIGINAL_MB} MB.",
        figures.idle_kib, figures.loaded_kib
    );
    own_bars(&mut text, bars);
    text
}

/// The same figures.
pub(crate) fn json(figures: &Figures, bars: &[Bar]) -> Value {
    let row = |measure: &Measure| {
        json!({
            "row": measure.row,
            "clients": measure.clients,
            "body": measure.body,
            "rate": measure.outcome.rate(),
            "p50_ms": measure.outcome.percentile(0.5),
            "p99_ms": measure.outcome.percentile(0.99),
            "cpu_ms": cpu(measure),
            "failed": measure.outcome.errors + measure.outcome.wrong,
        })
    };
    json!({
        "katalogus": figures.measures.iter().map(row).collect::<Vec<_>>(),
        "idle_kib": figures.idle_kib,
        "loaded_kib": figures.loaded_kib,
        "bars": bars.iter().map(own_bar).collect::<Vec<_>>(),
    })
}

/// The daemon's processor time for one answer, in milliseconds.
fn cpu(measure: &Measure) -> Option<f64> {
    measure.cpu.map(|cpu| measure.outcome.for_each_ms(cpu))
}

/// The bars: rates with eight clients on a machine of two cores, and what does not depend on it.
pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    let rate = |row: &str, clients| {
        let found =
            figures.measures.iter().find(|found| found.row == row && found.clients == clients);
        found.map(|measure| measure.outcome.rate())
    };
    let bar = Bar::ours;
    let of = |row: Row| rate(row.name(), CLIENTS);
    let commits = of(Row::PutSettings).zip(rate(COMMITS, 1)).map(|(puts, bare)| puts / bare);
    let memory = f64::from(u32::try_from(figures.loaded_kib).unwrap_or(u32::MAX)) * 1.024e-3;
    vec![
        bar("list plugins, a second", Sense::AtLeast, 5000.0, of(Row::List)),
        bar("get settings, a second", Sense::AtLeast, 10_000.0, of(Row::GetSettings)),
        bar("put settings, a second", Sense::AtLeast, 2000.0, of(Row::PutSettings)),
        bar("put settings to bare commits", Sense::AtLeast, 0.3, commits),
        bar("memory after all rows, MB", Sense::AtMost, 15.0, Some(memory)),
    ]
}

/// The first thing that went wrong.
pub(crate) fn complaint(figures: &Figures) -> Option<String> {
    let wrong = figures.measures.iter().find(|one| one.outcome.errors + one.outcome.wrong > 0)?;
    let words = wrong.outcome.complaint.as_deref().unwrap_or("no cause known");
    let Outcome { errors, wrong: answers, .. } = &wrong.outcome;
    Some(format!(
        "katalogus, {}, {} clients: {errors} errors, {answers} wrong answers; the first: {words}",
        wrong.row, wrong.clients
    ))
}
