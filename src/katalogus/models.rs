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
