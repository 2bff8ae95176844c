//! `faults`: runs the tests of the scoreboard and prints its table.
//!
//! ```text
//! cargo run -p ostler-tests --bin faults               # short forms
//! cargo run --release -p ostler-tests --bin faults -- --long --write
//! OSTLER_FAULT_RECORDS=DIR cargo test --release -p ostler-tests --test faults -- --test-threads=1 wrk_
//! cargo run --release -p ostler-tests --bin faults -- --records DIR --keep --write
//! ```
//!
//! Ends with 1 if a row is red.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use ostler_runtime::environment::variable;
use ostler_tests::binaries::{profile_directory, workspace};
use ostler_tests::fault::{FORM, RECORDS, Row, Verdict, commit, entry, rows};
use ostler_tests::process::command;
use serde_json::{Value, json};

/// A row with what was measured.
type Line = (Row, String, Verdict);

fn main() -> ExitCode {
    let options = options().get_matches();
    match run(&options) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(red) => {
            eprintln!("{red} rows are red");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("faults: {error}");
            ExitCode::from(70)
        }
    }
}

fn options() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("faults")
        .about("Runs the tests of the scoreboard of faults and prints its table")
        .arg(flag("long", "Run the long forms, which take hours"))
        .arg(flag("write", "Write tests/faults/RESULTS.md and results.json too"))
        .arg(
            Arg::new("records")
                .long("records")
                .value_name("DIRECTORY")
                .value_parser(value_parser!(PathBuf))
                .help("Run nothing: print what an earlier run has recorded there"),
        )
        .arg(
            flag("keep", "Rows that were not recorded stay as they are in results.json")
                .requires("records"),
        )
}

/// How many rows are red.
fn run(options: &ArgMatches) -> Result<usize, Box<dyn Error>> {
    let long = options.get_flag("long");
    let records = match options.get_one::<PathBuf>("records") {
        Some(records) => records.clone(),
        None => measure(long)?,
    };
    let directory = workspace().join("tests/faults");
    let kept = if options.get_flag("keep") { kept(&directory)? } else { BTreeMap::new() };
    let lines: Vec<Line> = rows()
        .into_iter()
        .map(|row| {
            let is_recorded = records.join(format!("{}.json", row.id)).is_file();
            let (measured, verdict) = match kept.get(row.id) {
                Some(kept) if !is_recorded => kept.clone(),
                _ => entry(&row, &records),
            };
            let apart = is_recorded && options.get_flag("keep") && !measured.contains("commit ");
            let commit = if apart { format!("; commit {}", commit()) } else { String::new() };
            (row, format!("{measured}{commit}"), verdict)
        })
        .collect();
    let text = markdown(&lines);
    print!("{text}");
    if options.get_flag("write") {
        let table = directory.join("RESULTS.md");
        let heading = if options.get_flag("keep") {
            let known = fs::read_to_string(&table)?;
            known
                .lines()
                .take_while(|line| !is_count(line))
                .fold(String::new(), |all, line| all + line + "\n")
        } else {
            heading(long)?
        };
        fs::write(table, format!("{heading}{text}"))?;
        fs::write(directory.join("results.json"), format!("{:#}\n", json(&lines)))?;
    }
    Ok(lines.iter().filter(|(_, _, verdict)| *verdict == Verdict::Red).count())
}

/// What the table says of each row now.
fn kept(directory: &Path) -> Result<BTreeMap<String, (String, Verdict)>, Box<dyn Error>> {
    let text = fs::read_to_string(directory.join("results.json"))?;
    let rows: Vec<Value> = serde_json::from_str(&text)?;
    let word = |row: &Value, key| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let row = |row: &Value| {
        let verdict = Verdict::from_name(&word(row, "verdict")?)?;
        Some((word(row, "id")?, (word(row, "measured")?, verdict)))
    };
    Ok(rows.iter().filter_map(row).collect())
}

/// Whether a line says how many rows there are, behind which the table comes.
fn is_count(line: &str) -> bool {
    line.split_once(" rows: ").is_some_and(|(count, _)| count.parse::<usize>().is_ok())
}

/// Runs the tests; where they have entered what they measured. A test that fails leaves a red row.
fn measure(long: bool) -> Result<PathBuf, Box<dyn Error>> {
    let profile = profile_directory();
    let records = profile.join("fault-records");
    fs::create_dir_all(&records)?;
    let mut cargo = command(variable("CARGO").unwrap_or_else(|| "cargo".to_owned()));
    cargo.current_dir(workspace()).stdin(Stdio::null()).env(RECORDS, &records);
    cargo.args([
        "test",
        "--locked",
        "--package",
        "ostler-tests",
        "--test",
        "faults",
        "--no-fail-fast",
    ]);
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    if long {
        cargo.env(FORM, "long");
    }
    // One at a time: what others do on the same cores is not to be measured.
    cargo.args(["--", "--test-threads=1"]);
    cargo.status()?;
    Ok(records)
}

fn markdown(lines: &[Line]) -> String {
    let count = |wanted| lines.iter().filter(|(_, _, verdict)| *verdict == wanted).count();
    let mut text = format!(
        "{} rows: {} green, {} explained, {} red.\n\n\
         | id | injection | bound | measured | verdict |\n| --- | --- | --- | --- | --- |\n",
        lines.len(),
        count(Verdict::Green),
        count(Verdict::Explained),
        count(Verdict::Red),
    );
    for (row, measured, verdict) in lines {
        let cells = [row.id, row.injection, row.bound, measured, verdict.name()];
        let cells = cells.map(|cell| cell.replace('|', "\\|"));
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text
}

fn json(lines: &[Line]) -> Value {
    let object = |(row, measured, verdict): &Line| {
        json!({
            "id": row.id,
            "injection": row.injection,
            "bound": row.bound,
            "measured": measured,
            "verdict": verdict.name(),
        })
    };
    lines.iter().map(object).collect()
}

/// When, where and of what the table was made.
fn heading(long: bool) -> Result<String, Box<dyn Error>> {
    let said = |program: &str, arguments: &[&str]| -> Result<String, Box<dyn Error>> {
        let output = command(program).args(arguments).current_dir(workspace()).output()?;
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let date = said("date", &["-u", "+%F"])?;
    let form = if long { " --long" } else { "" };
    Ok(format!(
        "# The scoreboard of faults\n\nMade by `cargo run --release -p ostler-tests --bin faults -- \
         --write{form}` on {date}, commit {}, on {}.\n\
         What each row's test does stands in `tests/faults/`, under the row's id.\n\
         A row that names a commit of its own was measured apart.\n\n",
        commit(),
        machine()
    ))
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(Path::new(path)).unwrap_or_default();
    let field = |text: &str, key: &str, parted: char| {
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default();
        line.split_once(parted).map_or("", |(_, value)| value).trim().trim_matches('"').to_owned()
    };
    let processor = read("/proc/cpuinfo");
    format!(
        "{} cores ({}), {}, Linux {}",
        processor.lines().filter(|line| line.starts_with("processor")).count(),
        field(&processor, "model name", ':'),
        field(&read("/etc/os-release"), "PRETTY_NAME=", '='),
        read("/proc/sys/kernel/osrelease").trim(),
    )
}
