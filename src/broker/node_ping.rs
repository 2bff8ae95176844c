//! The modes of `broker-node` that measure round trips: one side sends pings, the other answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use broker_data::Data;
use crossbeam_channel::{Receiver, bounded};
use ostler_runtime::{Deadline, now};

use crate::node_message::NodeMessage;
use crate::node_settings::NodeSettings;
use crate::{Endpoint, Message, PublishError, Publisher, Tap, Topic};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Answers that wait to be looked at. Of more, the newest are forgotten.
const MAX_PONGS: usize = 1024;

/// Answers every ping on `topics` under the topic it came by, on the thread that brought it. What
/// comes through the channel says that somebody has said stop.
pub(crate) fn answer(endpoint: &Endpoint, topics: &[Topic]) -> (Tap, Receiver<()>) {
    let (stop, stopped) = bounded(1);
    let publisher = endpoint.publisher();
    let tap = endpoint.tap(topics.to_vec(), move |message| match read(message) {
        Some(NodeMessage::Ping(number, _)) => {
            let Ok(topic) = Topic::new(message.topic()) else { return };
            let pong = Data::from(&NodeMessage::Pong(number));
            if let Err(error) = publisher.try_publish(&topic, &pong) {
                log::warn!("ping {number} is not answered: {error}");
            }
        }
        Some(NodeMessage::Stop) => {
            // Once is enough.
            let _ = stop.try_send(());
        }
        _ => {}
    });
    (tap, stopped)
}

/// The answers to pings, with the time at which they came.
pub(crate) struct Pongs {
    answers: Receiver<(u64, Instant)>,
    _tap: Tap,
}

impl Pongs {
    /// Listens for answers on `topics`.
    pub(crate) fn new(endpoint: &Endpoint, topics: &[Topic]) -> Self {
        let (sender, answers) = bounded(MAX_PONGS);
        let tap = endpoint.tap(topics.to_vec(), move |message| {
            if let Some(NodeMessage::Pong(number)) = read(message) {
                // Nobody waits for more than there is room for.
                let _ = sender.try_send((number, now()));
            }
        });
        Self { answers, _tap: tap }
    }

    /// When the answer with this number came.
    fn wait(&self, number: u64, deadline: Deadline) -> Option<Instant> {
        loop {
            let left = deadline.remaining().unwrap_or(PATIENCE);
            let (answered, at) = self.answers.recv_timeout(left).ok()?;
            if answered == number {
                return Some(at);
            }
        }
    }
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PingError {
    #[error("pings need a topic")]
    NoTopic,
    #[error(transparent)]
    Publish(#[from] PublishError),
    #[error("ping {0} was not answered")]
    Unanswered(u64),
}

/// Sends as many pings as the settings say and tells how long each round trip took. Before that, one
/// with the number 0 is repeated until it is answered.
pub(crate) fn measure(
    publisher: &Publisher,
    pongs: &Pongs,
    settings: &NodeSettings,
    mut told: impl FnMut(Duration),
    is_over: &AtomicBool,
) -> Result<(), PingError> {
    let topic = settings.topics.first().ok_or(PingError::NoTopic)?;
    let ping =
        |number, size| publisher.publish(topic, &Data::from(&NodeMessage::Ping(number, size)));
    while !is_over.load(Ordering::Acquire) {
        ping(0, 0)?;
        if pongs.wait(0, Deadline::after(settings.rendezvous_retry)).is_some() {
            break;
        }
    }
    for number in 1..=settings.num_messages {
        if is_over.load(Ordering::Acquire) {
            break;
        }
        let sent = now();
        ping(number, settings.payload_size)?;
        let arrived = pongs.wait(number, Deadline::after(PATIENCE));
        let arrived = arrived.ok_or(PingError::Unanswered(number))?;
        told(arrived.saturating_duration_since(sent));
    }
    Ok(())
}

fn read(message: &Message) -> Option<NodeMessage> {
    NodeMessage::read(&message.decode().ok()?)
}
