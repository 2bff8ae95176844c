//! The log: one line a record, to standard error or to a file.
//!
//! A message cannot forge a second line or colour a terminal: control characters are written as
//! escapes. A log that nobody reads cannot hold the service up: a line that does not fit within
//! [`PATIENCE`] is dropped and counted, and the count is told when there is room again. A record
//! is at most [`MAX_LINE_BYTES`] long. A log file that was moved away is made anew by [`reopen`].

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use log::{Level, Record};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

pub use log::LevelFilter;

use crate::environment::variable;
use crate::utc::Utc;

/// The longest record, in bytes; what is longer is cut and ends in `…`. A pipe that can be
/// written to at all takes this many bytes without blocking.
pub const MAX_LINE_BYTES: usize = 4096;

/// The longest wait for a log that takes no more. After one line was dropped the following ones
/// do not wait at all, until the log takes lines again.
pub const PATIENCE: Duration = Duration::from_millis(100);

/// Why the log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LoggingError {
    /// The log file cannot be opened for appending.
    #[error("cannot open the log file {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The log was started before.
    #[error("the log was started already")]
    Started(#[from] log::SetLoggerError),
}

/// Starts the log: records down to `level` go to `file` (created 0640, appended to), or to
/// standard error if there is none.
///
/// On standard error under the journal (`JOURNAL_STREAM` is set) a line is the record's priority
/// (`<3>` to `<7>`), thread and message, since the journal has its own clock. Everywhere else it
/// is the time in UTC, level, thread and message.
pub fn start(level: LevelFilter, file: Option<&Path>) -> Result<(), LoggingError> {
    let (sink, style) = match file {
        Some(path) => (LOG_FILE.get_or_init(|| LogFile::new(path)).sink()?, Style::Timed),
        None if variable("JOURNAL_STREAM").is_some() => {
            (Sink::new(Target::Stderr(io::stderr())), Style::Journal)
        }
        None => (Sink::new(Target::Stderr(io::stderr())), Style::Timed),
    };
    begin(level, sink, style)
}

/// Starts the log on standard output, for programs whose log is what they have to say.
pub fn start_on_output(level: LevelFilter) -> Result<(), LoggingError> {
    begin(level, Sink::new(Target::Stdout(io::stdout())), Style::Timed)
}

fn begin(level: LevelFilter, sink: Sink, style: Style) -> Result<(), LoggingError> {
    env_logger::Builder::new()
        .filter_level(level)
        .format(move |out, record| {
            let thread = thread::current();
            out.write_all(&line(style, record, thread.name(), SystemTime::now()))
        })
        .target(env_logger::Target::Pipe(Box::new(sink)))
        .try_init()?;
    Ok(())
}

/// Opens the log file again under its name, so that a file that was moved away is finished and a
/// new one begun. Without a log file there is nothing to be done. After an error the log goes where
/// it went.
pub fn reopen() -> Result<(), LoggingError> {
    LOG_FILE.get().map_or(Ok(()), LogFile::reopen)
}

/// An error and what caused it, which is said once if the error says it itself.
pub fn with_cause(error: &dyn Error) -> String {
    let said = error.to_string();
    let cause = error.source().map(ToString::to_string);
    cause
        .filter(|cause| !said.ends_with(cause))
        .map_or(said.clone(), |cause| format!("{said}: {cause}"))
}

/// The log file of this process, if it logs to one.
static LOG_FILE: OnceLock<LogFile> = OnceLock::new();

/// A log file's name, and the file that the next line goes to if it is another one.
struct LogFile {
    path: PathBuf,
    next: Arc<Mutex<Option<File>>>,
}

impl LogFile {
    fn new(path: &Path) -> Self {
        Self { path: path.to_owned(), next: Arc::default() }
    }

    fn sink(&self) -> Result<Sink, LoggingError> {
        Ok(Sink { next: Arc::clone(&self.next), ..Sink::new(Target::File(self.open()?)) })
    }

    fn reopen(&self) -> Result<(), LoggingError> {
        let file = self.open()?;
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }

    fn open(&self) -> Result<File, LoggingError> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o640)
            .open(&self.path)
            .map_err(|source| LoggingError::Open { path: self.path.clone(), source })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Journal,
    Timed,
}

