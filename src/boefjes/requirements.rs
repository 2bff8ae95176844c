//! The Python packages that a plugin asks for in its `requirements.txt`: installed by a command into a
//! virtual environment of that plugin, with whose interpreter its jobs are run from then on.
//!
//! An environment has the digest of the file and of the interpreter's name in its own name, so that one
//! for other requirements is never taken for it. Jobs do not wait for an installation: until there has
//! been one they are run without the packages.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_pool::{Launch, oneshot};
use ostler_runtime::Deadline;
use ostler_runtime::environment::raw_variable;
use ostler_runtime::files::read_regular;
use ring::digest::{Context, SHA256};

use crate::progress::Progress;

/// Where services keep what they need again, if nothing else is said.
const STATE_DIRECTORY: &str = "/var/lib/boefjes";
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
    /// Environments within `folder`, made by this interpreter.
    pub fn new(folder: &Path, python: &Path) -> Self {
        Self { folder: folder.join(ENVIRONMENTS), python: python.to_owned() }
    }

    /// Where they are within, unless there is a folder for everything: what the service manager says,
    /// or where services keep such things.
    pub(crate) fn state_directory() -> PathBuf {
        raw_variable("STATE_DIRECTORY").map_or_else(|| STATE_DIRECTORY.into(), PathBuf::from)
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
            return Some(python_in(&place));
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
            // What is there of it is made anew next time.
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
        let digest = digest.finish();
        let short = digest.as_ref().iter().take(8);
        let short = short.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        Ok(Some(self.folder.join(format!("{}-{short}", name(plugin)))))
    }

    /// Removes the environments that a plugin had for other requirements.
    fn forget_others(&self, plugin: &Path, kept: &Path) -> io::Result<()> {
        let beginning = format!("{}-", name(plugin));
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

/// The plugin's folder's name, by which people find its environment.
fn name(plugin: &Path) -> String {
    plugin.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

fn python_in(environment: &Path) -> PathBuf {
    environment.join("bin/python")
}
