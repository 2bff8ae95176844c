//! The plugin folder as it lies on the disk, read once: names, sizes and times, and no contents.
//!
//! Which folders are packages follows Python's `pkgutil.walk_packages`: a folder with an
//! `__init__.py`, with no dot in its name, below nothing but packages; names in the order of their
//! bytes, a package before those in it. Below a package everything is read, since all its files
//! count for its hash; what is no package is looked into no further than for its `__init__.py`.
//!
//! Unlike there, a folder is a package without an `__init__.py`, too, if a plugin in it is a program:
//! with the manifest of a boefje and an executable file called `main`, or with that of a normalizer and
//! one called `normalize`.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Files and folders in the tree, at most.
const MAX_ENTRIES: usize = 100_000;
/// Folders in one another, at most.
const MAX_DEPTH: usize = 32;
/// What makes a folder a package.
const PACKAGE_FILES: [&str; 2] = ["__init__.py", "__init__.pyc"];
/// The manifest of a boefje.
pub(crate) const BOEFJE: &str = "boefje.json";
/// The manifest of a normalizer.
pub(crate) const NORMALIZER: &str = "normalizer.json";
/// What plugins are called that are programs, with their manifests.
const PROGRAMS: [(&str, &str); 2] = [(BOEFJE, "main"), (NORMALIZER, "normalize")];
/// Where Python keeps what it has compiled, which is no change of anything.
const COMPILED_FOLDER: &str = "__pycache__";
/// How the names of compiled files end.
const COMPILED: &[u8] = b".pyc";

/// A folder and what is in it.
#[derive(Debug)]
pub(crate) struct Folder {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// What is in it, by name.
    entries: Vec<Entry>,
    /// Whether a symbolic link leads to it.
    is_linked: bool,
}

#[derive(Debug)]
struct Entry {
    name: OsString,
    node: Node,
}

#[derive(Debug)]
enum Node {
    File(Stamp),
    Folder(Folder),
    /// A device, a pipe, a link to nowhere.
    Other,
}

/// What tells a file from another state of itself without reading it.
#[derive(Debug)]
struct Stamp {
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
    is_executable: bool,
}

/// A package of the tree.
#[derive(Debug)]
pub(crate) struct Package<'t> {
    /// Its name below the plugin folder, as Python writes it: `gamma.sub`.
    pub(crate) name: String,
    /// Its files.
    pub(crate) folder: &'t Folder,
}

/// Reads trees, and tells of each folder before it is listed.
pub(crate) struct Walk<'w> {
    entering: &'w mut dyn FnMut(&Path),
    complaints: Vec<String>,
    entries: usize,
    /// Device and inode of the folders that the present one lies in.
    above: Vec<(u64, u64)>,
}

impl<'w> Walk<'w> {
    /// Tells `entering` of each folder before it is listed.
    pub(crate) fn new(entering: &'w mut dyn FnMut(&Path)) -> Self {
        Self { entering, complaints: Vec::new(), entries: 0, above: Vec::new() }
    }

    /// Reads the tree of `root`; and what in it could not be read, in words.
    pub(crate) fn read(mut self, root: &Path) -> io::Result<(Folder, Vec<String>)> {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", root.display()));
        let metadata = fs::metadata(root).map_err(named)?;
        let folder = self.folder(root.to_owned(), &metadata, Place::Root).map_err(named)?;
        Ok((folder, self.complaints))
    }

    fn folder(&mut self, path: PathBuf, own: &Metadata, place: Place) -> io::Result<Folder> {
        (self.entering)(&path);
        let mut folder = Folder { path, entries: Vec::new(), is_linked: place.is_linked() };
        for entry in fs::read_dir(&folder.path)? {
            let entry = entry?;
            self.entries += 1;
            if self.entries > MAX_ENTRIES {
                return Err(io::Error::other(format!("more than {MAX_ENTRIES} files are in it")));
            }
            folder.entries.push(Entry { name: entry.file_name(), node: Node::Other });
        }
        folder.entries.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        let is_package = folder.is_python()
            || PROGRAMS.iter().any(|(_, program)| folder.position(program).is_some());
        let below = match place {
            Place::Root => Below::Packages,
            Place::Candidate | Place::LinkedCandidate if !is_package => return Ok(folder),
            _ => Below::All,
        };
        self.above.push((own.dev(), own.ino()));
        let path = folder.path.clone();
        for entry in &mut folder.entries {
            entry.node = self.node(&path, &entry.name, below)?;
        }
        self.above.pop();
        Ok(folder)
    }

