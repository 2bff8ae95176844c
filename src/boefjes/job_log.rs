//! What a job prints: to the log, line by line under the job's id, and the end of it kept. The values
//! of its settings are neither here nor there.

use std::borrow::Cow;

/// How much of the end is kept.
const TAIL_BYTES: usize = 4 << 10;
/// A line that goes on for longer is broken.
const LINE_BYTES: usize = 2 << 10;
/// What stands for the value of a setting.
pub(crate) const REDACTED: &str = "***";
/// A shorter value is no secret, and stands in every other word.
const MIN_SECRET_BYTES: usize = 4;
/// Of a longer line of a value so much is looked for.
const MAX_SECRET_BYTES: usize = 1 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct JobLog {
    id: String,
    secrets: Secrets,
    line: Vec<u8>,
    tail: Vec<u8>,
}

impl JobLog {
    /// For a job whose settings have these values.
    pub(crate) fn new<'a>(id: &str, values: impl IntoIterator<Item = &'a String>) -> Self {
        let secrets = Secrets::of(values);
        Self { id: id.to_owned(), secrets, line: Vec::new(), tail: Vec::new() }
    }

    /// Takes the next piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece);
        // A value of which the beginning is cut off would not be known any more.
        let kept = TAIL_BYTES.saturating_add(self.secrets.longest());
        let surplus = self.tail.len().saturating_sub(kept);
        self.tail.drain(..surplus);
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            for part in part.chunks(LINE_BYTES) {
                self.line.extend_from_slice(part);
                if part.ends_with(b"\n") {
                    self.write(0);
                } else if self.line.len() >= LINE_BYTES.saturating_add(self.secrets.longest()) {
                    self.write(self.secrets.longest());
                }
            }
        }
    }

    /// Writes what is left, and returns the end of it all.
    pub(crate) fn finish(mut self, dropped: i64) -> String {
        self.write(0);
        if dropped > 0 {
            log::warn!("job {}: printed {dropped} bytes more than go to the log", self.id);
        }
        let longest = self.secrets.longest();
        let tail = self.secrets.without(&self.tail);
        // Where something was cut off, the beginning may be the rest of a value.
        let unknown =
            if self.tail.len() >= TAIL_BYTES.saturating_add(longest) { longest } else { 0 };
        let surplus = tail.len().saturating_sub(TAIL_BYTES).max(unknown);
        String::from_utf8_lossy(tail.get(surplus..).unwrap_or_default()).into_owned()
    }

    /// Writes the line but for so many bytes of its end, in which a value may have begun.
    fn write(&mut self, kept: usize) {
        let line = self.secrets.without(&self.line).into_owned();
        let (line, rest) = line.split_at(line.len().saturating_sub(kept));
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end();
        if !text.is_empty() {
            log::debug!("job {}: {text}", self.id);
        }
        self.line = rest.to_vec();
    }
}

/// The values that are not to be seen, line by line, the longest first. They are not shown.
struct Secrets(Vec<Vec<u8>>);

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(REDACTED)
    }
}

impl Secrets {
    fn of<'a>(values: impl IntoIterator<Item = &'a String>) -> Self {
        let lines = values.into_iter().flat_map(|value| value.lines());
        let values = lines.map(|line| line.trim().as_bytes());
        let mut values: Vec<Vec<u8>> = values
            .map(|value| value.get(..MAX_SECRET_BYTES).unwrap_or(value).to_vec())
            .filter(|value| value.len() >= MIN_SECRET_BYTES)
            .collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        values.dedup();
        Self(values)
    }

    fn longest(&self) -> usize {
        self.0.first().map_or(0, Vec::len)
    }

    fn without<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let mut text = Cow::Borrowed(text);
        for secret in &self.0 {
            if find(&text, secret).is_some() {
                text = Cow::Owned(replaced(&text, secret));
            }
        }
        text
    }
}

fn find(text: &[u8], secret: &[u8]) -> Option<usize> {
    text.windows(secret.len()).position(|part| part == secret)
}

fn replaced(text: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut without = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = find(rest, secret) {
        let (before, behind) = rest.split_at(place);
        without.extend_from_slice(before);
        without.extend_from_slice(REDACTED.as_bytes());
        rest = behind.get(secret.len()..).unwrap_or_default();
    }
    without.extend_from_slice(rest);
    without
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn the_end_is_kept_and_no_more() {
        let mut log = JobLog::new("1", &[]);
        log.feed(&[b'x'; 10_000]);
        log.feed(b"one\ntwo");
        let tail = log.finish(0);
        assert_eq!(tail.len(), TAIL_BYTES);
        assert!(tail.ends_with("xone\ntwo"));
    }

    #[test]
    fn the_values_of_settings_are_not_kept_wherever_they_are_cut() {
        for before in TAIL_BYTES - 20..TAIL_BYTES + 20 {
            let mut log = JobLog::new("1", &settings(&["one secret\nof two lines", "5"]));
            log.feed(b"5 one se");
            log.feed(b"cret, of two lines ");
            log.feed(&vec![b'x'; before]);
            let tail = log.finish(0);
            assert!(!tail.contains("secret") && !tail.contains("cret"), "{tail}");
            assert!(!tail.contains("lines"), "{tail}");
        }
        let mut log = JobLog::new("1", &settings(&["one secret", "secret"]));
        log.feed(b"5: one secret, another secret");
        assert_eq!(log.finish(0), "5: ***, another ***");
    }
}
