//! The configuration in the dialect of Ostler's daemons: the same keys, in sections instead of
//! groups.

use std::path::Path;

use ostler_runtime::ini::Value;
use ostler_runtime::{Document, Problem};

use crate::CafConfig;
use crate::node_stores::SECTION;

/// The section of the keys that are in no group.
const NODE: &str = "node";

impl CafConfig {
    /// Reads `path`: a key of the section `[broker.ssl]` is one of that group, a key of `[node]` is
    /// in none.
    pub fn read_ini(path: &Path) -> Result<Self, Vec<Problem>> {
        let document = Document::read(path).map_err(Vec::from)?;
        let mut config = Self::empty(path);
        let mut problems = Vec::new();
        for section in document.sections() {
            if section.starts_with(SECTION) && document.keys(section).next().is_none() {
                let words = format!("[{section}] is empty: it must say what its store is");
                problems.push(Problem::in_file(path, words));
            }
            for key in document.keys(section) {
                let line = document.line(section, key);
                let value = match document.value(section, key) {
                    Some(Ok(value)) => value,
                    Some(Err(error)) => {
                        let words = error.to_string();
                        problems.push(Problem::of_key(path, line, section, key, words));
                        continue;
                    }
                    None => continue,
                };
                let full = match section {
                    "" | NODE => key.to_owned(),
                    group => format!("{group}.{key}"),
                };
                match value {
                    Value::One(text) => config.set_line(&full, line, &text),
                    Value::Many(texts) => config.set_texts(&full, line, texts),
                }
            }
        }
        if problems.is_empty() { Ok(config) } else { Err(problems) }
    }
}
