//! The one who watches for all: asks burp for the summary once, however many want to see it, as
//! often as the most eager of them wants it and not at all while nobody looks.
//!
//! Whoever watches says what was seen last and is answered once there is something new, no sooner
//! than wished for; no thread waits for them meanwhile. They are few, and those who have left are
//! forgotten at the next look.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use ostler_http::{Responder, Response, Status};
use ostler_net::{Answer, Body, Reply};
use ostler_runtime::threads::caught;
use ostler_runtime::utc::unix_millis;
use ostler_runtime::{Deadline, now};

use crate::answer;
use crate::caller::Caller;
use crate::news::{Interval, News};
use crate::request::Live;
use crate::service::Monitor;
use ostler_runtime::latency::Snapshot;

/// A second look within this many times the interval of the most eager shows what came between.
const REGULAR: u32 = 3;
/// Whoever comes after nobody has watched for so long is not told what was seen before.
const LAPSE: Duration = Duration::from_secs(5);

/// Those who watch, and what they are shown.
pub(crate) struct Viewers {
    board: Mutex<Board>,
    /// Somebody has come, or the end has.
    changed: Condvar,
    /// How many clients may watch, and how many pages beside them: whoever has no password takes no
    /// place of those who have it.
    max: usize,
}

struct Board {
    news: News,
    waiting: Vec<Viewer>,
    /// When somebody looked last, in this time of watching.
    looked: Option<Instant>,
    /// When somebody was told something last.
    told: Instant,
    /// Counts the times of watching: what was asked for in an earlier one is nothing to this one.
    epoch: u64,
    stopped: bool,
}

/// Whom news are told, and how.
pub(crate) enum Audience {
    /// A client of the daemon.
    Client(Caller),
    /// A page of the status listener.
    Page(Responder),
}

impl Audience {
    fn has_left(&self) -> bool {
        match self {
            Self::Client(caller) => caller.has_left(),
            Self::Page(responder) => responder.client_left(),
        }
    }

    /// Tells the news on the thread that read the question.
    fn at_once(self, told: Told) -> Option<(Reply, Answer)> {
        match self {
            Self::Client(caller) => Some(caller.at_once(told.answer())),
            Self::Page(responder) => {
                responder.send_here(told.response());
                None
            }
        }
    }

    fn tell(self, told: Told) {
        match self {
            Self::Client(caller) => caller.send(told.answer()),
            Self::Page(responder) => responder.send(told.response()),
        }
    }
}

/// What is told.
#[derive(Clone)]
enum Told {
    News(Body),
    Refusal(String),
}

impl Told {
    fn answer(self) -> Answer {
        match self {
            Self::News(body) => answer::ok(body),
            Self::Refusal(words) => answer::er(&words),
        }
    }

    fn response(self) -> Response {
        let response = match self {
            Self::News(body) => Response::json(Status::Ok, body),
            Self::Refusal(words) => Response::error(Status::ServiceUnavailable, &words),
        };
        response.header("Cache-Control", "no-store")
    }
}

/// Somebody who waits for news.
struct Viewer {
    audience: Audience,
    live: Live,
    /// Not before this, however often others want to see something.
    not_before: Instant,
    until: Deadline,
}

impl Viewers {
    /// Nobody watches yet; so many clients may, and so many pages.
    pub(crate) fn new(max: usize) -> Self {
        let board = Board {
            news: News::new(unix_millis()),
            waiting: Vec::new(),
            looked: None,
            told: now(),
            epoch: 0,
            stopped: false,
        };
        Self { board: Mutex::new(board), changed: Condvar::new(), max }
    }

    /// Tells what is news already, or keeps whoever asked until something is. Only clients of the
    /// daemon get something back.
    pub(crate) fn join(&self, audience: Audience, live: Live) -> Option<(Reply, Answer)> {
        let mut board = self.board();
        let moment = now();
        if board.stopped {
            return audience.at_once(Told::Refusal(answer::STOPPING.to_owned()));
        }
        board.begin(moment);
        let not_before = board.news.due(live).unwrap_or(moment);
        let is_fresh = board.looked.is_some_and(|at| moment.duration_since(at) < live.interval);
        if is_fresh && not_before <= moment && board.news.is_for(live) {
            board.told = moment;
            return audience.at_once(Told::News(board.news.body(live.after)));
        }
        if board.count(&audience) >= self.max {
            board.waiting.retain(|viewer| !viewer.audience.has_left());
        }
        if board.count(&audience) >= self.max {
            return audience.at_once(Told::Refusal(answer::too_many_viewers(self.max)));
        }
        let until = Deadline::after(live.hold);
        board.waiting.push(Viewer { audience, live, not_before, until });
        self.changed.notify_all();
        None
    }

    /// How many wait for news.
    pub(crate) fn len(&self) -> usize {
        self.board().waiting.len()
    }

    /// Whether the end has come.
    pub(crate) fn is_stopped(&self) -> bool {
        self.board().stopped
    }

    /// Answers everybody and keeps nobody from now on.
    pub(crate) fn stop(&self) {
        let mut board = self.board();
        board.stopped = true;
        let waiting = std::mem::take(&mut board.waiting);
        drop(board);
        self.changed.notify_all();
        for viewer in waiting {
            viewer.audience.tell(Told::Refusal(answer::STOPPING.to_owned()));
        }
    }

    /// The thread's work, until [`stop`](Self::stop).
    pub(crate) fn run(&self, monitor: &Arc<Monitor>) {
        let mut glance = Glance::default();
        while self.wait_until_due() {
            if caught("a look for those who watch", || glance.take(self, monitor)).is_none() {
                glance = Glance::default();
                // The next one in its time, not at once.
                self.board().looked = Some(now());
            }
        }
    }

