//! `soak`: does `bui-monitor` lose anything under load and faults? See `README.md` in this folder.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "what the soak itself needs and does not get ends it"
)]

mod census;
mod client;
mod disturb;
mod judge;
mod kinds;
mod known;
mod ledger;
mod load;
mod network;
mod options;
mod random;
mod report;
mod samples;
mod script;
mod settle;
mod side;
mod tally;

use std::process::ExitCode;

use ostler_runtime::now;

use load::Load;
use options::Options;
use report::Result;
use samples::Samples;
use settle::settle;
use side::Side;

fn main() -> ExitCode {
    let options = match Options::parse() {
        Ok(options) => options,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 64 } else { 0 });
        }
    };
    let mut sides = vec![Side::scripted(&options)];
    if !options.without_burp {
        sides.push(Side::real(&options));
    }
    let rate = u32::try_from(options.rate.div_ceil(sides.len() as u64)).expect("a rate");
    let load = |length, faults| Load { until: now() + length, faults, rate, share: options.share };
    // What is taken once, for the first fault of a kind, is no leak.
    load::put(&sides, load(options.warm_up, None), &Samples::new());
    let before = settle(&sides);
    for side in &sides {
        side.tally.begin();
    }
    eprintln!("soak: warm, from {before:?}");
    let samples = Samples::new();
    load::put(&sides, load(options.length, options.faults), &samples);
    let length = samples.elapsed();
    let after = settle(&sides);
    let censuses = before.into_iter().zip(after);
    let results: Vec<Result> = sides
        .iter()
        .zip(censuses)
        .enumerate()
        .map(|(index, (side, (before, after)))| {
            let totals = side.status().map(|status| status["totals"].clone()).unwrap_or_default();
            Result {
                name: side.name,
                pool: side.pool,
                smoke: options.smoke,
                counts: side.tally.counts().clone(),
                before,
                after,
                ready: side.ready(),
                alive: side.alive(),
                panics: totals["panics"].as_u64().unwrap_or(u64::MAX),
                totals,
                memory: samples.of(index),
            }
        })
        .collect();
    print!("{}", report::markdown(&results, length));
    if let Some(path) = &options.json {
        let text = format!("{:#}\n", report::json(&results, length));
        std::fs::write(path, text).expect("the file for the figures");
    }
    ExitCode::from(u8::from(!report::met(&results)))
}
