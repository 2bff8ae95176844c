//! The way to a file: every directory that has to be entered for it, and the file itself.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, Mode, OFlags, access, open};
use rustix::io::Errno;

/// So many symbolic links are followed, as by the kernel.
const MAX_LINKS: usize = 40;

/// Where the system has the files that this process holds open.
const HANDLES: &str = "/proc/self/fd";

/// A directory on the way, or what lies at its end.
#[derive(Debug)]
pub(crate) struct Step {
    /// Where it is; no part of it is a symbolic link.
    pub(crate) path: PathBuf,
    /// It, whatever may be done with it.
    handle: OwnedFd,
}

impl Step {
    fn at(path: PathBuf) -> io::Result<Self> {
        let handle = open(&path, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { path, handle })
    }

    /// Whether this thread may do that with it, apart from the way that leads to it.
    pub(crate) fn grants(&self, rights: Access) -> bool {
        access(format!("{HANDLES}/{}", self.handle.as_raw_fd()), rights).is_ok()
    }
}

/// Whether [`Step::grants`] can know: the answer of a system without these is always no.
pub(crate) fn is_testable() -> bool {
    Path::new(HANDLES).is_dir()
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Way {
    /// As far as whoever looks can go. The way may leave a directory and come back.
    pub(crate) steps: Vec<Step>,
    /// Whether the last step is what the path names, or why the way ends before.
    pub(crate) end: io::Result<()>,
}

impl Way {
    /// Goes along `path`, links included.
    pub(crate) fn along(path: &Path) -> Self {
        let mut steps = Vec::new();
        let end = go(path, &mut steps);
        Self { steps, end }
    }
}

fn go(path: &Path, steps: &mut Vec<Step>) -> io::Result<()> {
    // The parts that are left, the next one last.
    let mut left = Vec::new();
    let push = |path: &Path, left: &mut Vec<PathBuf>| {
        left.extend(path.components().rev().map(|part| Path::new(part.as_os_str()).to_owned()));
    };
    push(&std::path::absolute(path)?, &mut left);
    let (mut here, mut links) = (PathBuf::new(), 0);
    while let Some(part) = left.pop() {
        match part.components().next() {
            Some(Component::ParentDir) => {
                here.pop();
            }
            Some(Component::RootDir) => here = PathBuf::from("/"),
            Some(Component::Normal(name)) => {
                let next = here.join(name);
                if !fs::symlink_metadata(&next)?.is_symlink() {
                    here = next;
                } else if links == MAX_LINKS {
                    return Err(Errno::LOOP.into());
                } else {
                    links += 1;
                    push(&fs::read_link(&next)?, &mut left);
                    continue;
                }
            }
            _ => continue,
        }
        if steps.iter().all(|step| step.path != here) || left.is_empty() {
            steps.push(Step::at(here.clone())?);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn paths(way: &Way, from: &Path) -> Vec<String> {
        let inside = way.steps.iter().filter_map(|step| step.path.strip_prefix(from).ok());
        inside.map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn links_lead_over_the_directories_that_they_name() {
        let directory = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(directory.path()).unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::create_dir(root.join("c")).unwrap();
        fs::write(root.join("a/b/file"), "").unwrap();
        symlink("../a/./b", root.join("c/link")).unwrap();
        symlink(root.join("c/link/file"), root.join("short")).unwrap();
        symlink("round", root.join("round")).unwrap();

        let way = Way::along(&root.join("short"));
        assert_eq!(paths(&way, &root), ["", "c", "a", "a/b", "a/b/file"]);
        assert!(way.end.is_ok() && way.steps.iter().all(|step| step.grants(Access::READ_OK)));
        let way = Way::along(&root.join("a/b/none"));
        assert_eq!(paths(&way, &root), ["", "a", "a/b"]);
        assert_eq!(way.end.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(Way::along(&root.join("round")).end.is_err());
    }
}
