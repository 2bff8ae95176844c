//! What the service asks of answers that several daemons share, if they do.

use std::sync::Arc;
use std::time::Instant;

use crate::exchange::Bytes;
use crate::flight::Flight;
use crate::query::Query;

/// Answers shared with other daemons. Nothing here waits.
pub(crate) trait Share: Send + Sync {
    /// Whether other daemons can be asked now.
    fn is_reachable(&self) -> bool;

    /// Takes care of a flight that has not begun: it begins, or is told another daemon's answer,
    /// within a limit. If not, it is to begin now.
    fn take(&self, flight: &Arc<Flight>) -> bool;

    /// Burp has answered a query, which went to it at `took_off`: with what others may be told too,
    /// if there is such an answer.
    fn landed(&self, query: &Query, answer: Option<&Bytes>, took_off: Instant);

    /// What has become of them.
    fn figures(&self) -> Figures;
}

/// What is counted of shared answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figures {
    pub(crate) is_reachable: bool,
    /// Each figure with its label.
    pub(crate) counts: [(&'static str, u64); 6],
}
