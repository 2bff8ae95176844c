//! A plugin as the catalogue knows it.

use std::path::PathBuf;

use crate::Json;

/// A boefje or a normalizer, from disk, from a remote repository, or added over HTTP.
#[derive(Clone, Debug, PartialEq)]
pub struct Plugin {
    /// Its name in paths.
    pub id: String,
    /// [`crate::Repository::LOCAL`] unless it comes from elsewhere.
    pub repository_id: String,
    /// Its name for people.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// Who made it.
    pub authors: Option<Vec<String>>,
    /// When, as RFC 3339 has it.
    pub created: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// The names of the settings that it is given.
    pub environment_keys: Vec<String>,
    /// Plugins that go with it.
    pub related: Option<Vec<String>>,
    /// Whether it is enabled where an organisation has not decided.
    pub enabled: bool,
    /// Object types or media types that it takes, in the order in which they are shown.
    pub consumes: Vec<String>,
    /// Those that it makes, likewise.
    pub produces: Vec<String>,
    /// Whether it was added over HTTP rather than found on disk.
    pub added: bool,
    /// What it is, and what only that kind has.
    pub kind: Kind,
    /// Where its files are; `None` unless they are on this machine.
    pub directory: Option<PathBuf>,
}

/// The kind of a plugin.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// It looks at an object and makes raw files.
    Boefje(BoefjePart),
    /// It makes objects of raw files.
    Normalizer,
}

/// What only boefjes have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BoefjePart {
    /// How intrusive it is, 0 to 4.
    pub scan_level: u8,
    /// Its options.
    pub options: Option<Vec<String>>,
    /// SHA-256 of its files, in hexadecimal.
    pub runnable_hash: Option<String>,
    /// The container image that it runs in.
    pub oci_image: Option<String>,
    /// Arguments for the container.
    pub oci_arguments: Vec<String>,
    /// The JSON schema of its settings, as it was written.
    pub schema: Option<Json>,
    /// When it runs, as cron has it.
    pub cron: Option<String>,
    /// How often it runs, in minutes.
    pub interval: Option<i64>,
    /// What else it runs on.
    pub run_on: Option<Vec<RunOn>>,
    /// Whether equal tasks of several organisations may share a result.
    pub deduplicate: bool,
}

/// A change of an object that a boefje runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunOn {
    /// It is new.
    Create,
    /// It has changed.
    Update,
}
