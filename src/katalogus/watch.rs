//! What the system tells of changes in the plugin folder.

use std::ffi::{OsStr, OsString};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
use rustix::io::{self, Errno};

use crate::tree;

/// What may have changed a plugin.
const CHANGES: WatchFlags = WatchFlags::ATTRIB
    .union(WatchFlags::CLOSE_WRITE)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::DELETE_SELF)
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::MOVE_SELF)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ONLYDIR);
/// What makes the folder itself come, go, or be another one.
const COMINGS: WatchFlags = WatchFlags::CREATE
    .union(WatchFlags::DELETE)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::ONLYDIR);

/// Room for the events of one read.
const BUFFER_BYTES: usize = 4 << 10;

/// The folders of one scan. Each is to be entered before it is listed, so that no change is missed.
#[derive(Debug)]
pub(crate) struct Events {
    inotify: OwnedFd,
    /// The folder that the plugin folder lies in, and the name that counts there.
    above: Option<(i32, OsString)>,
    /// Why not everything is told.
    pub(crate) problem: Option<Errno>,
}

impl Events {
    /// Watches for the folder itself to come and go.
    pub(crate) fn new(root: &Path) -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let above = root.parent().zip(root.file_name()).and_then(|(above, name)| {
            let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
            let watch = inotify::add_watch(&inotify, above, COMINGS).ok()?;
            Some((watch, name.to_owned()))
        });
        Ok(Self { inotify, above, problem: None })
    }

    /// Watches one more folder.
    pub(crate) fn enter(&mut self, folder: &Path) {
        match inotify::add_watch(&self.inotify, folder, CHANGES) {
            // One that has gone meanwhile is missed where it was.
            Ok(_) | Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(error) => self.problem = Some(error),
        }
    }

    /// Takes what has been told so far: whether any of it counts.
    pub(crate) fn take(&self) -> bool {
        let mut buffer = [MaybeUninit::uninit(); BUFFER_BYTES];
        let mut reader = Reader::new(&self.inotify, &mut buffer);
        let mut counts = false;
        loop {
            match reader.next() {
                Ok(event) => counts |= self.counts(&event),
                Err(Errno::INTR) => {}
                Err(_) => return counts,
            }
        }
    }

    fn counts(&self, event: &inotify::Event<'_>) -> bool {
        // What follows the end of a watch, of which something else has told.
        if event.events().contains(ReadFlags::IGNORED) {
            return false;
        }
        let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
        match &self.above {
            Some((above, own)) if *above == event.wd() => name == Some(own),
            // Without a name it is about a folder itself, or some events were too many.
            _ => name.is_none_or(tree::counts),
        }
    }
}

impl AsFd for Events {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.inotify.as_fd()
    }
}
