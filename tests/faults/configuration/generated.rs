//! Files that no test was written for, read by ours and by the `ConfigObj` that the original uses.
//!
//! With `CONFIGOBJ_PYTHON` set to a Python that has configobj, that one is asked about each file.
//! Without it what was recorded in `tests/golden/config` is compared with: `generated.jsonl` has the
//! first results in words, `generated.digests` a digest of each. `CONFIGOBJ_RECORD` set as well makes
//! both anew.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use ostler_runtime::environment::variable;
use ostler_runtime::ini::{Unresolved, Value};
use ostler_runtime::{Document, Problem};
use ostler_tests::Fault;
use ostler_tests::binaries::workspace;
use ostler_tests::process::command;
use ostler_tests::random::Random;
use serde_json::{Value as Json, json};

use super::generator::file;

const SEED: u64 = 20_261_122;
/// Files that are read by both.
const FILES: usize = 2000;
/// Files whose results are recorded in words.
const WORDS: usize = 400;
const RECORD: &str = "tests/golden/config/generated.jsonl";
const DIGESTS: &str = "tests/golden/config/generated.digests";

/// What the original made of a file.
struct Theirs {
    digest: u64,
    words: Option<Json>,
}

#[test]
fn k01_generated_files_are_read_as_the_original_reads_them() {
    let mut fault = Fault::begin("K01");
    let mut random = Random::new(SEED);
    let texts: Vec<String> = (0..FILES).map(|_| file(&mut random)).collect();
    let (results, how) = match variable("CONFIGOBJ_PYTHON") {
        Some(python) => {
            let results = ask(&python, &texts);
            if variable("CONFIGOBJ_RECORD").is_some() {
                record(&texts, &results);
            }
            (known(&texts, results), "as configobj reads them now")
        }
        None => (recorded(&texts), "as configobj 5.0.8 was recorded to read them"),
    };
    assert_eq!(results.len(), FILES);
    let (mut read, mut different) = (0, Vec::new());
    for (text, theirs) in texts.iter().zip(&results) {
        let ours = ours(text);
        if ours["read"].is_array() {
            read += 1;
        }
        if digest(text, &ours) != theirs.digest {
            let words = theirs.words.as_ref().map_or("a digest".to_owned(), Json::to_string);
            different.push(format!("{text:?}\n  ours   {ours}\n  theirs {words}"));
        }
    }
    let first = different.get(..different.len().min(12)).unwrap().join("\n");
    assert!(different.is_empty(), "{} of {FILES}:\n{first}", different.len());
    // Both outcomes must be common, or the generator tests nothing.
    assert!(read > FILES / 8 && read < FILES * 7 / 8, "{read} were read");
    fault.saw(format!("all {FILES} files read ({read}) or refused {how}"));
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
    let (mut words, mut digests) = (String::new(), String::new());
    for (number, (text, result)) in texts.iter().zip(results).enumerate() {
        writeln!(digests, "{:016x}", digest(text, result)).unwrap();
        if number < WORDS {
            writeln!(words, "{}", json!({ "text": text, "result": result })).unwrap();
        }
    }
    fs::write(workspace().join(RECORD), words).unwrap();
    fs::write(workspace().join(DIGESTS), digests).unwrap();
}

fn known(texts: &[String], results: Vec<Json>) -> Vec<Theirs> {
    let known = |(text, words): (&String, Json)| Theirs {
        digest: digest(text, &words),
        words: Some(words),
    };
    texts.iter().zip(results).map(known).collect()
}

/// What it made of them once.
fn recorded(texts: &[String]) -> Vec<Theirs> {
    let read = |name: &str| fs::read_to_string(workspace().join(name)).unwrap();
    let mut words: Vec<Json> = Vec::new();
    for (line, text) in read(RECORD).lines().zip(texts) {
        let mut entry: Json = serde_json::from_str(line).unwrap();
        assert_eq!(entry["text"], text.as_str(), "the generator has changed: record anew");
        words.push(entry["result"].take());
    }
    let digests = read(DIGESTS);
    let digests = digests.lines().map(|line| u64::from_str_radix(line, 16).unwrap());
    let words = words.into_iter().map(Some).chain(std::iter::repeat(None));
    digests.zip(words).map(|(digest, words)| Theirs { digest, words }).collect()
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

/// A file and what became of it in 64 bits (FNV-1a): equal for results that agree.
fn digest(text: &str, result: &Json) -> u64 {
    let canonical = if result["read"].is_array() {
        let mut entries: Vec<String> = result["read"]
            .as_array()
            .into_iter()
            .flatten()
            // A list that refers to itself is both.
            .map(|entry| entry.to_string().replace(":\"list\"}", ":\"circle\"}"))
            .collect();
        entries.sort();
        entries.join("\n")
    } else {
        format!("{} {}", result["refused"], result["class"])
    };
    [text, "\0", &canonical].concat().bytes().fold(0xcbf2_9ce4_8422_2325, |digest, byte| {
        (digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
