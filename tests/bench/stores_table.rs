//! The report of the stores' benchmark, in Markdown and in JSON.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::bars::{Bar, Sense};
use crate::broker_table::micros;
use crate::report::{line, median, own_bar, own_bars, short};
use crate::stores::{Figures, Snapshot};

/// What was measured of the original on another machine of two cores, in operations a second.
const ORIGINAL: [(&str, &str); 11] = [
    ("memory: put", "190000–370000"),
    ("memory: increment", "280000–390000"),
    ("memory: get", "19000–24000"),
    ("memory: get by a proxy", "270000–370000"),
    ("memory: put_unique", "17000–20000"),
    ("SQLite FULL, DELETE: put", "1100–1500"),
    ("SQLite FULL, DELETE: put_unique", "800–1000"),
    ("SQLite FULL, DELETE: get", "19000–22000"),
    ("SQLite NORMAL, WAL: put", "24000–31000"),
    ("SQLite NORMAL, WAL: put_unique", "11000–15000"),
    ("a clone: put_unique", "70–90"),
];

const HEAD: &str = "\
## The broker's stores

Small keys and values, one thread that asks, clones on endpoints of the same process over the loopback device. SQLite and fjall: until everything is kept for good.
The original's figures were measured once, elsewhere.

| what | operations/s | best round | original |
| --- | --: | --: | --: |
";

/// The tables.
pub(crate) fn markdown(figures: &Figures, bars: &[Bar]) -> String {
    let mut text = String::from(HEAD);
    for (what, rates) in &figures.rates {
        let original = ORIGINAL.iter().find(|(row, _)| row == what);
        let best = rates.iter().copied().fold(0.0, f64::max);
        let original = original.map_or("–", |(_, rate)| rate);
        line(
            &mut text,
            &[(*what).to_owned(), short(median(rates)), short(best), original.to_owned()],
        );
    }
    let [visible, late, echo] =
        [(&figures.visible, 0.5), (&figures.visible, 0.99), (&figures.echo, 0.5)]
            .map(|(times, part)| short(micros(times, part)));
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "\nA clone's put until the clone itself has it: {visible} µs p50, {late} µs p99; a bare echo in the same run {echo} µs p50; the original, elsewhere, 390–610 µs p50. An entry of two counts in memory: {} bytes; the original's 500–900.",
        figures.entry_bytes
    );
    if let Some(Snapshot { bytes, seconds, memory }) = figures.snapshot {
        let _ = writeln!(
            text,
            "\nA new clone of a master with {} MB in entries of 1000 bytes has them after {} s; both sides, which are one process here, take {} MB beyond the master's entries at the worst moment, the clone's own entries included.",
            bytes / 1_000_000,
            short(seconds),
            memory / 1_000_000
        );
    }
    own_bars(&mut text, bars);
    text
}

/// The same figures.
pub(crate) fn json(figures: &Figures, bars: &[Bar]) -> Value {
    json!({
        "stores": figures.rates.iter().cloned().collect::<BTreeMap<_, _>>(),
        "visible_p50_us": micros(&figures.visible, 0.5),
        "visible_p99_us": micros(&figures.visible, 0.99),
        "echo_p50_us": micros(&figures.echo, 0.5),
        "entry_bytes": figures.entry_bytes,
        "snapshot": figures.snapshot.map(|snapshot| json!({
            "bytes": snapshot.bytes,
            "seconds": snapshot.seconds,
            "memory_bytes": snapshot.memory,
        })),
        "bars": bars.iter().map(own_bar).collect::<Vec<_>>(),
    })
}

/// The bars, for a machine of two cores.
pub(crate) fn judge(figures: &Figures) -> Vec<Bar> {
    let bar = Bar::ours;
    let rate =
        |what| figures.rates.iter().find(|(row, _)| *row == what).map(|(_, rates)| median(rates));
    let echo = micros(&figures.echo, 0.5);
    let visible = micros(&figures.visible, 0.5) / echo;
    let unique = rate("a clone: put_unique").map(|rate| rate * echo / 1e6);
    let most = Sense::AtMost;
    let least = Sense::AtLeast;
    vec![
        bar("memory: get, a second", least, 1_000_000.0, rate("memory: get")),
        bar("memory: put, a second", least, 1_000_000.0, rate("memory: put")),
        bar("SQLite NORMAL, WAL: put, a second", least, 200_000.0, rate("SQLite NORMAL, WAL: put")),
        bar("SQLite FULL: put, a second", least, 100_000.0, rate("SQLite FULL, WAL: put")),
        bar("a clone's put to bare echo, p50", most, 1.8, visible.is_finite().then_some(visible)),
        bar("a clone's put_unique to bare echoes, a second", least, 0.6, unique),
    ]
}
