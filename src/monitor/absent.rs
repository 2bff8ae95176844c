//! A section of a part that this daemon was built without: every key of it is an error, since whoever
//! set it would wait in vain for what it asks for.

use std::iter::Empty;
use std::path::Path;

use ostler_runtime::Reader;
use ostler_runtime::shown::Lines;

/// The settings of such a section: there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {}

/// Refuses whatever is set. The section may stand there without any key, of which `key` is one.
pub(crate) fn refuse(reader: &mut Reader<'_>, section: &str, key: &str, words: &str) {
    let _ = reader.value(section, key);
    for key in reader.keys(section) {
        reader.wrong(section, &key, words);
    }
}

impl Settings {
    pub(crate) fn show(&self, _: &mut Lines) {
        match *self {}
    }

    pub(crate) fn files(&self) -> Empty<&Path> {
        match *self {}
    }

    /// What is wrong with the files.
    pub(crate) fn check(&self) -> Option<String> {
        match *self {}
    }
}
