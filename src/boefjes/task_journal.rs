//! The tasks that this program has, in a file, so that the next one finds them if it is killed.
//!
//! ```text
//! FOLDER/boefje.1.tasks   a line for each task: its id, or blanks where there is none any more
//! FOLDER/boefje.2.tasks   the same of another process of this kind on this folder
//! ```
//!
//! A line is written when a task was taken, and blanked when the scheduler knows what has become of
//! it. What was written outlives its process, however that ends. Nothing waits for the disk: where a
//! power cut costs lines, those tasks are not found, and lines that it brings back are of tasks that
//! the scheduler knows to have ended.
//!
//! A process holds a lock on its file. Whoever starts takes the first file that nobody holds, and the
//! lines of all others that nobody holds. Files are emptied and never removed, so that nobody locks
//! one that is gone.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::seldom::Seldom;
use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

use crate::task::TaskKind;

/// Processes of one kind on one folder, at most.
const MAX_PROCESSES: usize = 256;
/// Tasks in one file, at most. More are taken all the same, but not found again.
const MAX_TASKS: u64 = 10_000;
/// Bytes of a line: an id, and the line's end.
const LINE_BYTES: u64 = 37;
/// How often it is told at most that a file cannot be written.
const TELL: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    /// Locked as long as it is open.
    file: File,
    lines: Mutex<Lines>,
    told: Seldom,
}

/// The line of a task that is in the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line(u64);

#[derive(Debug, Default)]
struct Lines {
    /// Those that are blank.
    blank: Vec<u64>,
    /// How many there are.
    count: u64,
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: {MAX_PROCESSES} processes have their files there", folder.display())]
    Full { folder: PathBuf },
}

impl Journal {
    /// Finds a file for this process in a folder, which is made if it is not there, and what others
    /// have left that are gone.
    pub(crate) fn open(
        folder: &Path,
        kind: TaskKind,
    ) -> Result<(Self, Vec<(Line, Uuid)>), JournalError> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let mut own = None;
        let (mut left, mut others) = (Vec::new(), Vec::new());
        for number in 1..=MAX_PROCESSES {
            let path = folder.join(format!("{kind}.{number}.tasks"));
            if own.is_some() && !path.exists() {
                break;
            }
            let Some(file) = held(&path).map_err(|error| failed(&path, error))? else { continue };
            left.extend(read(&path, &file).map_err(|error| failed(&path, error))?);
            match own {
                None => own = Some((path, file)),
                Some(_) => others.push(file),
            }
        }
        let (path, file) = own.ok_or_else(|| JournalError::Full { folder: folder.to_owned() })?;
        let mut known = HashSet::new();
        left.retain(|id| known.insert(*id));
        let mut text = String::new();
        for id in &left {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{id}");
        }
        // Before anything is taken away, so that whoever is killed here loses nothing.
        let written = file.write_all_at(text.as_bytes(), 0).and_then(|()| {
            file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
            others.iter().try_for_each(|other| other.set_len(0))
        });
        written.map_err(|error| failed(&path, error))?;
        let left: Vec<_> = (0..).map(Line).zip(left).collect();
        let count = u64::try_from(left.len()).unwrap_or(u64::MAX);
        let lines = Mutex::new(Lines { blank: Vec::new(), count });
        Ok((Self { path, file, lines, told: Seldom::new(TELL) }, left))
    }

    /// Writes down a task that was taken. `None` if that is not possible, which is told.
    pub(crate) fn note(&self, id: Uuid) -> Option<Line> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let place = match lines.blank.pop() {
            Some(place) => place,
            None if lines.count < MAX_TASKS => {
                lines.count = lines.count.saturating_add(1);
                lines.count.saturating_sub(1)
            }
            None => {
                self.tell(&io::Error::other(format!("there are {MAX_TASKS} tasks in it")));
                return None;
            }
        };
        if let Err(error) = self.write(place, &id.to_string()) {
            self.tell(&error);
            lines.blank.push(place);
            return None;
        }
        Some(Line(place))
    }

    /// Blanks the line of a task that is settled.
    pub(crate) fn blank(&self, line: Line) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match self.write(line.0, "") {
            Ok(()) => lines.blank.push(line.0),
            // The next process asks the scheduler in vain, and nothing worse.
            Err(error) => self.tell(&error),
        }
    }

    fn write(&self, place: u64, text: &str) -> io::Result<()> {
        let line = format!("{text:36}\n");
        self.file.write_all_at(line.as_bytes(), place.saturating_mul(LINE_BYTES))
    }

    fn tell(&self, error: &io::Error) {
        if self.told.allow().is_some() {
            let path = self.path.display();
            log::error!("{path}: {error}; tasks are lost if this program is killed");
        }
    }
}

fn failed(path: &Path, error: io::Error) -> JournalError {
    JournalError::Io { path: path.to_owned(), error }
}

