//! Files that are read whole: regular ones only, so that a pipe or a device in a file's place cannot
//! hold a daemon up. And what can be told of files before they are used.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::environment::raw_variable;

/// Opens a regular file for reading; anything else is an error.
pub fn open_regular(path: &Path) -> io::Result<File> {
    // Without waiting for whoever might write into a pipe.
    let file = OpenOptions::new().read(true).custom_flags(bits(OFlags::NONBLOCK)).open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

/// Opens a regular file that is this process's user's own, for reading and writing; it is made if it is
/// not there. Whoever may write into its folder cannot have another file written to: a link is an
/// error, and so is a file of another user's or one that has other names too.
pub fn open_own(path: &Path) -> io::Result<File> {
    let opened = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(bits(OFlags::NONBLOCK | OFlags::NOFOLLOW))
        .open(path);
    let is_link =
        |error: &io::Error| error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error());
    let file = match opened {
        Err(error) if is_link(&error) => return Err(io::Error::other("it is a symbolic link")),
        opened => opened?,
    };
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    if data.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is another user's"));
    }
    if data.nlink() > 1 {
        return Err(io::Error::other("it has other names too"));
    }
    Ok(file)
}

fn bits(flags: OFlags) -> i32 {
    i32::try_from(flags.bits()).unwrap_or_default()
}

/// The bytes of a regular file, of which no more than `limit` are read.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open_regular(path)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether it is a file that every user of this machine can read.
pub fn is_readable_by_all(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o004 != 0)
}

/// Why a folder cannot be read, if it cannot.
pub fn unreadable(folder: &Path) -> Option<String> {
    let error = fs::read_dir(folder).err()?;
    Some(format!("{}: {error}", folder.display()))
}

/// Whether it can be run: a path, or a name that is looked up as the system does.
pub fn is_program(program: &Path) -> bool {
    let is_one = |path: PathBuf| {
        fs::metadata(path).is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    if program.components().count() > 1 {
        return is_one(program.to_owned());
    }
    let folders = raw_variable("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| is_one(folder.join(program)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_are_read() {
        assert!(read_regular(Path::new("/dev/zero"), 10).is_err());
        assert!(read_regular(Path::new("/"), 10).is_err());
        let own = std::env::current_exe().unwrap();
        assert_eq!(read_regular(&own, 4).unwrap(), b"\x7fELF");
        let name = std::env::temp_dir().join(format!("ostler-fifo-{}", std::process::id()));
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &name, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        let read = read_regular(&name, 10);
        fs::remove_file(&name).unwrap();
        assert!(read.is_err());
    }
}
