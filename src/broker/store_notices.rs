//! What an operator is told of stores: in the log, and as errors that programs can subscribe to.

use broker_store::{FailedWrite, MAX_CLONES, Notice, StoreError};

use crate::Ec;
use crate::EndpointId;
use crate::endpoint_info::EndpointInfo;
use crate::status::Error;
use crate::store_host::Host;

impl Host {
    pub(crate) fn tell(&self, notice: Notice) {
        let name = &self.name;
        if let Notice::Failed(_) = notice {
            self.lost.no_effect.count();
        }
        match notice {
            Notice::Attached(master) => log::info!("store {name}: attached to master {master}"),
            Notice::MasterSilent(master) => {
                log::warn!("store {name}: master {master} is silent and is looked for");
            }
            Notice::Stale => self.error(
                Ec::StaleData,
                format!(
                    "store {name}: no news of its master for too long: nothing is read from it"
                ),
            ),
            Notice::AnotherMaster(master) => self.error(
                Ec::MasterExists,
                format!("store {name}: {master} is another master, to which nobody listens"),
            ),
            Notice::Undelivered(count) => {
                self.lost.undelivered.add(count as u64);
                self.error(
                    Ec::NoSuchMaster,
                    format!("store {name}: {count} writes found no master in time and are dropped"),
                );
            }
            Notice::Lost(writer, count) => {
                self.lost.lost.add(count as u64);
                self.error(
                    Ec::InvalidData,
                    format!("store {name}: {count} writes of {writer} were lost on their way"),
                );
            }
            Notice::CloneGone(clone, why) => {
                log::info!("store {name}: clone {clone} has gone: {why}");
            }
            Notice::TooMany(clone) => self.error(
                Ec::PeerInvalid,
                format!("store {name}: clone {clone} is not heard, of {MAX_CLONES} that may be"),
            ),
            Notice::Failed(write) => self.does_nothing(&write),
            Notice::LongSnapshot(bytes, most) => log::warn!(
                "store {name}: a copy for a clone had {bytes} bytes, and beyond {most} no clone can begin"
            ),
            Notice::NoSnapshot(clone, error) => self.error(
                Ec::BackendFailure,
                format!("store {name}: no snapshot for clone {clone}: {error}"),
            ),
        }
    }

    /// A write of a clone could not be done. Nobody else is told: the clone has done all that it could.
    fn does_nothing(&self, write: &FailedWrite) {
        let FailedWrite { writer, error } = write;
        let message = format!("store {}: a write of {writer} does nothing: {error}", self.name);
        if let StoreError::Backend { .. } = error {
            self.error(Ec::BackendFailure, message);
        } else if let Some(others) = self.fruitless.allow() {
            log::warn!("{message} ({others} others before)");
        }
    }

    /// The storage does not take changes.
    pub(crate) fn storage_failed(&self, why: &str) {
        self.error(Ec::BackendFailure, format!("store {}: {why}", self.name));
    }

    /// A peer has a master of this name too.
    pub(crate) fn conflict(&self, peer: EndpointId, goes: bool) {
        let what = if goes {
            "this one is refused"
        } else {
            "that one has to go, which one of the original does not by itself"
        };
        let name = &self.name;
        self.error(
            Ec::MasterExists,
            format!("store {name}: peer {peer} has a master of this name too: {what}"),
        );
    }

    /// A command is longer than peers take.
    pub(crate) fn too_long(&self, bytes: usize) {
        self.error(
            Ec::InvalidMessage,
            format!("store {}: a command of {bytes} bytes, which no peer takes", self.name),
        );
    }

    pub(crate) fn error(&self, code: Ec, message: String) {
        if let Some(others) = self.seldom.allow() {
            log::warn!("{message} ({others} others before)");
        }
        self.core.error(Error::with(code, EndpointInfo::default(), message));
    }
}
