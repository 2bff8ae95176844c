//! A file that is written anew, for its owner alone: there is either what was there, or all of the
//! new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Has `write` write the file, which then takes the place of what has that name, whatever rights and
/// readers that had. A pipe or a device is written into.
pub(crate) fn write<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&File) -> Result<T, E>,
) -> Result<T, E> {
    if fs::metadata(path).is_ok_and(|data| !data.is_file()) {
        return write(&OpenOptions::new().write(true).open(path)?);
    }
    // Not the link, which may be /dev/stdout.
    let is_link = fs::symlink_metadata(path).is_ok_and(|data| data.is_symlink());
    let path = &if is_link { fs::canonicalize(path)? } else { path.to_owned() };
    let beside = beside(path)?;
    let mut new = OpenOptions::new();
    let file = new.write(true).create_new(true).mode(0o600).open(&beside)?;
    let written = write(&file).and_then(|value| {
        file.sync_all()?;
        fs::rename(&beside, path)?;
        Ok(value)
    });
    if written.is_err() {
        // What could not be written whole is of no use; why is told.
        let _ = fs::remove_file(&beside);
    }
    written
}

/// A name beside the file's, which nobody else uses.
fn beside(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or_else(|| io::Error::other("it is not the name of a file"))?;
    let mut other = OsString::from(".");
    other.push(name);
    other.push(format!(".{}", std::process::id()));
    Ok(path.with_file_name(other))
}