/// One record as the bytes of its line, newline included.
fn line(style: Style, record: &Record<'_>, thread: Option<&str>, time: SystemTime) -> Vec<u8> {
    let mut text = match style {
        Style::Journal => format!("<{}>", priority(record.level())),
        Style::Timed => format!("{} {:<5} ", Utc(time), record.level()),
    };
    escape(&mut text, thread.unwrap_or("-"));
    text.push_str(": ");
    escape(&mut text, &record.args().to_string());
    let end = "…\n";
    if text.len() >= MAX_LINE_BYTES {
        let mut cut = MAX_LINE_BYTES.saturating_sub(end.len());
        while !text.is_char_boundary(cut) {
            cut = cut.saturating_sub(1);
        }
        text.truncate(cut);
        text.push_str(end);
    } else {
        text.push('\n');
    }
    text.into_bytes()
}

/// The syslog priority of a level.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Appends `words` with every control character as an escape (also the line separators of
/// Unicode, which some readers of logs break lines at).
fn escape(text: &mut String, words: &str) {
    for c in words.chars() {
        if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
    }
}

/// Where lines go.
enum Target {
    Stderr(io::Stderr),
    Stdout(io::Stdout),
    File(File),
}

impl Target {
    fn fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stderr(stderr) => stderr.as_fd(),
            Self::Stdout(stdout) => stdout.as_fd(),
            Self::File(file) => file.as_fd(),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stderr(stderr) => stderr.write(bytes),
            // Whole lines come here, which the buffer passes on.
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::File(file) => file.write(bytes),
        }
    }
}

/// Writes lines without ever failing or waiting for long; counts those that are lost.
struct Sink {
    target: Target,
    /// The file that takes the target's place at the next line.
    next: Arc<Mutex<Option<File>>>,
    lost: u64,
    /// The last line was written in part.
    torn: bool,
}

impl Sink {
    fn new(target: Target) -> Self {
        Self { target, next: Arc::default(), lost: 0, torn: false }
    }

    fn put(&mut self, line: &[u8]) {
        if let Some(file) = self.next.lock().unwrap_or_else(PoisonError::into_inner).take() {
            self.target = Target::File(file);
            self.torn = false;
        }
        let patience = if self.lost == 0 { PATIENCE } else { Duration::ZERO };
        if !(writable(self.target.fd(), patience) && self.tell_lost() && self.write_out(line)) {
            self.lost = self.lost.saturating_add(1);
        }
    }

    /// Tells how many lines were lost, if any were. Whether there is room for a line after it.
    fn tell_lost(&mut self) -> bool {
        if self.lost == 0 {
            return true;
        }
        let end = if self.torn { "\n" } else { "" };
        let told = format!("{end}({} log lines were lost here)\n", self.lost);
        if !self.write_out(told.as_bytes()) {
            return false;
        }
        self.lost = 0;
        // Room for one line was promised, not for two.
        writable(self.target.fd(), PATIENCE)
    }

