//! Plugins that return what a recording shows that others returned.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};

use crate::replay_recording::RecordedJob;

const BOEFJE: &str = r#"
import json, pathlib

TOLD = json.loads(pathlib.Path(__file__).with_name("told.json").read_text())


def run(boefje_meta):
    told = TOLD[str(boefje_meta.id)]
    if told is None:
        raise RuntimeError("as it was recorded")
    return [(set(mime_types), octets(output)) for mime_types, output in told]


def octets(output):
    # Of what is no text the length was recorded only.
    is_length = output.startswith("<") and output.endswith(" bytes>")
    return b"\xff" * int(output[1:-7]) if is_length else output
"#;

const NORMALIZER: &str = r#"
import json, pathlib

TOLD = json.loads(pathlib.Path(__file__).with_name("told.json").read_text())


def run(normalizer_meta, raw):
    told = TOLD[str(normalizer_meta.id)]
    if told is None:
        raise RuntimeError("as it was recorded")
    yield from told
"#;

/// Writes a package for each plugin that has run in a recording.
pub(crate) fn write(root: &Path, jobs: &[RecordedJob], whitelist: &BTreeMap<String, u8>) {
    let mut told: BTreeMap<(bool, &str), Map<String, Value>> = BTreeMap::new();
    // Whoever did nothing at all did not know the plugin.
    for job in jobs.iter().filter(|job| job.lines.len() > 1) {
        let highest = whitelist.get(job.plugin()).copied();
        let returned = if job.is_normalizer() { yielded(job, highest) } else { returned(job) };
        told.entry((job.is_normalizer(), job.plugin()))
            .or_default()
            .insert(job.id().to_owned(), returned);
    }
    for (number, ((is_normalizer, plugin), told)) in told.iter().enumerate() {
        let (manifest, module, source) = if *is_normalizer {
            ("normalizer.json", "normalize.py", NORMALIZER)
        } else {
            ("boefje.json", "main.py", BOEFJE)
        };
        let package = root.join(format!("stand_in_{number}"));
        fs::create_dir(&package).unwrap();
        let keys = environment_keys(jobs, plugin);
        let definition = json!({"id": plugin, "name": plugin, "environment_keys": keys});
        fs::write(package.join("__init__.py"), "").unwrap();
        fs::write(package.join(manifest), definition.to_string()).unwrap();
        fs::write(package.join(module), source).unwrap();
        fs::write(package.join("told.json"), json!(told).to_string()).unwrap();
    }
}

/// The settings that a boefje was given, if it asked for any.
fn environment_keys(jobs: &[RecordedJob], plugin: &str) -> Vec<String> {
    let runs = jobs.iter().filter(|job| job.plugin() == plugin && !job.is_normalizer());
    let mut keys: Vec<String> = runs
        .filter(|job| job.those("GET", "/settings").next().is_some())
        .flat_map(|job| {
            let found = job.those("POST", "/bytes/boefje_meta").next();
            let names = found.and_then(|line| line.body["environment"].as_object());
            let names = names.into_iter().flat_map(Map::keys).cloned();
            // One that is never set is asked for, too.
            names.chain(["NEVER_SET".to_owned()])
        })
        .collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// The outputs of a boefje; null if it failed.
fn returned(job: &RecordedJob) -> Value {
    let own = format!("boefje/{}", job.plugin());
    let outputs = job.those("POST", "/bytes/raw?").map(|line| {
        let mut mime_types = line.call.query("mime_types");
        mime_types.retain(|mime_type| !mime_type.starts_with(&own));
        let text = line.body["text"].as_str().or(line.body.as_str());
        let text = text.map_or_else(|| line.body.to_string(), str::to_owned);
        (mime_types, text)
    });
    let outputs: Vec<(Vec<String>, String)> = outputs.collect();
    let is_error = |(mime_types, _): &(Vec<String>, String)| mime_types == &["error/boefje"];
    if outputs.iter().any(is_error) { Value::Null } else { json!(outputs) }
}

/// The items of a normalizer, which may set levels up to the `highest`; null if it failed.
fn yielded(job: &RecordedJob, highest: Option<u8>) -> Value {
    let input = &job.boefje_meta()["input_ooi"];
    let is_plain = |body: &Value| body["source"] == *input && body["result"] != json!([]);
    let mut items = Vec::new();
    let mut objects = Vec::new();
    for line in job.those("POST", "") {
        let body = &line.body;
        match line.call.path().get(1).map(String::as_str) {
            Some("observations") if is_plain(body) => {
                objects.extend(body["result"].as_array().unwrap().clone());
            }
            Some("observations") => items.push(json!({
                "type": "observation", "input_ooi": body["source"], "results": body["result"],
            })),
            Some("declarations") => items.push(json!({"type": "declaration", "ooi": body["ooi"]})),
            Some("affirmations") => items.push(json!({"type": "affirmation", "ooi": body["ooi"]})),
            Some("scan_profiles") => items.extend(body.as_array().unwrap().iter().map(|profile| {
                let mut profile = profile.clone();
                if profile["level"].as_u64() == highest.map(u64::from) {
                    // It may have been higher before it was cut.
                    profile["level"] = 4.into();
                }
                profile
            })),
            _ => {}
        }
    }
    items.extend(objects);
    let has_failed = job.end.as_deref() == Some("failed");
    if has_failed && items.is_empty() { Value::Null } else { json!(items) }
}