/// Opens a file that nobody else holds; `None` if somebody does.
fn held(path: &Path) -> io::Result<Option<File>> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(file)),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The ids in a file. If anything else is in it, a copy of it is set aside and told of.
fn read(path: &Path, file: &File) -> io::Result<Vec<Uuid>> {
    let limit = MAX_TASKS.saturating_mul(LINE_BYTES);
    let mut bytes = Vec::new();
    file.take(limit).read_to_end(&mut bytes)?;
    let (ids, flaw) = parse(&bytes);
    let is_longer = file.metadata()?.len() > limit;
    let flaw = flaw.or_else(|| is_longer.then(|| format!("it is longer than {limit} bytes")));
    if let Some(flaw) = flaw {
        let aside = path.with_extension("tasks.damaged");
        let kept = match fs::copy(path, &aside) {
            Ok(_) => format!("a copy is {}", aside.display()),
            Err(error) => format!("no copy can be kept as {}: {error}", aside.display()),
        };
        let found = ids.len();
        log::error!(
            "{}: {flaw}; it is damaged, {kept}; {found} ids in it are read",
            path.display()
        );
    }
    Ok(ids)
}

/// The ids in a text, and the first thing in it that is none.
fn parse(bytes: &[u8]) -> (Vec<Uuid>, Option<String>) {
    let (mut ids, mut flaw) = (Vec::new(), None);
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if whole.len() == bytes.len() && !bytes.is_empty() {
        flaw = Some("its last line has no end".to_owned());
    }
    for (number, line) in (1..).zip(whole.split(|byte| *byte == b'\n')) {
        if line.iter().all(|byte| *byte == b' ') {
            continue;
        }
        match Uuid::try_parse_ascii(line) {
            Ok(id) => ids.push(id),
            Err(_) => flaw = flaw.or_else(|| Some(format!("line {number} is no id"))),
        }
    }
    (ids, flaw)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(folder: &Path) -> (Journal, Vec<Uuid>) {
        let (journal, left) = Journal::open(folder, TaskKind::Boefje).unwrap();
        (journal, left.into_iter().map(|(_, id)| id).collect())
    }

    fn text(folder: &Path) -> String {
        fs::read_to_string(folder.join("boefje.1.tasks")).unwrap()
    }

    #[test]
    fn what_was_noted_and_not_blanked_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let ids = [(); 5].map(|()| Uuid::new_v4());
        let (journal, left) = open(folder.path());
        assert!(left.is_empty());
        let mut lines = ids.map(|id| journal.note(id).unwrap()).into_iter();
        journal.blank(lines.next().unwrap());
        journal.blank(lines.nth(1).unwrap());
        // Two lines are free, and taken before there are more.
        let more = [(); 2].map(|()| Uuid::new_v4());
        assert!(more.iter().all(|id| journal.note(*id).is_some()));
        assert_eq!(text(folder.path()).len(), 5 * 37);
        drop(journal);
        let (_journal, mut left) = open(folder.path());
        let mut wanted = vec![ids[1], ids[3], ids[4], more[0], more[1]];
        left.sort();
        wanted.sort();
        assert_eq!(left, wanted);
    }

    #[test]
    fn each_process_has_its_own_and_finds_those_of_all_who_are_gone() {
        let folder = tempfile::tempdir().unwrap();
        let ids = [(); 3].map(|()| Uuid::new_v4());
        let mut journals: Vec<Journal> = ids
            .iter()
            .map(|id| {
                let (journal, left) = open(folder.path());
                assert!(left.is_empty());
                journal.note(*id).unwrap();
                journal
            })
            .collect();
        // That of another kind is of no interest to them.
        let (other, left) = Journal::open(folder.path(), TaskKind::Normalizer).unwrap();
        other.note(Uuid::new_v4()).unwrap();
        assert!(left.is_empty());
        journals.truncate(1);
        let (next, left) = open(folder.path());
        assert_eq!(left, ids[1..]);
        drop((next, journals));
        let (_next, mut left) = open(folder.path());
        left.sort();
        let mut wanted = ids.to_vec();
        wanted.sort();
        assert_eq!(left, wanted);
    }

    #[test]
    fn what_is_damaged_is_set_aside_and_read_as_far_as_it_can_be() {
        let id = Uuid::new_v4();
        for damaged in [
            format!("{id}\n0a1f"),
            format!("{id}"),
            format!("\0\0\0\n{id}\n"),
            format!("word\n{id}\n{}\n", " ".repeat(36)),
            format!("{id}\n{}", "x".repeat(1 << 20)),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("boefje.1.tasks");
            fs::write(&path, &damaged).unwrap();
            let (journal, left) = open(folder.path());
            assert_eq!(left, [id], "{damaged:.80}");
            let aside = fs::read_to_string(folder.path().join("boefje.1.tasks.damaged")).unwrap();
            assert_eq!(aside, damaged);
            assert_eq!(text(folder.path()), format!("{id}\n"));
            drop(journal);
            assert_eq!(open(folder.path()).1, [id]);
        }
    }

    #[test]
    fn what_cannot_be_opened_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("boefje.1.tasks")).unwrap();
        let error = Journal::open(folder.path(), TaskKind::Boefje).unwrap_err().to_string();
        assert!(error.contains("boefje.1.tasks: "), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Journal::open(&file, TaskKind::Boefje).unwrap_err().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
    }
}