    /// Waits until it is time for another look, and tells those meanwhile whose patience ends; false
    /// when it is time to end.
    fn wait_until_due(&self) -> bool {
        let mut board = self.board();
        loop {
            if board.stopped {
                return false;
            }
            let Some(look) = board.next_look() else {
                board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if look.passed() {
                board.waiting.retain(|viewer| !viewer.audience.has_left());
                if !board.waiting.is_empty() {
                    return true;
                }
                continue;
            }
            let patience = board.patience();
            if patience.passed() {
                drop(board);
                self.show(|_| {});
                board = self.board();
                continue;
            }
            let left = look.earlier(patience).remaining().unwrap_or_default();
            let waited = self.changed.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Shows what was seen to those whom it concerns.
    fn show(&self, look: impl FnOnce(&mut Board)) {
        let mut board = self.board();
        look(&mut board);
        let moment = now();
        let Board { news, waiting, told, .. } = &mut *board;
        let mut bodies: [Option<Body>; 2] = [None, None];
        let mut answers = Vec::new();
        for viewer in std::mem::take(waiting) {
            let is_due = viewer.not_before <= moment && news.is_for(viewer.live);
            let is_over = viewer.until.passed() && news.is_known();
            if !is_due && !is_over {
                waiting.push(viewer);
                continue;
            }
            let after = viewer.live.after;
            let place = usize::from(news.knows_another_summary(after));
            if let Some(slot) = bodies.get_mut(place) {
                let body = slot.get_or_insert_with(|| news.body(after)).clone();
                answers.push((viewer.audience, body));
            }
        }
        if !answers.is_empty() {
            *told = moment;
        }
        drop(board);
        for (audience, body) in answers {
            audience.tell(Told::News(body));
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// Somebody comes. If nobody has watched for a while, what is known is forgotten.
    fn begin(&mut self, moment: Instant) {
        if moment.duration_since(self.told) < LAPSE {
            return;
        }
        self.waiting.retain(|viewer| !viewer.audience.has_left());
        if self.waiting.is_empty() {
            self.epoch = self.epoch.saturating_add(1);
            self.looked = None;
            self.news.forget();
        }
    }

    /// How many like this one wait.
    fn count(&self, audience: &Audience) -> usize {
        let kind = std::mem::discriminant(audience);
        let kinds = self.waiting.iter().map(|viewer| std::mem::discriminant(&viewer.audience));
        kinds.filter(|other| *other == kind).count()
    }

    /// When somebody must look: as often as the most eager wants it.
    fn next_look(&self) -> Option<Deadline> {
        let interval = self.interval()?;
        let look = self.looked.and_then(|at| at.checked_add(interval)).unwrap_or_else(now);
        Some(Deadline::at(look))
    }

    /// When somebody must be told that there is nothing new; never, while nothing is known.
    fn patience(&self) -> Deadline {
        if !self.news.is_known() {
            return Deadline::NEVER;
        }
        let patience = self.waiting.iter().map(|viewer| viewer.until);
        patience.fold(Deadline::NEVER, Deadline::earlier)
    }

    fn interval(&self) -> Option<Duration> {
        self.waiting.iter().map(|viewer| viewer.live.interval).min()
    }
}

/// What the thread remembers from one look to the next.
#[derive(Default)]
struct Glance {
    epoch: u64,
    /// The summary that burp has been asked for, and when.
    asked: Option<(Instant, Receiver<Answer>)>,
    before: Option<(Instant, Snapshot, Snapshot)>,
}

impl Glance {
    fn take(&mut self, viewers: &Viewers, monitor: &Arc<Monitor>) {
        let (epoch, interval, patience) = {
            let board = viewers.board();
            (board.epoch, board.interval().unwrap_or(Live::INTERVAL), board.patience())
        };
        if epoch != self.epoch {
            *self = Self { epoch, ..Self::default() };
        }
        // An answer that has lain here since the look before is no news any more.
        let is_old = |at: Instant| now().duration_since(at) >= LAPSE;
        let (at, asked) = self
            .asked
            .take()
            .filter(|(at, asked)| asked.is_empty() || !is_old(*at))
            .unwrap_or_else(|| {
                let (sender, receiver) = bounded(1);
                monitor.summary(sender);
                (now(), receiver)
            });
        // A burp that is slow holds back its own news only: the rest is shown meanwhile.
        let wait = Deadline::after(interval.min(Live::INTERVAL)).earlier(patience);
        let summary = match asked.recv_timeout(wait.remaining().unwrap_or_default()) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.asked = Some((at, asked));
                None
            }
            // Asked anew at the next look.
            Err(RecvTimeoutError::Disconnected) => None,
        };
        let (moment, metrics) = (now(), monitor.metrics());
        let (latency, wait) = (metrics.latency.read(), metrics.wait.read());
        let since = self.before.as_ref().and_then(|(at, earlier, waited)| {
            let seconds = moment.duration_since(*at);
            (seconds <= interval.saturating_mul(REGULAR)).then(|| Interval {
                seconds: seconds.as_secs_f64(),
                latency: latency.since(earlier),
                wait: wait.since(waited),
            })
        });
        self.before = Some((moment, latency, wait));
        let status = monitor.status();
        viewers.show(|board| {
            board.looked = Some(moment);
            board.news.look(moment, &status, since.as_ref(), summary.as_ref());
        });
    }
}
