//! A process that is killed while it writes: what was acknowledged is there, batches are whole.

use std::hint::spin_loop;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use broker_data::Data;
use broker_store::BackendKind;
use ostler_tests::Process;
use ostler_tests::backends::{KEEPING, LAST, Model, Way, batch, kept, play};
use ostler_tests::binaries::backend_writer;
use ostler_tests::process::command;
use ostler_tests::random::Random;
use rustix::process::Signal;

use crate::place::Place;

/// What a writer is told after its program's name.
pub(crate) fn tell(writer: &mut Command, way: Way, path: &Path, [seed, from, max_bytes]: [u64; 3]) {
    writer.arg(way.kind.name()).arg(path);
    writer.args([seed, from, max_bytes].map(|number| number.to_string())).args(way.options);
    writer.stdin(Stdio::piped()).stdout(Stdio::piped());
}

/// The whole lines that a writer says.
pub(crate) fn lines(writer: &mut Process) -> impl Iterator<Item = String> + use<> {
    // A line that was cut off by the kill is none.
    let mut input = BufReader::new(writer.streams().stdout.take().unwrap());
    std::iter::from_fn(move || {
        let mut line = String::new();
        input.read_line(&mut line).unwrap();
        line.strip_suffix('\n').map(str::to_owned)
    })
}

/// Kills a writer again and again, and looks each time at what it has left.
fn kill(way: Way, seed: u64, rounds: usize, max_bytes: usize) {
    let mut random = Random::new(seed);
    let (mut place, mut model, mut last) = (Place::new(way), Model::new(), 0);
    for round in 0..rounds {
        let mut start = command(backend_writer());
        tell(&mut start, way, &place.path, [seed, last + 1, max_bytes as u64]);
        let mut writer = Process::start(&mut start);
        let mut lines = lines(&mut writer);
        let mut acknowledged = last;
        let mut note = |line: &str| {
            assert!(!line.starts_with('!'), "{way:?}: round {round}: {line}");
            if let Ok(number) = line.parse() {
                acknowledged = number;
            }
        };
        // Every third one is killed while it opens, or soon after it.
        let most = if random.one_in(3) { 1 } else { 2 + random.below(25) };
        lines.by_ref().take(most).for_each(|line| note(&line));
        for _ in 0..random.below(300_000) {
            spin_loop();
        }
        writer.signal(Signal::KILL);
        // What it had said by then counts as well.
        lines.for_each(|line| note(&line));
        writer.ended();

        let backend = place.open();
        let kept = kept(&*backend);
        let number = match kept.get(&Data::from(LAST)).map(|entry| &entry.value) {
            Some(Data::Count(number)) => *number,
            _ => 0,
        };
        let context = format!("{way:?}: round {round}: {acknowledged} acknowledged, {number} kept");
        // One more may have been on its way.
        assert!(acknowledged <= number && number <= acknowledged + 1, "{context}");
        for number in last + 1..=number {
            play(&mut model, &batch(seed, number, max_bytes));
        }
        assert!(kept == model, "{context}: batches are not whole");
        last = number;
        if random.one_in(6) {
            // A new one, so that one is also killed while it is made.
            (place, model, last) = (Place::new(way), Model::new(), 0);
        }
    }
}

#[test]
fn nothing_acknowledged_is_lost_in_a_kill() {
    for (way, seed) in KEEPING.iter().zip(100..) {
        kill(*way, seed, 40, 500);
    }
}

#[test]
fn nothing_acknowledged_is_lost_in_a_kill_while_much_is_written() {
    // Enough for what engines write in memory first to be written to files and put in order there.
    let engines = KEEPING.iter().filter(|way| way.kind != BackendKind::Sqlite);
    for (way, seed) in engines.filter(|way| way.options.is_empty()).zip(200..) {
        kill(*way, seed, 8, 300_000);
    }
}
