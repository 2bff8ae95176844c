//! What a normalizer that is a program reads and writes.
//!
//! It reads `{"normalizer_meta": {…}, "raw": "<base64>"}`, and writes a list of what one in Python
//! yields: objects, observations, declarations, affirmations and scan profiles.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use katalogus::{Json, Object};

use crate::host_options::Limits;
use crate::normalizer_item::{Item, ItemKind};

/// What such a program reads; `meta` is JSON already.
pub(crate) fn input(meta: &str, raw: &[u8]) -> String {
    let mut input = String::from(r#"{"normalizer_meta":"#);
    input.push_str(meta);
    input.push_str(r#","raw":""#);
    STANDARD.encode_string(raw, &mut input);
    input.push_str("\"}");
    input
}

/// Reads what it has written. An error says what is wrong with it.
pub(crate) fn of_program(answer: &[u8], limits: &Limits) -> Result<Vec<Item>, String> {
    // An item is read once more, and only there numbers that JSON does not have are judged.
    let answer = Json::parse_any_number(answer)
        .map_err(|fault| format!("the answer is no JSON: {fault}"))?;
    let Json::List(results) = answer else {
        return Err("the answer makes no sense: it is no list".to_owned());
    };
    let count = u64::try_from(results.len()).unwrap_or(u64::MAX);
    if count > limits.outputs {
        return Err(format!("more than {} outputs", limits.outputs));
    }
    let item = |(place, result)| {
        let item = classified(result).map_err(|why| format!("the result {place}: {why}"))?;
        if item.json.len() as u64 > limits.output_size {
            return Err(format!("an output of more than {} bytes", limits.output_size));
        }
        Ok(item)
    };
    results.into_iter().enumerate().map(item).collect()
}

/// What an item is, tried in this order, and what of it counts.
fn classified(result: Json) -> Result<Item, String> {
    let Json::Object(members) = result else { return Err("it is no object".to_owned()) };
    let named = match members.get("type") {
        Some(Json::Text(name)) => ItemKind::named(name),
        _ => None,
    };
    let (kind, members) = if members.get("object_type").is_some() {
        (ItemKind::Object, members)
    } else if named == Some(ItemKind::Observation) {
        (ItemKind::Observation, only(members, &["type", "input_ooi", "results"]))
    } else if let Some(kind @ (ItemKind::Declaration | ItemKind::Affirmation)) = named {
        (kind, only(members, &["type", "ooi", "end_valid_time"]))
    } else if members.get("scan_profile_type").is_some() {
        (ItemKind::ScanProfile, only(members, &["scan_profile_type", "reference", "level"]))
    } else {
        let words = "it has no object_type, no scan_profile_type, and no type that is known";
        return Err(words.to_owned());
    };
    Ok(Item { kind, json: Json::Object(members).compact() })
}

/// Those members that have one of these names, and are not null.
fn only(mut members: Object, names: &[&str]) -> Object {
    let found = names.iter().filter_map(|name| Some(((*name).to_owned(), members.remove(name)?)));
    found.filter(|(_, value)| *value != Json::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Result<Vec<(ItemKind, String)>, String> {
        let items = of_program(answer.as_bytes(), &Limits::default())?;
        Ok(items.into_iter().map(|item| (item.kind, item.json)).collect())
    }

    #[test]
    fn what_a_program_reads_is_json_with_the_raw_file_in_base64() {
        let input = input(r#"{"id":"a"}"#, b"hello\xff");
        assert_eq!(input, r#"{"normalizer_meta":{"id":"a"},"raw":"aGVsbG//"}"#);
    }

    #[test]
    fn results_are_told_apart_as_those_of_python_are() {
        for (result, kind, counts) in [
            (r#"{"type":"declaration","object_type":"a"}"#, ItemKind::Object, None),
            (
                r#"{"type":"observation","x":1,"input_ooi":"a|b","results":[]}"#,
                ItemKind::Observation,
                Some(r#"{"type":"observation","input_ooi":"a|b","results":[]}"#),
            ),
            (
                r#"{"type":"declaration","ooi":{},"end_valid_time":null,"scan_profile_type":"x"}"#,
                ItemKind::Declaration,
                Some(r#"{"type":"declaration","ooi":{}}"#),
            ),
            (r#"{"type":"affirmation","ooi":{}}"#, ItemKind::Affirmation, None),
            (
                r#"{"type":"?","scan_profile_type":"declared","reference":"a|b","level":1,"user":2}"#,
                ItemKind::ScanProfile,
                Some(r#"{"scan_profile_type":"declared","reference":"a|b","level":1}"#),
            ),
        ] {
            let expected = vec![(kind, counts.unwrap_or(result).to_owned())];
            assert_eq!(read(&format!("[{result}]")), Ok(expected));
        }
        assert_eq!(read("[]"), Ok(Vec::new()));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        for (answer, words) in [
            ("", "the answer is no JSON"),
            ("{}", "it is no list"),
            ("[1]", "the result 0: it is no object"),
            (r#"[{"object_type":"a"},{"type":"object"}]"#, "the result 1: it has no object_type"),
        ] {
            let told = read(answer).unwrap_err();
            assert!(told.contains(words), "{answer}: {told}");
        }
        let answer = br#"[{"object_type":"a"},{"object_type":"b"}]"#;
        for limits in [
            Limits { outputs: 1, ..Limits::default() },
            Limits { output_size: 8, ..Limits::default() },
        ] {
            assert!(of_program(answer, &limits).unwrap_err().contains("more than"));
        }
    }
}
