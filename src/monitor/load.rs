//! The configuration file: which one, and all that is wrong with it.

use std::path::{Path, PathBuf};

use ostler_runtime::{Document, Problem};

use crate::config::Config;

/// The names that the original looks for, in this order.
const NAMES: [&str; 2] = ["buimonitor.cfg", "buimonitor.sample.cfg"];
/// Where it looks for them; in each of these plainly, then in `etc/` below it.
const PLACES: [&str; 5] =
    ["", "share/burpui", "/etc/burp", "/usr/share/burpui", "/usr/local/share/burpui"];
/// What its packages install, looked for last.
pub const DEFAULT: &str = "/etc/burp/bui-monitor.cfg";

/// The file that is read when none is named: the first that the original would find, else
/// [`DEFAULT`].
pub fn find() -> PathBuf {
    candidates().find(|path| path.is_file()).unwrap_or_else(|| PathBuf::from(DEFAULT))
}

/// Where the original would find its file, in its order.
pub fn candidates() -> impl Iterator<Item = PathBuf> {
    NAMES.iter().flat_map(|name| {
        PLACES.iter().flat_map(move |place| {
            [Path::new(place).join(name), Path::new(place).join("etc").join(name)]
        })
    })
}

/// Reads a file: the configuration and what is odd, or everything that is wrong.
pub(crate) fn load(path: &Path) -> Result<(Config, Vec<Problem>), Vec<Problem>> {
    document(path).and_then(|document| Config::read(&document))
}

/// Reads a file whose values nobody has looked at.
pub(crate) fn document(path: &Path) -> Result<Document, Vec<Problem>> {
    Document::read(path).map_err(Vec::from)
}
