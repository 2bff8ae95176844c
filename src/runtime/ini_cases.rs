//! The dialect against files whose reading by the incumbent was recorded, and against any bytes.
//!
//! `testdata/configobj.jsonl` has one case a line: the file as `text` or `hex`, and either what
//! was `read` (`null` is a key that is not set), or the line for which it is `refused`. `wrong`
//! names a key whose value the incumbent silently replaced by the default, or failed on when it
//! was used; here that is a problem of the key.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value as Json;

use crate::ini::{Document, Value};
use crate::problem::Problem;
use crate::typed::Reader;

/// The file name in the words of problems.
const FILE: &str = "case.cfg";

/// How many cases the recording has.
const CASES: usize = 146;

#[test]
fn every_recorded_case_is_read_as_the_incumbent_reads_it_or_refused_in_words() {
    let mut seen = 0;
    for line in include_str!("testdata/configobj.jsonl").lines() {
        let case: Json = serde_json::from_str(line).unwrap();
        let document = Document::parse(Path::new(FILE), &input(&case));
        if let Some(refused) = case["refused"].as_u64() {
            let problems = document.expect_err(line);
            assert_eq!(problems[0].line().map(|line| line as u64), Some(refused), "{line}");
        } else if let Some(key) = case["wrong"].as_str() {
            let document = document.expect(line);
            let problems = typed(&document, key).expect_err(line);
            assert_eq!(problems[0].line(), Some(2), "{line}");
        } else {
            let document = document.expect(line);
            for (key, expected) in case["read"].as_object().unwrap() {
                assert_eq!(&typed(&document, key).expect(line), expected, "{line}");
            }
        }
        seen += 1;
    }
    assert_eq!(seen, CASES);
}

fn input(case: &Json) -> Vec<u8> {
    if let Some(text) = case["text"].as_str() {
        return text.as_bytes().to_vec();
    }
    let hex = case["hex"].as_str().unwrap().as_bytes();
    hex.chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// The key as a daemon with the incumbent's keys and defaults reads it.
fn typed(document: &Document, key: &str) -> Result<Json, Vec<Problem>> {
    let mut reader = Reader::new(document);
    let json = match key {
        "port" => reader.integer("Global", key, -10..=65535_i64, 11111).into(),
        "ssl" => reader.boolean("Global", key, false).into(),
        _ => {
            let section = if key.starts_with('b') && key != "bind" { "Burp" } else { "Global" };
            match reader.value(section, key) {
                None if key == "password" => "password123456".into(),
                None => Json::Null,
                Some(Value::One(text)) => text.into(),
                Some(Value::Many(members)) => members.into(),
            }
        }
    };
    reader.finish().map(|_| json)
}

/// Text that is rich in what the dialect gives a meaning to.
fn rich() -> impl Strategy<Value = String> {
    proptest::string::string_regex(
        "([\\[\\]\"'=,#%()s \t\r\n\u{a0}\0]|\"\"\"|'''|%\\(|[a-c]){0,60}",
    )
    .unwrap()
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(Path::new(FILE), &bytes);
    }

    #[test]
    fn no_text_makes_it_panic(text in rich()) {
        if let Ok(document) = Document::parse(Path::new(FILE), text.as_bytes()) {
            let mut reader = Reader::new(&document);
            for section in document.sections() {
                for key in document.keys(section) {
                    reader.value(section, key);
                    prop_assert!(document.line(section, key).is_some());
                }
            }
            let _ = reader.finish();
        }
    }

    /// Any text without a quote of its own kind and without `%` can be written in quotes, also as
    /// a member of a list, and is read back.
    #[test]
    fn what_is_written_in_quotes_is_read_back(
        quote in prop_oneof![Just('"'), Just('\'')],
        members in proptest::collection::vec("[^\"'%\r\n]{0,12}", 1..5),
    ) {
        let quoted = members.iter().map(|text| format!("{quote}{text}{quote}")).collect::<Vec<_>>();
        let file = format!("[A]\none = {}\nmany = {}, # x\n", quoted[0], quoted.join(" ,"));
        let document = Document::parse(Path::new(FILE), file.as_bytes()).unwrap();
        prop_assert_eq!(document.value("A", "one"), Some(Ok(Value::One(members[0].clone()))));
        prop_assert_eq!(document.value("A", "many"), Some(Ok(Value::Many(members))));
    }

    #[test]
    fn what_is_written_in_three_quotes_is_read_back(text in "([^\"%\r]|\n){0,60}") {
        let file = format!("[A]\nlong = \"\"\"{text}\"\"\" # x\nnext = 1\n");
        let document = Document::parse(Path::new(FILE), file.as_bytes()).unwrap();
        prop_assert_eq!(document.value("A", "long"), Some(Ok(Value::One(text))));
        prop_assert!(document.written("A", "next").is_some());
    }
}
