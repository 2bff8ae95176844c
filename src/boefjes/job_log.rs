//! What a job prints: to the log, line by line under the job's id, and the end of it kept.

/// How much of the end is kept.
const TAIL_BYTES: usize = 4 << 10;
/// A line that goes on for longer is broken.
const LINE_BYTES: usize = 2 << 10;

/// See the module.
#[derive(Debug)]
pub(crate) struct JobLog {
    id: String,
    line: Vec<u8>,
    tail: Vec<u8>,
}

impl JobLog {
    pub(crate) fn new(id: &str) -> Self {
        Self { id: id.to_owned(), line: Vec::new(), tail: Vec::new() }
    }

    /// Takes the next piece.
    pub(crate) fn feed(&mut self, piece: &[u8]) {
        self.tail.extend_from_slice(piece);
        let surplus = self.tail.len().saturating_sub(TAIL_BYTES);
        self.tail.drain(..surplus);
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            for part in part.chunks(LINE_BYTES) {
                self.line.extend_from_slice(part);
                if part.ends_with(b"\n") || self.line.len() >= LINE_BYTES {
                    self.write();
                }
            }
        }
    }

    /// Writes what is left, and returns the end of it all.
    pub(crate) fn finish(mut self, dropped: i64) -> String {
        self.write();
        if dropped > 0 {
            log::warn!("job {}: printed {dropped} bytes more than go to the log", self.id);
        }
        String::from_utf8_lossy(&self.tail).into_owned()
    }

    fn write(&mut self) {
        let line = String::from_utf8_lossy(&self.line);
        let line = line.trim_end();
        if !line.is_empty() {
            log::info!("job {}: {line}", self.id);
        }
        self.line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_no_more() {
        let mut log = JobLog::new("1");
        log.feed(&[b'x'; 10_000]);
        log.feed(b"one\ntwo");
        let tail = log.finish(0);
        assert_eq!(tail.len(), TAIL_BYTES);
        assert!(tail.ends_with("xone\ntwo"));
    }
}
