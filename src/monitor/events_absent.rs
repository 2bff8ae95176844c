//! `[Events]` in a daemon that was built without the feature `events`: every key of it is an error,
//! since whoever waited for events would wait in vain.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the rest of the daemon is the same with events and without"
)]

use std::path::Path;
use std::sync::Arc;

use ostler_runtime::shown::Lines;
use ostler_runtime::{Exit, Reader};

use crate::service::Monitor;

const SECTION: &str = "Events";
const ABSENT: &str =
    "this bui-monitor publishes no events: it was built without the feature `events`";

/// There are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {}

/// Refuses whatever is set.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    // The section may stand there without any.
    let _ = reader.value(SECTION, "peers");
    for key in reader.keys(SECTION) {
        reader.wrong(SECTION, &key, ABSENT);
    }
    None
}

impl Settings {
    pub(crate) fn show(&self, _: &mut Lines) {
        match *self {}
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        std::iter::empty()
    }

    /// What is wrong with the files.
    pub(crate) fn check(&self) -> Option<String> {
        match *self {}
    }
}

/// Reports nothing.
pub(crate) struct Reporter;

impl Reporter {
    pub(crate) fn start(_: Option<&Settings>, _: &Arc<Monitor>) -> Result<Self, Exit> {
        Ok(Self)
    }

    pub(crate) fn reload(&mut self, _: Option<&Settings>) -> Result<(), Exit> {
        Ok(())
    }

    pub(crate) fn stop(self) {}
}
