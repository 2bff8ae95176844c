//! The side of `broker-throughput` that counts.

use std::time::Duration;

use broker_data::Data;
use ostler_net::{Address, AddressError, BindError};
use ostler_runtime::{Deadline, now};

use crate::node_program::print;
use crate::throughput_events::{EVENTS, STATS, TERMINATE, event};
use crate::{Endpoint, Topic, TopicTooLong};

/// How often it is said how many have come.
const SECOND: Duration = Duration::from_secs(1);
/// Messages that are counted at once.
const BATCH: usize = 128;
/// Names the events that say so.
const STATS_EVENT: &str = "stats_update";

/// Why nothing is counted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CountingError {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error(transparent)]
    Topic(#[from] TopicTooLong),
}

/// Counts until somebody publishes to the topic that ends it.
pub(crate) fn run(endpoint: &Endpoint, at: &(String, u16)) -> Result<(), CountingError> {
    let (events, stats, end) = (Topic::new(EVENTS)?, Topic::new(STATS)?, Topic::new(TERMINATE)?);
    let mut subscriber = endpoint.subscribe([events, end.clone()]);
    let ports = endpoint.listen(&Address::parse(&at.0, at.1)?)?;
    let port = ports.first().unwrap_or(&at.1);
    print(&format!("listening on {}:{port}", at.0));
    let (mut all, mut told) = (0_u64, 0_u64);
    let mut since = now();
    loop {
        let due = since.checked_add(SECOND).map_or(Deadline::NEVER, Deadline::at);
        let come = subscriber.get_many(BATCH, due);
        let is_over = come.iter().any(|message| message.topic == end);
        let count = come.iter().filter(|message| message.topic != end).count();
        all = all.saturating_add(u64::try_from(count).unwrap_or(0));
        let spent = now().saturating_duration_since(since);
        if spent >= SECOND || is_over {
            let new = all.saturating_sub(told);
            if new > 0 || is_over {
                #[expect(clippy::cast_precision_loss, reason = "a rate to be read by people")]
                let rate = new as f64 / spent.as_secs_f64().max(f64::EPSILON);
                print(&format!("{rate:.0} events/s, {all} in all"));
            }
            since = now();
            told = all;
            // Whoever does not read this does not need it.
            let _ = endpoint.try_publish(&stats, &event(STATS_EVENT, vec![Data::Count(all)]));
        }
        if is_over {
            return Ok(());
        }
    }
}

/// How many have come, as the server says.
pub(crate) fn received(data: &Data) -> Option<u64> {
    let Data::Vector(message) = data else { return None };
    let [.., Data::Vector(content)] = message.as_slice() else { return None };
    let [Data::String(name), Data::Vector(arguments), ..] = content.as_slice() else {
        return None;
    };
    match arguments.as_slice() {
        [Data::Count(count)] if name == STATS_EVENT.as_bytes() => Some(*count),
        _ => None,
    }
}
