//! The tasks that this program has, in a file, so that the next one finds them if it is killed.
//!
//! ```text
//! FOLDER/boefje.1.tasks   a line for each task: its id, and when this process had it for certain; or
//!                         blanks where there is none any more
//! FOLDER/boefje.2.tasks   the same of another process of this kind on this folder
//! ```
//!
//! A line is written when a task was taken, written anew when it is begun and when the scheduler was
//! told so, and blanked when the scheduler knows what has become of it. What was written outlives its
//! process, however that ends. Nothing waits for the disk: where a power cut costs lines, those tasks
//! are not found. It may also bring lines back, as a folder from a backup does, of tasks that have
//! ended, or that others have meanwhile; the moment in the line tells these.
//!
//! A process holds a lock on its file. Whoever starts takes the first file that nobody holds, and the
//! lines of all others that nobody holds. Files are emptied and never removed, so that nobody locks
//! one that is gone. What cannot be used in a file's place is named and left alone.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use ostler_runtime::Moment;
use ostler_runtime::seldom::Seldom;
use uuid::Uuid;

use crate::task::TaskKind;
use crate::task_journal_file::{LINE_BYTES, MAX_TASKS, Noted, blank, take};

/// Processes of one kind on one folder, at most.
const MAX_PROCESSES: usize = 256;
/// How often it is told at most that a file cannot be written.
const TELL: Duration = Duration::from_secs(60);

/// See the module. More tasks than a file may have are taken all the same, but not found again.
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
pub(crate) struct Line(usize);

#[derive(Debug, Default)]
struct Lines {
    /// Those that are blank.
    blank: Vec<usize>,
    /// How many there are.
    count: usize,
}

/// Why there is no journal.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{}: none of the {MAX_PROCESSES} files there is free", folder.display())]
    Full { folder: PathBuf },
}

impl Journal {
    /// Finds a file for this process in a folder, which is made if it is not there, and what others
    /// have left that are gone, the oldest first.
    pub(crate) fn open(
        folder: &Path,
        kind: TaskKind,
    ) -> Result<(Self, Vec<(Line, Noted)>), JournalError> {
        fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
        let mut own = None;
        let (mut known, mut others) = (HashMap::new(), Vec::new());
        for number in 1..=MAX_PROCESSES {
            let path = folder.join(format!("{kind}.{number}.tasks"));
            let is_there = || fs::symlink_metadata(&path).is_ok();
            if own.is_some() && !is_there() {
                continue;
            }
            let (file, noted) = match take(&path) {
                Ok(Some(taken)) => taken,
                Ok(None) => continue,
                Err(error) if is_there() => {
                    log::warn!("{}: {error}; it is left alone", path.display());
                    continue;
                }
                // The fault is the folder's.
                Err(error) => return Err(failed(&path, error)),
            };
            if own.is_some() && known.len().saturating_add(noted.len()) > MAX_TASKS {
                log::warn!("{}: its tasks are too many; it is left for later", path.display());
                continue;
            }
            for Noted { id, at } in noted {
                let latest = known.entry(id).or_insert(at);
                *latest = at.max(*latest);
            }
            match own {
                None => own = Some((path, file)),
                Some(_) => others.push(file),
            }
        }
        let (path, file) = own.ok_or_else(|| JournalError::Full { folder: folder.to_owned() })?;
        let mut left: Vec<Noted> = known.into_iter().map(|(id, at)| Noted { id, at }).collect();
        left.sort_by_key(|noted| (noted.at, noted.id));
        let text: String = left.iter().map(Noted::line).collect();
        // Before anything is taken away, so that whoever is killed here loses nothing.
        let written = file.write_all_at(text.as_bytes(), 0).and_then(|()| {
            file.set_len(u64::try_from(text.len()).unwrap_or(u64::MAX))?;
            others.iter().try_for_each(|other| other.set_len(0))
        });
        written.map_err(|error| failed(&path, error))?;
        let lines = Mutex::new(Lines { blank: Vec::new(), count: left.len() });
        let left = (0..).map(Line).zip(left).collect();
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
        if let Err(error) = self.write(place, &now(id)) {
            self.tell(&error);
            lines.blank.push(place);
            return None;
        }
        Some(Line(place))
    }

    /// Writes down that a task is this process's still.
    pub(crate) fn renew(&self, line: Line, id: Uuid) {
        if let Err(error) = self.write(line.0, &now(id)) {
            self.tell(&error);
        }
    }

    /// Blanks the line of a task that is settled.
    pub(crate) fn blank(&self, line: Line) {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        match self.write(line.0, &blank()) {
            Ok(()) => lines.blank.push(line.0),
            // The next process asks the scheduler about it; if others have it by then, it is later
            // than the line.
            Err(error) => self.tell(&error),
        }
    }

