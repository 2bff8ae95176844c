//! Configuration files of the original's programs.

use std::path::Path;

use crate::caf_config::CafConfig;
use crate::caf_syntax::{Entry, read_file};
use crate::caf_value::CafValue;

/// The shortest words about a fault are no longer, whatever stands in the file.
const MOST_WORDS: usize = 200;

/// A configuration file. It is refused in few words with a line that it has, or each of its keys
/// stands in one of its lines and means the same when it is written anew.
///
/// # Panics
///
/// If one of these does not hold.
pub fn broker_config(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').count();
    let config = match CafConfig::parse(Path::new("file"), bytes) {
        Ok(config) => config,
        Err(problem) => {
            assert!(problem.line().is_none_or(|line| (1..=lines).contains(&line)), "{problem}");
            assert!(problem.to_string().len() < MOST_WORDS);
            return;
        }
    };
    let text = String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let entries = read_file(&text).unwrap_or_default();
    let written = entries.iter().map(|entry| {
        assert!((1..=lines).contains(&entry.line), "{entry:?}");
        format!("{} = {}\n", CafValue::Text(entry.key.clone()), entry.value)
    });
    let written = written.collect::<Vec<_>>().concat();
    let again = read_file(&written).unwrap_or_default();
    let meant = |entries: &[Entry]| -> Vec<_> {
        entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
    };
    assert_eq!(meant(&again), meant(&entries));
    assert!(config.unknown().len() <= entries.len());
}
