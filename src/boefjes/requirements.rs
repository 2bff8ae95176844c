//! The Python packages that a plugin asks for in its `requirements.txt`: installed by a command into a
//! virtual environment of that plugin, with whose interpreter its jobs are run from then on.
//!
//! An environment has the digest of the file and of the interpreter's name in its own name, so that one
//! for other requirements is never taken for it. Jobs do not wait for an installation: until there has
//! been one they are run without the packages.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_pool::{Launch, oneshot};
use ostler_runtime::Deadline;
use ostler_runtime::files::read_regular;
use ring::digest::{self, Context, SHA256};

use crate::progress::Progress;

const ENVIRONMENTS: &str = "environments";
/// What plugins call the file.
const FILE: &str = "requirements.txt";
/// Bytes of the file, at most.
const MAX_FILE_BYTES: u64 = 1 << 20;
/// Stands in an environment that is whole.
const WHOLE: &str = "ostler-whole";
/// How long an installation may take, at most.
const MAX_INSTALL: Duration = Duration::from_secs(900);
/// Bytes that an installation may print, at most.
const MAX_PRINTED_BYTES: usize = 4 << 20;
/// The bit of a folder into which everybody may write.
const EVERYBODY_WRITES: u32 = 0o002;
const PROGRAM: &str = include_str!("host/requirements.py");
/// The program's last line where all went well.
const INSTALLED: &str = "installed";

/// The environments of all plugins.
#[derive(Clone, Debug)]
pub struct Requirements {
    folder: PathBuf,
    python: PathBuf,
}

/// What has become of the requirements of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It has none.
    None,
    /// They were there already.
    Before,
    /// They are there now.
    Now,
}

impl Requirements {
    /// Where services keep what they need again, if nothing else is said.
    pub(crate) const STATE_DIRECTORY: &str = "/var/lib/boefjes";

    /// Environments within `folder`, made by this interpreter.
    pub fn new(folder: &Path, python: &Path) -> Self {
        Self { folder: folder.join(ENVIRONMENTS), python: python.to_owned() }
    }

    /// The interpreter for the plugin in this folder; `None` for that of all.
    pub fn python_of(&self, plugin: &Path) -> Option<PathBuf> {
        let place = match self.place(plugin) {
            Ok(place) => place?,
            Err(error) => {
                log::warn!("{}: {error}", plugin.join(FILE).display());
                return None;
            }
        };
        if place.join(WHOLE).is_file() {
            return match owned(&place) {
                Ok(()) => Some(python_in(&place)),
                Err(why) => {
                    log::warn!("{}: {why}; it is not used", place.display());
                    None
                }
            };
        }
        let file = plugin.join(FILE);
        log::warn!("{}: not installed; `boefjes install-requirements` does it", file.display());
        None
    }

    /// Installs what the plugin in this folder asks for. An error says why that is not possible.
    pub fn install(&self, plugin: &Path) -> Result<Installed, String> {
        let file = plugin.join(FILE);
        let told = |why: &dyn std::fmt::Display| format!("{}: {why}", file.display());
        let Some(place) = self.place(plugin).map_err(|error| told(&error))? else {
            return Ok(Installed::None);
        };
        if place.join(WHOLE).is_file() {
            return Ok(Installed::Before);
        }
        let here = |error: io::Error| format!("{}: {error}", self.folder.display());
        fs::create_dir_all(&self.folder).map_err(here)?;
        for folder in self.folder.ancestors().take(2) {
            owned(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        }
        begin_anew(&place).map_err(|error| format!("{}: {error}", place.display()))?;
        let absolute = |path: &Path| std::path::absolute(path).map_err(|error| told(&error));
        let (place, file) = (absolute(&place)?, absolute(&file)?);
        let arguments = ["-I", "-X", "utf8", "-c", PROGRAM]
            .map(Into::into)
            .into_iter()
            .chain([place.clone().into_os_string(), file.clone().into_os_string()]);
        let launch =
            Launch { program: self.python.clone(), arguments: arguments.collect(), variables: &[] };
        let progress = Progress::begin(&file.display().to_string());
        let printed = oneshot::output(&launch, Deadline::after(MAX_INSTALL), MAX_PRINTED_BYTES);
        drop(progress);
        let printed = String::from_utf8_lossy(&printed.map_err(|error| told(&error))?).into_owned();
        let lines = printed.lines().map(str::trim_end).filter(|line| !line.is_empty());
        let lines: Vec<&str> = lines.collect();
        for line in &lines {
            log::info!("{line}");
        }
        if lines.last() != Some(&INSTALLED) {
            // What is there of it goes next time.
            return Err(told(&lines.last().unwrap_or(&"the installation ended without a word")));
        }
        fs::write(place.join(WHOLE), "").map_err(here)?;
        self.forget_others(plugin, &place).map_err(here)?;
        Ok(Installed::Now)
    }

    /// Where the environment of a plugin is, or is to be; `None` if it asks for no packages.
    fn place(&self, plugin: &Path) -> io::Result<Option<PathBuf>> {
        let file = match read_regular(&plugin.join(FILE), MAX_FILE_BYTES) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut digest = Context::new(&SHA256);
        digest.update(&file);
        digest.update(b"\0");
        digest.update(self.python.as_os_str().as_bytes());
        let short = short(digest.finish().as_ref());
        Ok(Some(self.folder.join(format!("{}-{short}", name(plugin)?))))
    }

    /// Removes the environments that a plugin had for other requirements.
    fn forget_others(&self, plugin: &Path, kept: &Path) -> io::Result<()> {
        let beginning = format!("{}-", name(plugin)?);
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let digits = name.strip_prefix(&beginning).unwrap_or_default();
            let is_other = digits.len() == 16 && digits.bytes().all(|one| one.is_ascii_hexdigit());
            if is_other && path.file_name() != kept.file_name() {
                fs::remove_dir_all(path)?;
            }
        }
        Ok(())
    }
}

/// The plugin's folder's name, by which people find its environment, and the digest of its path:
/// there are folders of one name.
fn name(plugin: &Path) -> io::Result<String> {
    let plugin = std::path::absolute(plugin)?;
    let name = plugin.file_name().unwrap_or_default().to_string_lossy();
    let path = digest::digest(&SHA256, plugin.as_os_str().as_bytes());
    Ok(format!("{name}-{}", short(path.as_ref())))
}

/// The beginning of a digest.
fn short(digest: &[u8]) -> String {
    digest.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

/// Whether this is a folder in which this user, or root, has the say. An error says why it is not.
fn owned(folder: &Path) -> Result<(), String> {
    let entry = fs::symlink_metadata(folder).map_err(|error| error.to_string())?;
    if !entry.is_dir() {
        return Err("it is no folder".to_owned());
    }
    let own = rustix::process::geteuid().as_raw();
    if ![own, 0].contains(&entry.uid()) {
        return Err("it belongs to another user; `user` says whom to become".to_owned());
    }
    if entry.mode() & EVERYBODY_WRITES != 0 {
        return Err("every user can write into it".to_owned());
    }
    Ok(())
}

/// Makes a folder, in the place of what is left there of an installation that came to nothing.
fn begin_anew(place: &Path) -> io::Result<()> {
    match fs::symlink_metadata(place) {
        // A link is not followed, whoever made it.
        Ok(entry) if !entry.is_dir() => return Err(io::Error::other("it is no folder")),
        Ok(_) => fs::remove_dir_all(place)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::create_dir(place)
}

fn python_in(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}
