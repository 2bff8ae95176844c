//! What a burp child says, line by line: log lines, markers, warnings and answers.
//!
//! A child speaks in lines. Log lines (`{ "logline": "…" }`) come at any time and belong to nobody;
//! an answer is one line, between two markers where the server knows them. The longest answers have
//! tens of megabytes: each byte is looked at once.

use std::ops::Range;

use memchr::memchr;

/// Remembers how far the input has been searched for the end of a line.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// The start of the line in progress.
    start: usize,
    /// Everything before this has been searched.
    searched: usize,
    /// The last line was taken before its newline came.
    newline_due: bool,
}

impl Lines {
    /// The next whole line, without its newline.
    pub(crate) fn next(&mut self, input: &[u8]) -> Option<Range<usize>> {
        if self.newline_due && self.start < input.len() {
            self.newline_due = false;
            if input.get(self.start) == Some(&b'\n') {
                self.start += 1;
                self.searched = self.searched.max(self.start);
            }
        }
        let Some(offset) = input.get(self.searched..).and_then(|rest| memchr(b'\n', rest)) else {
            self.searched = input.len();
            return None;
        };
        let end = self.searched + offset;
        let line = self.start..end;
        self.start = end + 1;
        self.searched = end + 1;
        Some(line)
    }

    /// Takes the line in progress if it is `expected`, without waiting for its newline.
    pub(crate) fn take_early(&mut self, input: &[u8], expected: &[u8]) -> bool {
        let early = !self.newline_due && input.get(self.start..) == Some(expected);
        if early {
            self.start = input.len();
            self.searched = input.len();
            self.newline_due = true;
        }
        early
    }

    /// Splits off the line in progress, which is where the next search begins.
    pub(crate) fn split_off(&mut self, input: &mut Vec<u8>) -> Vec<u8> {
        let rest = input.split_off(self.start.min(input.len()));
        *self = Self { newline_due: self.newline_due, ..Self::default() };
        rest
    }

    /// Forgets the lines that were read, so that the input begins with the line in progress.
    pub(crate) fn consume(&mut self, input: &mut Vec<u8>) {
        input.drain(..self.start.min(input.len()));
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
    }
}

/// What kind of line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    /// A line for the log: its message.
    Log(&'a [u8]),
    /// A warning instead of an answer: its text.
    Warning(&'a [u8]),
    /// Anything else.
    Other(&'a [u8]),
}

impl<'a> Line<'a> {
    /// Tells the kinds apart by their first bytes. burp writes log lines with a space after the
    /// brace and everything else without, so a client called `logline` is none.
    pub(crate) fn of(line: &'a [u8]) -> Self {
        let text = |prefix: &[u8], suffix: &[u8]| {
            line.strip_prefix(prefix).map(|rest| rest.strip_suffix(suffix).unwrap_or(rest))
        };
        if let Some(message) = text(b"{ \"logline\": \"", b"\" }") {
            Self::Log(message)
        } else if let Some(warning) = text(b"{\"warning\":\"", b"\"}") {
            Self::Warning(warning)
        } else {
            Self::Other(line)
        }
    }
}

/// Text that burp wrote, fit for a log.
pub(crate) fn printable(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('.').to_owned()
}

/// Words of burp that may go over the wire: `[path]` stands for each path of this machine.
pub(crate) fn without_paths(words: &str) -> String {
    let mut public = String::with_capacity(words.len());
    let mut before = ' ';
    let mut characters = words.chars();
    while let Some(c) = characters.next() {
        if c == '/' && !before.is_alphanumeric() && !matches!(before, '/' | '.' | '-' | '_') {
            public.push_str("[path]");
            let end = |c: &char| matches!(c, '\'' | '"') || (before == ' ' && *c == ' ');
            if let Some(end) = characters.find(end) {
                public.push(end);
                before = end;
            }
        } else {
            public.push(c);
            before = c;
        }
    }
    public
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_the_bytes_come() {
        let whole = b"one\n\ntwo\nthr";
        for cut in 0..whole.len() {
            let (mut lines, mut found) = (Lines::default(), Vec::new());
            for part in [&whole[..cut], &whole[..]] {
                while let Some(line) = lines.next(part) {
                    found.push(part[line].to_vec());
                }
            }
            assert_eq!(found, [&b"one"[..], b"", b"two"], "cut at {cut}");
            let mut input = whole.to_vec();
            lines.consume(&mut input);
            assert_eq!(input, b"thr");
            assert_eq!(lines.next(b"three\n"), Some(0..5));
        }
    }

    #[test]
    fn a_line_taken_early_owes_its_newline() {
        let mut lines = Lines::default();
        assert_eq!(lines.next(b"end"), None);
        assert!(!lines.take_early(b"end", b"en"));
        assert!(lines.take_early(b"end", b"end"));
        let mut input = b"end".to_vec();
        lines.consume(&mut input);
        assert_eq!(lines.next(&input), None);
        assert_eq!(lines.next(b"\nnext\n"), Some(1..5));

        // Other bytes than the newline are a line of their own.
        let mut lines = Lines::default();
        assert!(lines.take_early(b"end", b"end"));
        assert_eq!(lines.next(b"endmore\n"), Some(3..7));
    }

    #[test]
    fn no_path_is_public() {
        for (words, public) in [
            (
                "could not open '/etc/burp/a b.conf' for reading",
                "could not open '[path]' for reading",
            ),
            (
                "Could not find ssl_cert /etc/x.pem: No such file",
                "Could not find ssl_cert [path] No such file",
            ),
            ("conf=/x/y", "conf=[path]"),
            ("TLSv1.3 Kx=any/none, 1/2", "TLSv1.3 Kx=any/none, 1/2"),
            ("Could not connect to 10.0.0.1:4972", "Could not connect to 10.0.0.1:4972"),
        ] {
            assert_eq!(without_paths(words), public);
        }
    }

    #[test]
    fn kinds_of_lines() {
        assert_eq!(Line::of(b"{ \"logline\": \"auth ok.\" }"), Line::Log(b"auth ok."));
        let warning = b"{\"warning\":\"Backup not found\"}";
        assert_eq!(Line::of(warning), Line::Warning(b"Backup not found"));
        let answer = b"{\"clients\":[{\"name\":\"logline\"}]}";
        assert_eq!(Line::of(answer), Line::Other(answer));
    }
}