    /// Whether it was written, whole.
    fn write_out(&mut self, line: &[u8]) -> bool {
        let mut rest = line;
        while !rest.is_empty() {
            match self.target.write(rest) {
                Ok(written @ 1..) => rest = rest.get(written..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                outcome => {
                    self.torn |= rest.len() < line.len();
                    if let (Err(error), 0, Target::File(_)) = (outcome, self.lost, &self.target) {
                        complain(&error);
                    }
                    return false;
                }
            }
        }
        self.torn = false;
        true
    }
}

/// Says on standard error that the log file fails: there is no other place left to say it.
fn complain(error: &io::Error) {
    let mut stderr = io::stderr();
    if writable(stderr.as_fd(), Duration::ZERO) {
        // If even this fails, nobody can be told.
        let _ = writeln!(stderr, "the log file cannot be written to: {error}");
    }
}

impl Write for Sink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.put(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether `fd` takes a line within `patience`.
fn writable(fd: BorrowedFd<'_>, patience: Duration) -> bool {
    let timeout = Timespec::try_from(patience).ok();
    let mut fds = [PollFd::from_borrowed_fd(fd, PollFlags::OUT)];
    // Errors and a closed reader also count as an answer: the write itself then tells.
    matches!(poll(&mut fds, timeout.as_ref()), Ok(1..))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::time::UNIX_EPOCH;

    fn written(style: Style, level: Level, message: &str, time: SystemTime) -> String {
        let bytes = line(
            style,
            &Record::builder().level(level).args(format_args!("{message}")).build(),
            Some("conn:1"),
            time,
        );
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_cause_is_said_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("{words}")]
        struct Failed {
            words: &'static str,
            source: std::num::ParseIntError,
        }
        for words in ["not read", "not read: invalid digit found in string"] {
            let source = "x".parse::<u8>().unwrap_err();
            let said = with_cause(&Failed { words, source });
            assert_eq!(said, "not read: invalid digit found in string");
        }
    }

    #[test]
    fn a_line_has_time_level_thread_and_message_or_the_journals_priority() {
        let time = UNIX_EPOCH + Duration::from_millis(1_795_339_230_972);
        assert_eq!(
            written(Style::Timed, Level::Info, "ready", time),
            "2026-11-22T09:20:30.972Z INFO  conn:1: ready\n"
        );
        assert_eq!(written(Style::Journal, Level::Error, "no", time), "<3>conn:1: no\n");
        assert_eq!(written(Style::Journal, Level::Debug, "x", time), "<7>conn:1: x\n");
    }

    #[test]
    fn a_message_cannot_forge_a_line() {
        let line = written(Style::Journal, Level::Warn, "a\n<0>b\r\x1b[1m\u{2028}é", UNIX_EPOCH);
        assert_eq!(line, "<4>conn:1: a\\n<0>b\\r\\u{1b}[1m\\u{2028}é\n");
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let line = written(Style::Timed, Level::Warn, &"é".repeat(MAX_LINE_BYTES), UNIX_EPOCH);
        assert!(line.len() <= MAX_LINE_BYTES && line.len() > MAX_LINE_BYTES - 4);
        assert!(line.ends_with("é…\n"));
    }

    #[test]
    fn a_log_that_nobody_reads_loses_lines_and_tells_how_many() {
        let (mut reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut sink = Sink::new(Target::File(File::from(std::os::fd::OwnedFd::from(writer))));
        let line = [b'x'; 4095];
        let mut kept = 0;
        while sink.lost == 0 {
            sink.put(&line);
            kept += 1;
        }
        sink.put(b"lost as well\n");
        assert_eq!(sink.lost, 2);
        let mut room = vec![0; (kept - 1) * line.len()];
        reader.read_exact(&mut room).unwrap();
        sink.put(b"heard\n");
        drop(sink);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "(2 log lines were lost here)\nheard\n");
    }

    #[test]
    fn a_log_file_that_was_moved_away_is_begun_anew() {
        let directory = std::env::temp_dir().join(format!("ostler-log-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let at = |name: &str| directory.join(name);
        let read = |name: &str| std::fs::read_to_string(at(name)).unwrap();
        let log = LogFile::new(&at("log"));
        let mut sink = log.sink().unwrap();
        sink.put(b"one\n");
        std::fs::rename(at("log"), at("old")).unwrap();
        sink.put(b"two\n");
        log.reopen().unwrap();
        sink.put(b"three\n");
        assert_eq!((read("old").as_str(), read("log").as_str()), ("one\ntwo\n", "three\n"));
        std::fs::remove_file(at("log")).unwrap();
        std::fs::create_dir(at("log")).unwrap();
        assert!(log.reopen().is_err(), "a directory is in the way");
        sink.put(b"lost with its name\n");
        assert_eq!(sink.lost, 0);
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn lines_that_a_full_disk_takes_no_more_are_counted_one_by_one() {
        let full = OpenOptions::new().append(true).open("/dev/full").unwrap();
        let mut sink = Sink::new(Target::File(full));
        for lost in 1..=5 {
            sink.put(b"lost\n");
            assert_eq!(sink.lost, lost);
        }
        let (mut reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        sink.target = Target::File(File::from(std::os::fd::OwnedFd::from(writer)));
        sink.torn = true;
        sink.put(b"heard\n");
        drop(sink);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "\n(5 log lines were lost here)\nheard\n", "on a line of its own");
    }

    #[test]
    fn a_closed_log_is_no_error() {
        let (reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(reader);
        let mut sink = Sink::new(Target::File(File::from(std::os::fd::OwnedFd::from(writer))));
        assert_eq!(sink.write(b"nobody hears\n").unwrap(), 13);
        assert_eq!(sink.lost, 1);
    }
}
