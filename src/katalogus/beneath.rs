//! Files of plugins, opened where they seem to lie and nowhere else: a link in a plugin must show
//! nobody what only this service can read.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

/// Opens the regular file `name` of the folder `directory` for reading. Links may lead anywhere
/// within `root`, or within the folder itself where that is outside, but to no other place.
pub(crate) fn open_regular(root: &Path, directory: &Path, name: &str) -> io::Result<File> {
    let inside = directory.strip_prefix(root).unwrap_or(Path::new(""));
    let file = match open_within(root, &inside.join(name)) {
        // A package may be linked from elsewhere as a whole.
        Err(Errno::XDEV) => open_within(directory, Path::new(name)),
        opened => opened,
    };
    let file = file.map_err(|error| match error {
        Errno::XDEV | Errno::LOOP => io::Error::other("it leads out of the plugin folder"),
        error => error.into(),
    })?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::other("it is no regular file"))
    }
}

/// The bytes of such a file, of which there may be so many.
pub(crate) fn read_all(file: &mut File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes <= limit) {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("longer than {limit} bytes")))
    }
}

/// Without waiting for whoever might write into a pipe.
const READING: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC);

fn open_within(folder: &Path, path: &Path) -> Result<File, Errno> {
    let top = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    match openat2(top, path, READING, Mode::empty(), resolve) {
        // Linux before 5.6, or a filter of system calls from before it.
        Err(Errno::NOSYS | Errno::PERM) => open_looked_up(folder, path),
        opened => opened.map(File::from),
    }
}

/// The same in two steps, between which a link might be changed.
fn open_looked_up(folder: &Path, path: &Path) -> Result<File, Errno> {
    let real = |path: &Path| path.canonicalize().map_err(|error| errno(&error));
    let target = real(&folder.join(path))?;
    if !target.starts_with(real(folder)?) {
        return Err(Errno::XDEV);
    }
    open(target, READING | OFlags::NOFOLLOW, Mode::empty()).map(File::from)
}

fn errno(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn both_ways_to_open_a_file_agree() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("root");
        fs::create_dir_all(root.join("a")).unwrap();
        fs::write(root.join("shared"), "shared").unwrap();
        fs::write(place.path().join("secret"), "secret").unwrap();
        symlink("../shared", root.join("a/inside")).unwrap();
        symlink("../../secret", root.join("a/outside")).unwrap();
        symlink("/proc/self/environ", root.join("a/magic")).unwrap();
        symlink("loop", root.join("a/loop")).unwrap();
        for open in [open_within, open_looked_up] {
            let opened = |name: &str| open(&root, Path::new(name));
            let bytes = read_all(&mut opened("a/inside").unwrap(), 6).unwrap();
            assert_eq!(bytes, b"shared");
            for name in ["a/outside", "a/magic", "a/loop", "../secret", "a/none"] {
                assert!(opened(name).is_err(), "{name}");
            }
        }
    }
}
