//! Which of the original's generations is answered as.

/// The keys, statuses and endpoints of one generation of the original.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// Version 1.15: repositories, and organisations that come into being when they are asked for.
    #[default]
    V1_15,
    /// Version 1.20: plugins that are added over HTTP, and configurations across organisations.
    V1_20,
}

impl Generation {
    /// As options and files name it.
    pub const NAMES: [(&'static str, Self); 2] = [("1.15", Self::V1_15), ("1.20", Self::V1_20)];
}
