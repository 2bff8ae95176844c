//! `[Cache]` in a daemon that was built without the feature `shared-cache`: every key of it is an
//! error, since whoever meant to spare burp would spare it nothing.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the rest of the daemon is the same with a shared cache and without"
)]

use std::path::Path;
use std::sync::Arc;

use ostler_runtime::shown::Lines;
use ostler_runtime::{Exit, Reader};

use crate::config::Config;
use crate::service::Monitor;

const SECTION: &str = "Cache";
const ABSENT: &str =
    "this bui-monitor shares no answers: it was built without the feature `shared-cache`";

/// There are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settings {}

impl Settings {
    /// Refuses whatever is set.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        // The section may stand there without any.
        let _ = reader.value(SECTION, "store");
        for key in reader.keys(SECTION) {
            reader.wrong(SECTION, &key, ABSENT);
        }
        None
    }

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

/// Shares nothing.
pub(crate) struct SharedCache;

impl SharedCache {
    pub(crate) fn start(_: &Config, _: &Arc<Monitor>) -> Result<Self, Exit> {
        Ok(Self)
    }

    pub(crate) fn reload(&self, _: &Config) {}

    pub(crate) fn stop(self) {}
}
