//! What all parts of an endpoint share: the routes, the peers, what the node wants, and what it
//! tells of itself.

use std::fmt::Display;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use broker_data::Data;
use ostler_net::tls;
use ostler_runtime::{Deadline, Seldom};

use crate::attraction::Attraction;
use crate::claims::Claims;
use crate::connector::Wishes;
use crate::counters::Counters;
use crate::endpoint_info::NetworkInfo;
use crate::options::{EndpointOptions, Tls};
use crate::parcel::Origin;
use crate::peers::Peers;
use crate::queue::Queue;
use crate::route::{Heading, Here};
use crate::routing::Routing;
use crate::status::{ERRORS, Error, STATUSES, Status};
use crate::status_board::{Happening, StatusBoard};
use crate::stores::Stores;
use crate::wall_clock::WallClock;
use crate::{EndpointId, Filter, Kind, Message, TTL, Topic};

/// The shortest time between two log lines of a kind that others can provoke.
pub(crate) const PAUSE: Duration = Duration::from_secs(60);

/// How much may wait for a peer that is told at once what is wanted.
const MAX_WAITING_BYTES: usize = 256 * 1024;

/// See the module.
pub(crate) struct Core {
    pub(crate) id: EndpointId,
    pub(crate) options: EndpointOptions,
    pub(crate) routing: Routing,
    pub(crate) peers: Peers,
    pub(crate) claims: Claims,
    pub(crate) board: StatusBoard,
    pub(crate) wishes: Wishes,
    pub(crate) counters: Counters,
    pub(crate) stores: Stores,
    pub(crate) clock: WallClock,
    wanted: Mutex<Wanted>,
    /// What peers that are called are presented with; none where no TLS is spoken.
    client: Mutex<Option<tls::Client>>,
    /// Closed at the end, so that nobody waits for messages that cannot come.
    queues: Mutex<Vec<Weak<Queue<Message>>>>,
    numbers: AtomicU64,
    garbage: Seldom,
    /// Failed handshakes of those who have connected.
    pub(crate) strangers: Seldom,
    /// Attempts to reach peers that are away.
    pub(crate) absent: Seldom,
    ending: OnceLock<Deadline>,
}

/// What the node wants from its peers, and what it has told them.
#[derive(Default)]
struct Wanted {
    attraction: Attraction,
    announced: Filter,
}

impl Core {
    pub(crate) fn new(options: EndpointOptions) -> Self {
        let id = options.id;
        let stores = Stores::default();
        stores.count_from(options.stores.first_object);
        Self {
            id,
            routing: Routing::new(Here { id, forwards: options.forwarding, is_deaf: options.deaf }),
            client: Mutex::new(options.tls.as_ref().map(|tls| tls.client.clone())),
            options,
            peers: Peers::default(),
            claims: Claims::new(),
            board: StatusBoard::default(),
            wishes: Wishes::default(),
            counters: Counters::default(),
            stores,
            clock: WallClock::new(),
            wanted: Mutex::default(),
            queues: Mutex::default(),
            numbers: AtomicU64::new(1),
            garbage: Seldom::new(PAUSE),
            strangers: Seldom::new(PAUSE),
            absent: Seldom::new(PAUSE),
            ending: OnceLock::new(),
        }
    }

    /// Until when what waits for a peer that is left now may still be sent.
    pub(crate) fn parted(&self) -> Deadline {
        Deadline::after(self.parted_after())
    }

    /// How long that is from now on.
    pub(crate) fn parted_after(&self) -> Duration {
        self.options.peering.bye.saturating_add(Duration::from_secs(1))
    }

    /// Says by when everything that waits must have been sent, since the endpoint ends.
    pub(crate) fn end_by(&self, deadline: Deadline) {
        self.ending.get_or_init(|| deadline);
    }

    /// That moment, once somebody has said so.
    pub(crate) fn ends_by(&self) -> Option<Deadline> {
        self.ending.get().copied()
    }

    /// That moment; now if nobody has said so.
    pub(crate) fn ending(&self) -> Deadline {
        self.ends_by().unwrap_or_else(|| Deadline::after(Duration::ZERO))
    }

    /// A number that nobody else in this endpoint has.
    pub(crate) fn number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// What a peer that is called now is presented with.
    pub(crate) fn client(&self) -> Option<tls::Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Presents something else from now on, where TLS is spoken at all.
    pub(crate) fn present(&self, new: &Tls) {
        let Some(tls) = &self.options.tls else { return };
        tls.server.replace(new.server.current());
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(new.client.clone());
    }