    fn node(&mut self, above: &Path, name: &OsStr, below: Below) -> io::Result<Node> {
        let path = above.join(name);
        // What has gone since the folder was listed is told by the system, and looked for again.
        let Ok(metadata) = fs::symlink_metadata(&path) else { return Ok(Node::Other) };
        let is_linked = metadata.is_symlink();
        let Ok(metadata) = (if is_linked { fs::metadata(&path) } else { Ok(metadata) }) else {
            return Ok(Node::Other);
        };
        if metadata.is_file() {
            return Ok(Node::File(Stamp::of(&metadata)));
        }
        let is_candidate = is_package_name(name);
        let place = match (below, is_linked) {
            _ if !metadata.is_dir() => return Ok(Node::Other),
            (_, true) if is_candidate => Place::LinkedCandidate,
            (Below::Packages, false) if is_candidate => Place::Candidate,
            (Below::All, false) => Place::Inside,
            _ => return Ok(Node::Other),
        };
        if self.above.contains(&(metadata.dev(), metadata.ino())) {
            self.complaints.push(format!("{}: the folder is in itself", path.display()));
            return Ok(Node::Other);
        }
        if self.above.len() > MAX_DEPTH {
            self.complaints.push(format!("{}: more than {MAX_DEPTH} folders deep", path.display()));
            return Ok(Node::Other);
        }
        match self.folder(path.clone(), &metadata, place) {
            Ok(folder) => Ok(Node::Folder(folder)),
            Err(_) if self.entries > MAX_ENTRIES => {
                Err(io::Error::other(format!("more than {MAX_ENTRIES} files are in it")))
            }
            Err(error) => {
                self.complaints.push(format!("{}: {error}", path.display()));
                Ok(Node::Other)
            }
        }
    }
}

/// Where a folder stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Below nothing but packages, with a name that a package may have.
    Candidate,
    /// The same by a link.
    LinkedCandidate,
    /// Below a package.
    Inside,
}

impl Place {
    fn is_linked(self) -> bool {
        self == Self::LinkedCandidate
    }
}

/// What is read below a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Below {
    Packages,
    All,
}

impl Folder {
    /// The packages in it: each before those in it.
    pub(crate) fn packages(&self) -> Vec<Package<'_>> {
        let mut found = Vec::new();
        self.collect_packages("", &mut found);
        found
    }

    fn collect_packages<'t>(&'t self, above: &str, found: &mut Vec<Package<'t>>) {
        for entry in &self.entries {
            let Node::Folder(folder) = &entry.node else { continue };
            // A name that is not UTF-8 is none that Python could import by.
            let Some(name) = entry.name.to_str().filter(|_| is_package_name(&entry.name)) else {
                continue;
            };
            let is_program = |(manifest, program): &(&str, &str)| {
                folder.holds(manifest) && folder.holds_program(program)
            };
            if !folder.is_python() && !PROGRAMS.iter().any(is_program) {
                continue;
            }
            let name = format!("{above}{name}");
            let inner = format!("{name}.");
            found.push(Package { name, folder });
            folder.collect_packages(&inner, found);
        }
    }

    /// Whether something of this name is in it that leads somewhere.
    pub(crate) fn holds(&self, name: &str) -> bool {
        let place = self.position(name).and_then(|place| self.entries.get(place));
        place.is_some_and(|entry| !matches!(entry.node, Node::Other))
    }

    /// Whether a program of this name is in it.
    pub(crate) fn holds_program(&self, name: &str) -> bool {
        let place = self.position(name).and_then(|place| self.entries.get(place));
        place.is_some_and(|entry| match &entry.node {
            Node::File(stamp) => stamp.is_executable,
            _ => false,
        })
    }

    /// Whether Python takes it for a package.
    fn is_python(&self) -> bool {
        PACKAGE_FILES.iter().any(|name| self.position(name).is_some())
    }

    /// The files in it and below it, as far as no link to a folder lies between, by their paths
    /// from here compared part by part; those that Python has compiled are none.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        self.collect_files(Path::new(""), &mut files);
        files.sort_unstable();
        files
    }

    fn collect_files(&self, above: &Path, files: &mut Vec<PathBuf>) {
        for entry in &self.entries {
            match &entry.node {
                Node::File(_) if !is_compiled(&entry.name) => files.push(above.join(&entry.name)),
                Node::Folder(folder) if !folder.is_linked => {
                    folder.collect_files(&above.join(&entry.name), files);
                }
                _ => {}
            }
        }
    }

    /// What is the same as long as nothing in it has changed that counts.
    pub(crate) fn digest(&self) -> [u8; 32] {
        let mut digest = Sha256::new();
        self.add_to(&mut digest);
        digest.finalize().into()
    }

    fn add_to(&self, digest: &mut Sha256) {
        for Entry { name, node } in &self.entries {
            if name == COMPILED_FOLDER || is_compiled(name) {
                continue;
            }
            digest.update(name.as_bytes());
            match node {
                Node::File(stamp) => {
                    digest.update(b"/f");
                    let times = [stamp.modified, stamp.changed].map(|(s, ns)| [s, ns]);
                    for number in times.concat() {
                        digest.update(number.to_le_bytes());
                    }
                    digest.update(stamp.bytes.to_le_bytes());
                    digest.update(stamp.inode.to_le_bytes());
                }
                Node::Folder(folder) => {
                    digest.update(b"/d");
                    folder.add_to(digest);
                    digest.update(b"/.");
                }
                Node::Other => digest.update(b"/o"),
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.entries.binary_search_by(|entry| entry.name.as_os_str().cmp(OsStr::new(name))).ok()
    }
}

impl Stamp {
    fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            inode: metadata.ino(),
            is_executable: metadata.permissions().mode() & 0o111 != 0,
        }
    }
}

/// Whether a change of something called so counts.
pub(crate) fn counts(name: &OsStr) -> bool {
    name != COMPILED_FOLDER && !is_compiled(name)
}

fn is_compiled(name: &OsStr) -> bool {
    name.as_bytes().ends_with(COMPILED)
}

fn is_package_name(name: &OsStr) -> bool {
    !name.as_bytes().contains(&b'.')
}
