//! What the catalogue keeps beside plugins.

/// An organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Its name in paths, of at most [`Self::MAX_ID`] characters.
    pub id: String,
    /// Its name for people, of at most [`Self::MAX_NAME`] characters.
    pub name: String,
    /// Whether equal configurations of its boefjes may share their results with other
    /// organisations. Unknown before generation 1.20, where it is the default.
    pub deduplicate: bool,
}

impl Organisation {
    /// Characters of an id, at most.
    pub const MAX_ID: usize = 32;
    /// Characters of a name, at most.
    pub const MAX_NAME: usize = 64;
}

/// A place that plugins come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// Its name in paths, of at most [`Self::MAX_ID`] characters.
    pub id: String,
    /// Its name for people, of at most [`Self::MAX_NAME`] characters.
    pub name: String,
    /// Where it is, normalised, of at most [`Self::MAX_URL`] characters.
    pub base_url: String,
}

impl Repository {
    /// The repository of the plugins on this machine's disk, which is always there.
    pub const LOCAL: &'static str = "LOCAL";
    /// Characters of an id, at most.
    pub const MAX_ID: usize = 32;
    /// Characters of a name, at most.
    pub const MAX_NAME: usize = 64;
    /// Characters of an address, at most.
    pub const MAX_URL: usize = 128;
}

/// Characters of a plugin's id where it is stored, at most.
pub(crate) const MAX_PLUGIN_ID: usize = 64;
/// Characters of settings as they are stored, encrypted or not, at most.
pub(crate) const MAX_SETTINGS: usize = 512;

/// What a plugin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PluginKind {
    /// It looks at an object and makes raw files.
    Boefje,
    /// It makes objects of raw files.
    Normalizer,
}

impl PluginKind {
    /// Its name in the database and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Boefje => "boefje",
            Self::Normalizer => "normalizer",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Boefje, Self::Normalizer].into_iter().find(|kind| kind.name() == name)
    }
}

/// A plugin that was added over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedPlugin {
    /// What it is.
    pub kind: PluginKind,
    /// Its id, of at most 64 characters, unique among those of its kind.
    pub id: String,
    /// All that is known of it, as JSON, of at most [`Self::MAX_DOCUMENT`] characters.
    pub document: String,
}

impl AddedPlugin {
    /// Characters of a document, at most.
    pub const MAX_DOCUMENT: usize = 256 * 1024;
}

/// What an organisation has for a boefje, as generation 1.20 shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Its number, which it keeps as long as it is there.
    pub number: i32,
    /// Whose it is.
    pub organisation_id: String,
    /// The boefje, or the normalizer: the database does not tell them apart.
    pub boefje_id: String,
    /// The settings as they are stored.
    pub settings: Option<String>,
    /// Whether it is enabled, if somebody has decided.
    pub enabled: Option<bool>,
}

/// Which configurations are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigFilter {
    /// Those of this organisation only.
    pub organisation_id: Option<String>,
    /// Those for this boefje only.
    pub boefje_id: Option<String>,
}