    /// Somebody in this node wants these topics.
    pub(crate) fn attract<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) {
        self.want(readable(topics));
    }

    /// A store in this node wants what is for it.
    pub(crate) fn attract_store(&self, topic: &Topic) {
        self.want([topic]);
    }

    /// These topics are passed on.
    pub(crate) fn forward(&self, topics: &[Topic]) {
        self.want(topics);
    }

    fn want<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) {
        let mut wanted = self.wanted();
        if wanted.attraction.add(topics) {
            self.announce(&mut wanted);
        }
    }

    /// A WebSocket client wants these topics. Not if peers could not be told of so many.
    pub(crate) fn attract_client(&self, topics: &[Topic]) -> bool {
        let mut wanted = self.wanted();
        let has_room = wanted.attraction.has_room(topics);
        if has_room && wanted.attraction.add(readable(topics)) {
            self.announce(&mut wanted);
        }
        has_room
    }

    /// Who wanted these topics does not any more.
    pub(crate) fn repel<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) {
        self.unwant(readable(topics));
    }

    /// A store wants nothing any more.
    pub(crate) fn repel_store(&self, topic: &Topic) {
        self.unwant([topic]);
    }

    fn unwant<'a>(&self, topics: impl IntoIterator<Item = &'a Topic>) {
        let mut wanted = self.wanted();
        if wanted.attraction.remove(topics) {
            self.announce(&mut wanted);
        }
    }

    /// What the node wants now.
    pub(crate) fn filter(&self) -> Filter {
        self.wanted().announced.clone()
    }

    /// Tells a new peer what has changed since it was told `told`. `add` takes it in meanwhile, if it
    /// can, so that it misses nothing.
    pub(crate) fn catch_up<T>(
        &self,
        id: EndpointId,
        told: &Filter,
        link: &ostler_net::Link,
        add: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let wanted = self.wanted();
        let added = add()?;
        if wanted.announced != *told {
            self.tell(id, link, &wanted.announced);
        }
        Some(added)
    }

    fn announce(&self, wanted: &mut Wanted) {
        let filter = wanted.attraction.filter();
        if filter == wanted.announced {
            return;
        }
        wanted.announced = filter;
        for (id, link, stale) in self.peers.told_links() {
            self.update(id, &link, &stale, &wanted.announced);
        }
    }

    /// Tells a peer what it was not told because much waited for it, if that is less now.
    pub(crate) fn tell_stale(&self, id: EndpointId, link: &ostler_net::Link, stale: &AtomicBool) {
        if stale.load(Ordering::Acquire) {
            let wanted = self.wanted();
            self.update(id, link, stale, &wanted.announced);
        }
    }

    /// Tells a peer what is wanted, now or once less waits for it: of many changes it then hears the
    /// last. To be called under the lock of what is wanted.
    fn update(&self, id: EndpointId, link: &ostler_net::Link, stale: &AtomicBool, now: &Filter) {
        let waits = link.queued().1 > MAX_WAITING_BYTES;
        stale.store(waits, Ordering::Release);
        if !waits {
            self.tell(id, link, now);
        }
    }

    fn tell(&self, id: EndpointId, link: &ostler_net::Link, filter: &Filter) {
        let mut payload = Vec::new();
        filter.encode(&mut payload);
        let kind = Kind::RoutingUpdate;
        let update = Message::new(self.id, id, kind, TTL, Topic::RESERVED, &payload);
        if !update.is_ok_and(|update| link.force(update.frame())) {
            // A peer that does not know what is wanted would be one in name only.
            link.abort("cannot be told which topics are wanted");
        }
    }

    /// Tells of a change among the peers.
    pub(crate) fn status(&self, status: Status) {
        log::info!("{status}");
        self.say(STATUSES, &Data::from(&status));
        self.post(&Happening::Status(status));
    }

    /// Tells of an error.
    pub(crate) fn error(&self, error: Error) {
        log::debug!("{error}");
        self.say(ERRORS, &Data::from(&error));
        self.post(&Happening::Error(error));
    }

    fn post(&self, happening: &Happening) {
        self.counters.unread_statuses.add(self.board.post(happening));
    }

    /// A peering has come about.
    pub(crate) fn peer_added(&self, id: EndpointId, network: NetworkInfo) {
        self.status(Status::endpoint_discovered(id));
        self.status(Status::peer_added(id, network));
    }

    /// Tells this node's own subscribers.
    pub(crate) fn say(&self, topic: &[u8], data: &Data) {
        if let Ok(message) = Message::data(self.id, EndpointId::NIL, topic, data) {
            // Nobody who is behind keeps the node from going on, or others from hearing it.
            let wanting = self.routing.wanting(&Heading::of(&message, Origin::Local));
            let (_, missed) = self.routing.tell(wanting, &message, Origin::Local);
            self.counters.unread.add(missed as u64);
        }
    }

    /// Has a queue closed at the end.
    pub(crate) fn keep_queue(&self, queue: &Arc<Queue<Message>>) {
        let mut queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        queues.retain(|queue| queue.strong_count() > 0);
        queues.push(Arc::downgrade(queue));
    }

    /// Wakes all who wait for messages or changes: there will be none.
    pub(crate) fn close(&self) {
        let queues =
            std::mem::take(&mut *self.queues.lock().unwrap_or_else(PoisonError::into_inner));
        for queue in queues.iter().filter_map(Weak::upgrade) {
            queue.close();
        }
        self.board.close();
    }

    /// A message whose payload is no value: skipped, as the original does.
    pub(crate) fn undecodable(&self, message: &Message, error: &dyn Display) {
        self.counters.undecodable.count();
        if let Some(others) = self.garbage.allow() {
            log::warn!(
                "a message about {:?} from {} is skipped: {error} ({others} others before)",
                message.topic().escape_ascii().to_string(),
                message.sender()
            );
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that a subscriber or a client can get anything about. What is for stores it does not get, and
/// a node that said it wants that would say that it has them.
fn readable<'a>(topics: impl IntoIterator<Item = &'a Topic>) -> impl Iterator<Item = &'a Topic> {
    topics.into_iter().filter(|topic| !Topic::is_of_store(topic.as_bytes()))
}
