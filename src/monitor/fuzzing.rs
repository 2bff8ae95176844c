//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

use std::path::Path;

use ostler_net::Address;
use ostler_runtime::fuzzing::{are_in, document};
use ostler_runtime::{Document, Reader};
use serde_json::{Value, json};

use crate::check_effective;
use crate::check_report::Report;
use crate::config::Config;
use crate::password::Password;
use crate::query::{MAX_QUERY, Marker, Query};
use crate::request::{Kind, Request};

pub use crate::fuzzing_child::child_stream;

/// The file name in the words of problems. There is no such file.
const FILE: &str = "no/fuzz.cfg";

/// The password of the requests in the corpus.
const PASSWORD: &str = "password123456";

/// A request in JSON, from a client that knows the password.
///
/// Only who knows the password gets anything done; what is asked does not depend on how the JSON
/// is written, nor on whether its numbers are Python's; a query is one clean line.
///
/// # Panics
///
/// If one of these does not hold.
pub fn request(bytes: &[u8]) {
    let password = Password::new(&Value::from(PASSWORD));
    let stranger = Password::new(&json!(["no", "text", "of", "any", "client"]));
    let parsed = Request::parse(bytes, &password);
    let refused = Request::parse(bytes, &stranger).map_err(|error| error.is_of_stranger());
    assert_eq!(refused, Err(true), "a stranger is served, or told more than others");
    if let Ok(Request { kind: Kind::Query { query, .. }, .. }) = &parsed {
        clean(query);
    }
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return };
    // The exact text of a number does not matter, so compare what both were understood as.
    let words = |body: &[u8]| match Request::parse(body, &password) {
        Ok(request) => format!("{request:?}"),
        Err(error) => error.to_string(),
    };
    let understood = words(bytes);
    assert_eq!(understood, words(value.to_string().as_bytes()), "written otherwise");
    for special in ["NaN", "Infinity", "-Infinity"] {
        let mut python = String::new();
        write_python(&value, special, &mut python);
        assert_eq!(understood, words(python.as_bytes()), "with {special} for null");
    }
}

/// Writes JSON with another word for `null`.
fn write_python(value: &Value, null: &str, text: &mut String) {
    match value {
        Value::Null => text.push_str(null),
        Value::Array(values) => {
            text.push('[');
            for (value, number) in values.iter().zip(0..) {
                text.push_str(if number == 0 { "" } else { " ,\t" });
                write_python(value, null, text);
            }
            text.push(']');
        }
        Value::Object(values) => {
            text.push('{');
            for ((key, value), number) in values.iter().zip(0..) {
                text.push_str(if number == 0 { "" } else { "\n, " });
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_python(value, null, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

/// What holds for every query that a child may see.
fn clean(query: &Query) {
    let line = query.as_str();
    assert!(!line.trim_ascii().is_empty() && line.len() <= MAX_QUERY, "blank or too long");
    assert!(!line.chars().any(char::is_control), "a control character goes to a child");
    assert_eq!(Query::parse(line).as_ref(), Ok(query), "a query is not itself");
    assert!(!sets(line), "a setting goes to a child");
    // Escaped as JSON has it, so that the marker names the query and cannot end early.
    for (which, name) in [(Marker::Start, "response-start"), (Marker::End, "response-end")] {
        let marker: Option<Value> = serde_json::from_slice(&query.marker(which)).ok();
        assert_eq!(marker, Some(json!({ name: line })), "the marker of another query");
    }
}

/// Whether burp would take the line, or a part of it, for a setting: read byte by byte, as burp's
/// server was seen to.
fn sets(line: &str) -> bool {
    let (mut fields, mut field) = (Vec::new(), String::new());
    for character in line.chars().chain([':']) {
        if character != ':' {
            field.push(character);
        } else if !field.is_empty() {
            fields.push(std::mem::take(&mut field));
        }
    }
    let mut is_value = false;
    for field in fields {
        match field.as_str() {
            _ if is_value => is_value = false,
            "j" => return true,
            "p" => return false,
            "b" | "c" | "l" => is_value = true,
            _ => {}
        }
    }
    false
}

/// A configuration file, all the way to typed values and to what `--check` prints.
///
/// It is used or refused with lines that it has; what `--check` prints is a file that means the
/// same, behind comments.
///
/// # Panics
///
/// If one of these does not hold.
pub fn ini(bytes: &[u8]) {
    let path = Path::new(FILE);
    let Some(document) = document(path, bytes) else { return };
    reported(&document);
    let config = match Config::read(&document) {
        Ok((config, warnings)) => {
            are_in(&warnings, bytes);
            config
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "a file is refused for no reason");
            return are_in(&problems, bytes);
        }
    };
    if !can_be_written(&config) {
        return;
    }
    let printed = check_effective::of(&config).to_string();
    let again = Document::parse(path, printed.as_bytes());
    let again = again.and_then(|document| Config::read(&document));
    let password = match &config.password_file {
        Some(_) => config.password.clone(),
        None => Password::new(&Value::from("(hidden)")),
    };
    let meant = Config { password, ..config };
    let shown = again.map(|(config, _)| format!("{config:?}"));
    assert_eq!(shown, Ok(format!("{meant:?}")), "{printed}");
}

/// What `--check` says of each key stands in one comment for each.
fn reported(document: &Document) {
    let mut reader = Reader::new(document);
    let config = Config::ask(&mut reader);
    let report = Report::of(document, &reader, &config).to_string();
    assert_eq!(report.lines().count(), document.entries().len(), "{report}");
    assert!(report.lines().all(|line| line.starts_with("# no/fuzz.cfg:")), "{report}");
}

/// Whether the dialect has a way to write the texts in one line: it has none for both kinds of
/// quotes, and none for a name in `%(…)s` that is meant as it stands.
fn can_be_written(config: &Config) -> bool {
    let shown = |path: &Path| path.display().to_string();
    let mut texts = vec![shown(&config.burp_binary), shown(&config.client_config)];
    texts.extend(config.user.clone());
    texts.extend(config.runtime_dir.as_deref().map(shown));
    texts.extend(config.password_file.as_deref().map(shown));
    if let Some(tls) = &config.tls {
        texts.extend([shown(&tls.certificate), shown(&tls.key)]);
        texts.extend(tls.client_ca.as_deref().map(shown));
    }
    let addresses = config.addresses.iter().chain(&config.status_addresses);
    texts.extend(addresses.map(|address| match address {
        Address::Inet { host, .. } => host.clone(),
        Address::Unix(path) => shown(path),
    }));
    texts.iter().all(|text| {
        let quotes = ['"', '\''].iter().all(|quote| text.contains(*quote));
        !(quotes || text.contains(['\n', '\r']) || text.contains("%("))
    })
}
