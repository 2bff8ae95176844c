//! Options and jobs as a test writes them.

use std::path::PathBuf;
use std::time::Duration;

use boefjes::{HostOptions, Job, Limits, Style, Work};
use ostler_runtime::Deadline;
use serde_json::Value;

pub(crate) fn options(given: &Value) -> HostOptions {
    let usual = HostOptions::default();
    let number = |name: &str, usual: usize| {
        given[name].as_u64().and_then(|n| usize::try_from(n).ok()).unwrap_or(usual)
    };
    let path = |name: &str, usual: &PathBuf| given[name].as_str().map_or(usual.clone(), Into::into);
    HostOptions {
        python: path("python", &usual.python),
        root: path("root", &usual.root),
        cwd: path("cwd", &usual.cwd),
        path: texts(&given["path"]).into_iter().map(Into::into).collect(),
        preload: texts(&given["preload"]),
        settings: pairs(&given["settings"]).into_iter().collect(),
        environment: pairs(&given["environment"]).into_iter().collect(),
        hosts: number("hosts", usual.hosts),
        queue: number("queue", 100_000),
        limits: limits(&given["limits"]),
        ..usual
    }
}

fn limits(given: &Value) -> Limits {
    let usual = Limits::default();
    let limit = |name: &str, usual: u64| given[name].as_u64().unwrap_or(usual);
    Limits {
        memory: limit("memory", usual.memory),
        cpu: limit("cpu", usual.cpu),
        file_size: limit("file_size", usual.file_size),
        files: limit("files", usual.files),
        processes: limit("processes", usual.processes),
        outputs: limit("outputs", usual.outputs),
        output_size: limit("output_size", usual.output_size),
        output: limit("output", usual.output),
        results: limit("results", usual.results),
        raw_size: limit("raw_size", usual.raw_size),
        log: limit("log", usual.log),
    }
}

pub(crate) fn job(given: &Value) -> Job {
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let work = if let Some(package) = text("boefje") {
        Work::Boefje { package }
    } else if let Some(package) = text("normalizer") {
        Work::Normalizer { package, raw: text("raw").unwrap_or_default().into() }
    } else if let Some(path) = text("program") {
        let path = path.into();
        match text("raw") {
            Some(raw) => Work::NormalizerProgram { path, raw: raw.into() },
            None => Work::Program { path },
        }
    } else {
        Work::Look { module: text("look").unwrap_or_default() }
    };
    let style = match given["style"].as_str() {
        Some("auto_plain") => Style::AutoPlain,
        Some("object") => Style::Object,
        Some("plain") => Style::Plain,
        _ => Style::Auto,
    };
    Job {
        id: text("id").unwrap_or_default(),
        work,
        meta: given["meta"].to_string(),
        environment: pairs(&given["environment"]),
        imports: pairs(&given["imports"]),
        secrets: pairs(&given["environment"]).into_iter().map(|(_, value)| value).collect(),
        style,
        python: text("python").map(Into::into),
    }
}

pub(crate) fn deadline(given: &Value) -> Deadline {
    given["deadline"]
        .as_u64()
        .map_or(Deadline::NEVER, |n| Deadline::after(Duration::from_millis(n)))
}

fn texts(given: &Value) -> Vec<String> {
    let list = given.as_array().into_iter().flatten();
    list.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

pub(crate) fn pairs(given: &Value) -> Vec<(String, String)> {
    let members = given.as_object().into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}
