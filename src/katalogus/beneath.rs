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

fn open_within(folder: &Path, path: &Path) -> Result<File, Errno> {
    let folder = open(folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // Without waiting for whoever might write into a pipe.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    openat2(folder, path, flags, Mode::empty(), resolve).map(File::from)
}
