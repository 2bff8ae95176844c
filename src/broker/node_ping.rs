//! The modes of `broker-node` that measure round trips: one side sends pings, the other answers.

use std::time::{Duration, Instant};

use broker_data::Data;
use crossbeam_channel::{Receiver, TryRecvError, bounded};
use ostler_runtime::{Deadline, Seldom, now};

use crate::node_message::NodeMessage;
use crate::node_settings::NodeSettings;
use crate::{Endpoint, Message, PublishError, Publisher, Tap, Topic};

/// The shortest time between two log lines about pings that are not answered.
static SELDOM: Seldom = Seldom::new(Duration::from_secs(60));
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
                if let Some(more) = SELDOM.allow() {
                    log::warn!("ping {number} is not answered: {error} ({more} more before)");
                }
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
    /// Ends when no more are waited for.
    ended: Receiver<()>,
    _tap: Tap,
}

/// What has come of waiting for an answer.
enum Awaited {
    Answered(Instant),
    Late,
    /// Nobody wants to know any more.
    Over,
}

impl Pongs {
    /// Listens for answers on `topics`, until `ended` is.
    pub(crate) fn new(endpoint: &Endpoint, topics: &[Topic], ended: Receiver<()>) -> Self {
        let (sender, answers) = bounded(MAX_PONGS);
        let tap = endpoint.tap(topics.to_vec(), move |message| {
            if let Some(NodeMessage::Pong(number)) = read(message) {
                // Nobody waits for more than there is room for.
                let _ = sender.try_send((number, now()));
            }
        });
        Self { answers, ended, _tap: tap }
    }

    /// Waits for the answer with this number.
    fn wait(&self, number: u64, deadline: Deadline) -> Awaited {
        loop {
            let left = deadline.remaining().unwrap_or(PATIENCE);
            crossbeam_channel::select! {
                recv(self.answers) -> answer => match answer {
                    Ok((answered, at)) if answered == number => return Awaited::Answered(at),
                    Ok(_) => {}
                    Err(_) => return Awaited::Over,
                },
                recv(self.ended) -> _ => return Awaited::Over,
                default(left) => return Awaited::Late,
            }
        }
    }

    /// Whether no more are waited for.
    pub(crate) fn are_over(&self) -> bool {
        self.ended.try_recv() == Err(TryRecvError::Disconnected)
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
) -> Result<(), PingError> {
    let topic = settings.topics.first().ok_or(PingError::NoTopic)?;
    let ping = |number, size| {
        let sent = publisher.publish(topic, &Data::from(&NodeMessage::Ping(number, size)));
        // What is not published since the node ends is no failure.
        sent.or_else(|error| if pongs.are_over() { Ok(0) } else { Err(error) })
    };
    loop {
        ping(0, 0)?;
        match pongs.wait(0, Deadline::after(settings.rendezvous_retry)) {
            Awaited::Answered(_) => break,
            Awaited::Late => {}
            Awaited::Over => return Ok(()),
        }
    }
    for number in 1..=settings.num_messages {
        let sent = now();
        ping(number, settings.payload_size)?;
        match pongs.wait(number, Deadline::after(PATIENCE)) {
            Awaited::Answered(at) => told(at.saturating_duration_since(sent)),
            Awaited::Late => return Err(PingError::Unanswered(number)),
            Awaited::Over => break,
        }
    }
    Ok(())
}

fn read(message: &Message) -> Option<NodeMessage> {
    NodeMessage::read(&message.decode().ok()?)
}
