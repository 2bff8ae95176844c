//! `[Cache]` in a daemon that was built without the feature `shared-cache`.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the rest of the daemon is the same with a shared cache and without"
)]

use std::sync::Arc;

use ostler_runtime::{Exit, Reader};

pub(crate) use crate::absent::Settings;
use crate::absent::refuse;
use crate::config::Config;
use crate::service::Monitor;

const ABSENT: &str = "this bui-monitor shares no answers: it was built without the feature \
                      `shared-cache`, which the package bui-monitor-broker has";

/// Refuses whatever is set.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    refuse(reader, "Cache", "store", ABSENT);
    None
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
