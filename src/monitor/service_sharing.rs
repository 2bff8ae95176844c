//! What a shared cache has the service do.

use std::sync::Arc;
use std::time::Duration;

use ostler_runtime::now;

use crate::answer;
use crate::exchange::{BurpAnswer, Bytes};
use crate::flight::Flight;
use crate::query::Query;
use crate::service::Monitor;
use crate::sharing::Share;

impl Monitor {
    /// Learns how answers are shared; only the first word counts.
    pub(crate) fn share_by(&self, share: Box<dyn Share>) {
        let _ = self.shared.share.set(share);
    }

    /// The answer that is young enough, if there is one.
    pub(crate) fn known(&self, query: &Query) -> Option<Bytes> {
        self.shared.board().cache.answer(query, now()).cloned()
    }

    /// Keeps another daemon's answer, which is so old.
    pub(crate) fn learn(&self, query: &Query, answer: Bytes, age: Duration) {
        let moment = now();
        if let Some(born) = moment.checked_sub(age) {
            self.shared.board().cache.keep(query, answer, born, moment);
        }
    }

    /// Burp is to be asked after all.
    pub(crate) fn begin(&self, flight: Arc<Flight>) {
        self.shared.start(flight, true);
    }

    /// Another daemon's answer is told to all who wait.
    pub(crate) fn spare(&self, flight: &Arc<Flight>, answer: Bytes) {
        self.shared.board().forget(flight);
        self.shared.tell(flight, &answer::of_burp(&BurpAnswer::Json(answer)));
    }
}
