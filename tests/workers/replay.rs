//! Conversations of the original's workers with their services, had again by ours: the same calls in the
//! same order with the same bodies.
//!
//! Those beside this file are about plugins of the tests' own, and were written by the rules that
//! recordings of the original show; recordings themselves, whose plugins are others' work, are compared by
//! `BOEFJES_RECORDINGS=FOLDER cargo nextest run -p ostler-tests --test workers replay`. Each `*.jsonl`
//! in the folder that a worker's whole day is in has a call a line: `svc`, `method`, `path`, `body`,
//! `status`, `reply`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use ostler_runtime::environment::variable;
use ostler_tests::WorkersSettings;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::replay_compare::differences;
use crate::replay_recording::{RecordedJob, read};
use crate::replay_service::Replayed;
use crate::replay_stand_ins;
use crate::workshop::plugins;

/// Where other recordings are.
const RECORDINGS: &str = "BOEFJES_RECORDINGS";

#[test]
fn our_own_plugins_make_the_recorded_calls() {
    let recordings = recordings(&own());
    assert!(recordings.len() > 1);
    for jobs in recordings {
        agrees(&jobs, &plugins());
    }
}

#[test]
fn whatever_others_recorded_is_said_by_stand_ins_for_their_plugins() {
    let folder = variable(RECORDINGS).map_or_else(own, PathBuf::from);
    for jobs in recordings(&folder) {
        let root = TempDir::new().unwrap();
        replay_stand_ins::write(root.path(), &jobs, &whitelist(&jobs));
        agrees(&jobs, root.path());
    }
}

#[test]
fn what_differs_is_told() {
    let mut jobs = recordings(&own()).remove(0);
    let line = jobs.iter_mut().flat_map(|job| &mut job.lines).next().unwrap();
    line.call.method = "PUT".to_owned();
    let told = replayed(&jobs, &plugins());
    assert!(told.iter().any(|difference| difference.contains("PUT")), "{told:#?}");
}

fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("workers/recordings")
}

/// The jobs of each file in which every job ends.
fn recordings(folder: &Path) -> Vec<Vec<RecordedJob>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "jsonl"));
    files.sort_unstable();
    let mut recordings: Vec<Vec<RecordedJob>> = files.iter().map(|path| read(path)).collect();
    recordings.retain(|jobs| !jobs.is_empty() && jobs.iter().all(|job| job.end.is_some()));
    assert!(!recordings.is_empty(), "{} holds no recording", folder.display());
    recordings
}

fn agrees(jobs: &[RecordedJob], root: &Path) {
    let told = replayed(jobs, root);
    assert!(told.is_empty(), "{} differences:\n{}", told.len(), told.join("\n"));
}

/// Has each job run, and tells what was said otherwise than it was recorded.
fn replayed(jobs: &[RecordedJob], root: &Path) -> Vec<String> {
    let kind = if jobs.iter().any(RecordedJob::is_normalizer) { "normalizer" } else { "boefje" };
    let replayed = Replayed::new(jobs);
    let settings = WorkersSettings::new(&replayed.openkat, kind)
        .set("Plugins", "directory", &root.display().to_string())
        // One after the other.
        .environment("BOEFJES_POOL_SIZE", "1")
        .environment("BOEFJES_SCAN_PROFILE_WHITELIST", json!(whitelist(jobs)).to_string());
    let settings = defaults(jobs).into_iter().fold(settings, |settings, (name, value)| {
        settings.environment(&format!("BOEFJE_{name}"), value)
    });
    let _workers = settings.start();
    let made = replayed.made();
    jobs.iter().zip(&made).flat_map(|(job, made)| differences(job, made)).collect()
}

/// The highest level that each normalizer set.
fn whitelist(jobs: &[RecordedJob]) -> BTreeMap<String, u8> {
    let mut whitelist = BTreeMap::new();
    for job in jobs {
        for profile in
            job.those("POST", "/scan_profiles/").flat_map(|line| line.body.as_array().unwrap())
        {
            let level =
                profile["level"].as_u64().and_then(|level| u8::try_from(level).ok()).unwrap();
            let highest = whitelist.entry(job.plugin().to_owned()).or_insert(level);
            *highest = level.max(*highest);
        }
    }
    whitelist
}

/// The settings that boefjes found although nobody had set them, and others that they should not find.
fn defaults(jobs: &[RecordedJob]) -> BTreeMap<String, String> {
    let mut defaults = BTreeMap::from([("NOBODY_ASKS_FOR_THIS".to_owned(), "default".to_owned())]);
    let asking = jobs.iter().filter_map(|job| Some((job, job.those("GET", "/settings").next()?)));
    for (job, settings) in asking.clone() {
        for (name, value) in environment(job) {
            let is_always_found = asking.clone().all(|(other, _)| {
                other.plugin() != job.plugin() || environment(other).any(|(one, _)| one == name)
            });
            if settings.reply.get(name).is_none() {
                defaults.insert(name.clone(), value.as_str().unwrap().to_owned());
            } else if is_always_found && !defaults.contains_key(name) {
                defaults.insert(name.clone(), "a default that is not used".to_owned());
            }
        }
    }
    defaults
}

/// What a boefje found in its environment.
fn environment(job: &RecordedJob) -> impl Iterator<Item = (&String, &Value)> {
    let saved = job.those("POST", "/bytes/boefje_meta").next();
    saved.and_then(|line| line.body["environment"].as_object()).into_iter().flatten()
}
