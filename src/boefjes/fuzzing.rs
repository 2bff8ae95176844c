//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

use katalogus::Json;

use crate::boefje_api_filters::filters;
use crate::boefje_input::expand;
use crate::boefje_output::BoefjeOutput;
use crate::host_frame::{self, Frame};
use crate::host_options::Limits;
use crate::http_failure::{MAX_DETAIL_CHARS, detail};
use crate::job::JobOutcome;
use crate::job_result::ResultReader;
use crate::local_reference::built;
use crate::normalizer_item::{Item, ItemKind};
use crate::rules::Version;
use crate::services::Filters;
use crate::task::{Task, TaskData};

/// What a host says, and in it what a job says: a byte for the size of pieces, then frames.
///
/// The frames and the result are the same in pieces of any size, or are refused alike; a result is
/// within its limits; items are read or refused.
///
/// # Panics
///
/// If one of these does not hold.
pub fn host(bytes: &[u8]) {
    let Some((step, bytes)) = bytes.split_first() else { return };
    let limits = Limits { outputs: 10, output: 1 << 12, ..Limits::default() };
    let whole = outcome(bytes, bytes.len().max(1), limits);
    let pieces = outcome(bytes, usize::from(*step).max(1), limits);
    assert_eq!(format!("{whole:?}"), format!("{pieces:?}"));
    match whole {
        Ok(Some(JobOutcome::Outputs { outputs, .. })) => {
            assert!(outputs.len() <= 10, "more outputs than the limit");
        }
        Ok(Some(JobOutcome::Items { items, checked })) => {
            for item in items {
                if let Ok(value) = item.read(checked, Version::V1_20) {
                    assert!(!value.compact().is_empty());
                }
            }
        }
        _ => {}
    }
    if let Ok(BoefjeOutput { files, .. }) = BoefjeOutput::of_program(bytes, &Limits::default()) {
        let taken: usize = files.iter().map(|output| output.content.len()).sum();
        assert!(taken <= bytes.len(), "more than was said");
    }
}

/// What other services, plugins and people say of tasks and objects: JSON.
///
/// A task's data is read alike after it was written, or refused; an expanded object has neither nulls
/// nor unknown forms; an object that was completed once is not changed by it again; one that is built
/// from a reference has it for its key; what a service says of a failure is one short line; filters
/// hold nothing that was not said.
///
/// # Panics
///
/// If one of these does not hold.
pub fn task(bytes: &[u8]) {
    let words = detail(bytes);
    assert!(words.chars().count() <= MAX_DETAIL_CHARS && !words.contains(char::is_control));
    let Ok(json) = Json::parse_bytes(bytes) else { return };
    if let Ok(task) = Task::from_json(json.clone(), "queue") {
        assert_eq!(TaskData::from_json(&task.data.to_json()), Ok(task.data));
    }
    if let Ok(expanded) = expand(&json) {
        assert!(expanded.iter().all(|(_, value)| is_expanded(value)), "{expanded:?}");
    }
    let completed =
        |json: String| Item { kind: ItemKind::Object, json }.read(false, Version::V1_20);
    if let Ok(whole) = completed(json.compact()) {
        assert_eq!(completed(whole.compact()), Ok(whole));
    }
    if let Json::Text(reference) = &json {
        if let Ok(object) = built(reference) {
            assert_eq!(object.get("primary_key"), Some(&json));
            assert!(expand(&object.into()).is_ok(), "{reference}");
        }
    }
    if let Ok(Filters { plugins, images }) = filters(&json) {
        let said: usize = plugins.iter().chain(&images).map(String::len).sum();
        assert!(said <= bytes.len(), "more than was said");
    }
}

fn is_expanded(value: &Json) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(_) | Json::Integer(_) | Json::Float(_) | Json::Text(_) => true,
        Json::List(items) => items.iter().all(is_expanded),
        Json::Object(members) => members.iter().all(|(_, value)| is_expanded(value)),
    }
}

fn outcome(bytes: &[u8], step: usize, limits: Limits) -> Result<Option<JobOutcome>, String> {
    let mut reader = ResultReader::new(limits);
    for Frame { blob, .. } in frames(bytes, step)? {
        for piece in blob.chunks(step) {
            reader.feed(piece);
        }
    }
    reader.finish()
}

fn frames(bytes: &[u8], step: usize) -> Result<Vec<Frame>, String> {
    let (mut input, mut frames) = (Vec::new(), Vec::new());
    for piece in bytes.chunks(step) {
        input.extend_from_slice(piece);
        while let Some(frame) = host_frame::take(&mut input)? {
            frames.push(frame);
        }
    }
    Ok(frames)
}
