//! `[Events]` in a daemon that was built without the feature `events`.

#![allow(
    clippy::unused_self,
    clippy::unnecessary_wraps,
    reason = "the rest of the daemon is the same with events and without"
)]

use std::sync::Arc;

use ostler_runtime::{Exit, Reader};

pub(crate) use crate::absent::Settings;
use crate::absent::refuse;
use crate::service::Monitor;

const ABSENT: &str = "this bui-monitor publishes no events: it was built without the feature `events`, \
                      which the package bui-monitor-broker has";

/// Refuses whatever is set.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Settings> {
    refuse(reader, "Events", "peers", ABSENT);
    None
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
