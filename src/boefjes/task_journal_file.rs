//! A file of the journal: which files are taken for one, and what their lines say.
//!
//! Nothing in the folder is trusted that this process's user cannot have put there: a link, a pipe or
//! another user's file in a file's place is refused. No more of a file is read or copied than a whole
//! one can have.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ostler_runtime::Moment;
use ostler_runtime::files::open_own;
use rustix::fs::{FlockOperation, flock};
use uuid::Uuid;

/// Tasks in one file, at most.
pub(crate) const MAX_TASKS: usize = 10_000;
/// Characters of a line before its end: an id, a blank and a moment.
const LINE_WIDTH: usize = 36 + 1 + 27;
/// Bytes of a line.
pub(crate) const LINE_BYTES: usize = LINE_WIDTH + 1;
/// Bytes of a file that count, at most.
const MAX_BYTES: usize = MAX_TASKS * LINE_BYTES;

/// A task that is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) id: Uuid,
    /// When its process had it for certain, by the clock of this machine.
    pub(crate) at: Moment,
}

impl Noted {
    /// Its line.
    pub(crate) fn line(&self) -> String {
        format!("{:LINE_WIDTH$}\n", format!("{} {}", self.id, self.at))
    }

    fn parse(line: &[u8]) -> Option<Self> {
        let (id, at) = std::str::from_utf8(line).ok()?.trim_end_matches(' ').split_once(' ')?;
        Some(Self { id: Uuid::try_parse(id).ok()?, at: Moment::parse(at)? })
    }
}

/// The line of no task.
pub(crate) fn blank() -> String {
    format!("{:LINE_WIDTH$}\n", "")
}

/// Opens a file that nobody else holds, which is made if it is not there, and reads it; `None` if
/// somebody does.
pub(crate) fn take(path: &Path) -> io::Result<Option<(File, Vec<Noted>)>> {
    let file = open_own(path)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let noted = read(path, &file)?;
    Ok(Some((file, noted)))
}

/// The tasks in a file. If anything else is in it, a copy of it is set aside and told of.
fn read(path: &Path, file: &File) -> io::Result<Vec<Noted>> {
    let mut bytes = Vec::new();
    file.take(u64::try_from(MAX_BYTES).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    let is_longer = file.metadata()?.len() > u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (noted, flaw) = parse(&bytes);
    let too_long =
        || format!("it is longer than {MAX_BYTES} bytes, of which no more are looked at");
    let flaw = if is_longer { Some(too_long()) } else { flaw };
    if let Some(flaw) = flaw {
        let aside = path.with_extension("tasks.damaged");
        let kept = match set_aside(&aside, &bytes) {
            Ok(()) => format!("a copy is {}", aside.display()),
            Err(error) => format!("no copy can be kept as {}: {error}", aside.display()),
        };
        let (path, found) = (path.display(), noted.len());
        log::error!("{path}: {flaw}; it is damaged, {kept}; {found} tasks in it are read");
    }
    Ok(noted)
}

/// Writes a new file in the place of an earlier copy. Whatever else has that name is not written to.
fn set_aside(aside: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::remove_file(aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(aside)?.write_all(bytes)
}

/// The tasks in a text, and the first thing in it that is none.
fn parse(bytes: &[u8]) -> (Vec<Noted>, Option<String>) {
    let (mut noted, mut flaw) = (Vec::new(), None);
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if whole.len() == bytes.len() && !bytes.is_empty() {
        flaw = Some("its last line has no end".to_owned());
    }
    for (number, line) in (1..).zip(whole.split(|byte| *byte == b'\n')) {
        if line.iter().all(|byte| *byte == b' ') {
            continue;
        }
        match Noted::parse(line) {
            Some(task) => noted.push(task),
            None => flaw = flaw.or_else(|| Some(format!("line {number} is no task"))),
        }
    }
    noted.truncate(MAX_TASKS);
    (noted, flaw)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn some() -> Noted {
        Noted { id: Uuid::new_v4(), at: Moment::now() }
    }

    fn taken(path: &Path) -> Vec<Noted> {
        take(path).unwrap().unwrap().1
    }

    #[test]
    fn all_lines_have_one_width_and_are_read_as_they_were_written() {
        for at in [Moment::now(), Moment::from_unix_micros(1_000_000)] {
            let noted = Noted { at, ..some() };
            assert_eq!(noted.line().len(), LINE_BYTES);
            assert_eq!(parse(noted.line().as_bytes()), (vec![noted], None));
        }
        assert_eq!(blank().len(), LINE_BYTES);
        assert_eq!(parse(blank().as_bytes()), (Vec::new(), None));
    }

    #[test]
    fn what_is_damaged_is_set_aside_and_read_as_far_as_it_can_be() {
        let noted = some();
        let line = noted.line();
        for damaged in [
            format!("{line}0a1f"),
            line.trim_end().to_owned(),
            format!("\0\0\0\n{line}"),
            format!("word\n{}\n{line}{}", noted.id, blank()),
        ] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("boefje.1.tasks");
            fs::write(&path, &damaged).unwrap();
            assert_eq!(taken(&path), [noted], "{damaged}");
            let aside = fs::read_to_string(folder.path().join("boefje.1.tasks.damaged")).unwrap();
            assert_eq!(aside, damaged);
        }
    }

    #[test]
    fn of_a_file_that_is_too_long_the_part_that_counts_is_read_and_copied() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boefje.1.tasks");
        let noted = some();
        fs::write(&path, noted.line()).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(64 << 20).unwrap();
        assert_eq!(taken(&path), [noted]);
        let aside = fs::read(folder.path().join("boefje.1.tasks.damaged")).unwrap();
        assert_eq!(aside.len(), MAX_BYTES);
        assert!(aside.starts_with(noted.line().as_bytes()));
    }

    #[test]
    fn what_a_link_in_the_place_of_a_copy_leads_to_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let [path, target, aside] = ["boefje.1.tasks", "precious", "boefje.1.tasks.damaged"]
            .map(|it| folder.path().join(it));
        fs::write(&target, "precious").unwrap();
        symlink(&target, &aside).unwrap();
        fs::write(&path, "damaged").unwrap();
        assert!(taken(&path).is_empty());
        assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
        assert!(fs::symlink_metadata(&aside).unwrap().is_file());
        assert_eq!(fs::read_to_string(&aside).unwrap(), "damaged");
    }
}
