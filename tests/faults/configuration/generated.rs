//! Files that no test was written for, read by ours and by the `ConfigObj` that the original uses.
//!
//! With `CONFIGOBJ_PYTHON` set to a Python that has configobj, that one is asked about each file.
//! Without it the results recorded in `tests/golden/config/generated.jsonl` are compared with;
//! `CONFIGOBJ_RECORD` set as well makes that file anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use ostler_runtime::environment::variable;
use ostler_runtime::ini::{Unresolved, Value};
use ostler_runtime::{Document, Problem};
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use serde_json::{Value as Json, json};

use crate::generator::{Random, file};

const SEED: u64 = 20_261_122;
/// Files that are read by both.
const FILES: usize = 2000;
/// Files whose results are recorded.
const RECORDED: usize = 400;
const RECORD: &str = "tests/golden/config/generated.jsonl";

#[test]
fn generated_files_are_read_as_the_original_reads_them() {
    let mut random = Random::new(SEED);
    let texts: Vec<String> = (0..FILES).map(|_| file(&mut random)).collect();
    let results = match variable("CONFIGOBJ_PYTHON") {
        Some(python) => {
            let results = ask(&python, &texts);
            if variable("CONFIGOBJ_RECORD").is_some() {
                record(&texts, &results);
            }
            results
        }
        None => recorded(&texts),
    };
    assert!(results.len() >= RECORDED);
    let (mut read, mut alone, mut different) = (0, 0, Vec::new());
    for (text, theirs) in texts.iter().zip(&results) {
        let ours = ours(text);
        if ours["read"].is_array() {
            read += 1;
        }
        if agree(&ours, theirs) {
            continue;
        }
        if is_refused_by_ours_alone(text, &ours) {
            alone += 1;
        } else {
            different.push(format!("{text:?}\n  ours   {ours}\n  theirs {theirs}"));
        }
    }
    let first = different.get(..different.len().min(12)).unwrap().join("\n");
    assert!(different.is_empty(), "{} of {}:\n{first}", different.len(), results.len());
    assert!(alone <= results.len() / 50, "{alone} of {} refused by ours alone", results.len());
    // Both outcomes must be common, or the generator tests nothing.
    assert!(read > results.len() / 8 && read < results.len() * 7 / 8, "{read} were read");
}

/// What the real `ConfigObj` makes of the files.
fn ask(python: &str, texts: &[String]) -> Vec<Json> {
    let directory = tempfile::tempdir().unwrap();
    let input = directory.path().join("input");
    let mut lines = String::new();
    for text in texts {
        writeln!(lines, "{}", Json::from(text.as_str())).unwrap();
    }
    fs::write(&input, lines).unwrap();
    let output = command(python)
        .arg(workspace().join("tests/golden/config/read.py"))
        .arg(directory.path().join("file"))
        .stdin(fs::File::open(&input).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(output.status.success());
    let results = String::from_utf8(output.stdout).unwrap();
    results.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn record(texts: &[String], results: &[Json]) {
    let mut lines = String::new();
    for (text, result) in texts.iter().zip(results).take(RECORDED) {
        writeln!(lines, "{}", json!({ "text": text, "result": result })).unwrap();
    }
    fs::write(workspace().join(RECORD), lines).unwrap();
}

/// What it made of them once.
fn recorded(texts: &[String]) -> Vec<Json> {
    let lines = fs::read_to_string(workspace().join(RECORD)).unwrap();
    let results = lines.lines().zip(texts).map(|(line, text)| {
        let mut entry: Json = serde_json::from_str(line).unwrap();
        assert_eq!(entry["text"], text.as_str(), "the generator has changed: record anew");
        entry["result"].take()
    });
    results.collect()
}

/// What ours makes of it, in the same form.
fn ours(text: &str) -> Json {
    match Document::parse(Path::new("generated"), text.as_bytes()) {
        Err(problems) => {
            let first: &Problem = problems.first().unwrap();
            json!({ "refused": first.line(), "class": class(first), "words": first.words() })
        }
        Ok(document) => {
            let entries = document.sections().flat_map(|section| {
                let value = |key: &str| match document.value(section, key).unwrap() {
                    Ok(Value::One(text)) => Json::from(text),
                    Ok(Value::Many(members)) => Json::from(members),
                    Err(Unresolved::Missing(_)) => json!({ "unresolved": "missing" }),
                    Err(Unresolved::Circle(_)) => json!({ "unresolved": "circle" }),
                    Err(Unresolved::List(_)) => json!({ "unresolved": "list" }),
                    Err(Unresolved::TooLong) => json!({ "unresolved": "depth" }),
                };
                document
                    .keys(section)
                    .map(|key| json!([section, key, value(key)]))
                    .collect::<Vec<_>>()
            });
            json!({ "read": entries.collect::<Vec<_>>() })
        }
    }
}

/// The name that `ConfigObj` has for what is wrong.
fn class(problem: &Problem) -> &'static str {
    let words = problem.words();
    if words.contains("for the second time") {
        "DuplicateError"
    } else if words.contains("deeper") || words.contains("brackets") {
        "NestingError"
    } else {
        "ParseError"
    }
}

fn agree(ours: &Json, theirs: &Json) -> bool {
    if theirs["refused"].is_u64() {
        return ours["refused"] == theirs["refused"] && ours["class"] == theirs["class"];
    }
    let sorted = |side: &Json| {
        let mut entries: Vec<String> = side["read"]
            .as_array()
            .into_iter()
            .flatten()
            // A list that refers to itself is both.
            .map(|entry| entry.to_string().replace(":\"list\"}", ":\"circle\"}"))
            .collect();
        entries.sort();
        entries
    };
    ours["read"].is_array() && sorted(ours) == sorted(theirs)
}

/// Whether ours refuses, in words, what the original takes for something that nobody can have
/// meant: an indented line with a blank key or a colon after a quoted one, and a list with a quote
/// in the wrong place. And where a text over several lines stands for the second time, ours names
/// its first line and the original its last.
fn is_refused_by_ours_alone(text: &str, ours: &Json) -> bool {
    let line = ours["refused"].as_u64().and_then(|line| usize::try_from(line).ok());
    line.and_then(|line| text.lines().nth(line - 1)).is_some_and(|line| {
        let is_odd_key = line.starts_with(' ') && line.trim_start().starts_with(['=', '"', '\'']);
        let is_odd_list = line.contains(',') && line.contains(['"', '\'']);
        let is_long = line.contains("\"\"\"") || line.contains("'''");
        is_odd_key || is_odd_list || is_long && ours["class"] == "DuplicateError"
    })
}