    fn write(&self, place: usize, line: &str) -> io::Result<()> {
        let at = u64::try_from(place.saturating_mul(LINE_BYTES)).unwrap_or(u64::MAX);
        self.file.write_all_at(line.as_bytes(), at)
    }

    fn tell(&self, error: &io::Error) {
        if self.told.allow().is_some() {
            let path = self.path.display();
            log::error!("{path}: {error}; tasks are lost if this program is killed");
        }
    }
}

fn now(id: Uuid) -> String {
    Noted { id, at: Moment::now() }.line()
}

fn failed(path: &Path, error: io::Error) -> JournalError {
    JournalError::Io { path: path.to_owned(), error }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{chown, symlink};

    use super::*;

    fn open(folder: &Path) -> (Journal, Vec<Uuid>) {
        let (journal, left) = Journal::open(folder, TaskKind::Boefje).unwrap();
        (journal, left.into_iter().map(|(_, noted)| noted.id).collect())
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
        assert_eq!(text(folder.path()).len(), 5 * LINE_BYTES);
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
    fn what_was_noted_anew_is_as_late_as_that() {
        let folder = tempfile::tempdir().unwrap();
        let id = Uuid::new_v4();
        let journal = open(folder.path()).0;
        let line = journal.note(id).unwrap();
        let before = Moment::now();
        journal.renew(line, id);
        drop(journal);
        for _ in 0..2 {
            let (_journal, left) = Journal::open(folder.path(), TaskKind::Boefje).unwrap();
            let [(_, noted)] = left[..] else { panic!("{left:?}") };
            assert_eq!(noted.id, id);
            assert!((before..=Moment::now()).contains(&noted.at), "{noted:?}");
        }
    }

    #[test]
    fn a_task_in_two_files_is_found_once_with_the_later_moment() {
        let folder = tempfile::tempdir().unwrap();
        let id = Uuid::new_v4();
        let moment = Moment::from_unix_micros;
        for (number, micros) in [(1, 7), (2, 9), (3, 8)] {
            let line = Noted { id, at: moment(micros) }.line();
            fs::write(folder.path().join(format!("boefje.{number}.tasks")), line).unwrap();
        }
        let (_journal, left) = Journal::open(folder.path(), TaskKind::Boefje).unwrap();
        let [(_, noted)] = left[..] else { panic!("{left:?}") };
        assert_eq!(noted, Noted { id, at: moment(9) });
    }

    #[test]
    fn what_does_not_fit_into_a_file_is_left_in_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let (mut journals, ids) = ([(); 2].map(|()| open(folder.path()).0), MAX_TASKS / 2 + 1);
        for journal in &mut journals {
            assert!((0..ids).all(|_| journal.note(Uuid::new_v4()).is_some()));
        }
        drop(journals);
        let (journal, left) = open(folder.path());
        assert_eq!(left.len(), ids);
        assert_eq!(open(folder.path()).1.len(), ids);
        drop(journal);
    }

    #[test]
    fn what_is_not_ones_own_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = |number: usize| folder.path().join(format!("boefje.{number}.tasks"));
        let foreign = Noted { id: Uuid::new_v4(), at: Moment::now() }.line();
        let target = folder.path().join("precious");
        fs::write(&target, &foreign).unwrap();
        symlink(&target, path(1)).unwrap();
        symlink(folder.path().join("missing"), path(2)).unwrap();
        fs::create_dir(path(3)).unwrap();
        fs::write(path(4), &foreign).unwrap();
        fs::hard_link(path(4), folder.path().join("another-name")).unwrap();
        // Only root can give a file away.
        if rustix::process::geteuid().is_root() {
            fs::write(path(5), &foreign).unwrap();
            chown(path(5), Some(1), Some(1)).unwrap();
        }
        let own = Noted { id: Uuid::new_v4(), at: Moment::now() };
        fs::write(path(7), own.line()).unwrap();
        let (journal, left) = open(folder.path());
        assert_eq!(left, [own.id]);
        assert!(journal.note(Uuid::new_v4()).is_some());
        for untouched in [target, path(4)] {
            assert_eq!(fs::read_to_string(untouched).unwrap(), foreign);
        }
        assert!(!folder.path().join("missing").exists());
        if rustix::process::geteuid().is_root() {
            assert_eq!(fs::read_to_string(path(5)).unwrap(), foreign);
        }
    }

    #[test]
    fn a_folder_that_is_none_is_told_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Journal::open(&file, TaskKind::Boefje).unwrap_err().to_string();
        assert!(error.starts_with(&file.display().to_string()), "{error}");
    }
}
