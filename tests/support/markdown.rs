//! The documents of this project, as far as a test must read them.

use std::fs;

use crate::binaries::workspace;

/// A file of the workspace as text.
///
/// # Panics
/// When it cannot be read.
pub fn document(path: &str) -> String {
    fs::read_to_string(workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands below a heading (`### Keys`), up to the next one of its level or above.
///
/// # Panics
/// When there is no such heading.
pub fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let level = heading.split(' ').next().map_or(0, str::len);
    let start = text.find(&format!("\n{heading}\n"));
    let start = start.unwrap_or_else(|| panic!("no {heading:?}")) + heading.len() + 2;
    let rest = text.get(start..).unwrap_or_default();
    let (mut end, mut is_code) = (0, false);
    for line in rest.split_inclusive('\n') {
        is_code ^= line.starts_with("```");
        // In code a line may begin like a heading.
        let depth = line.chars().take_while(|c| *c == '#').count();
        if !is_code && (1..=level).contains(&depth) && line.get(depth..=depth) == Some(" ") {
            break;
        }
        end += line.len();
    }
    rest.get(..end).unwrap_or_default()
}

/// The cells of the rows of the tables in `text`, heads and rules left out.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in text.lines() {
        let Some(row) = line.strip_prefix('|').and_then(|row| row.strip_suffix('|')) else {
            continue;
        };
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
        if cells.iter().all(|cell| cell.chars().all(|c| matches!(c, '-' | ':'))) {
            // The row before a rule is the head of its table.
            rows.pop();
        } else {
            rows.push(cells);
        }
    }
    rows
}

/// What stands between backquotes.
pub fn marked(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
