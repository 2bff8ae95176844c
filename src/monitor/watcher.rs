//! The one who watches for all: asks burp for the summary once, however many want to see it, as
//! often as the most eager of them wants it and not at all while nobody looks.
//!
//! Whoever watches says what was seen last and is answered once there is something new; no thread
//! waits for them meanwhile. They are few ([`Settings::max_viewers`](crate::service::Settings)),
//! and those who have left are forgotten at the next look.

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
use crate::latency::Snapshot;
use crate::news::{Interval, News};
use crate::request::Live;
use crate::service::Monitor;

/// A second look within this many times the interval of the most eager shows what came between.
const REGULAR: u32 = 3;

/// Those who watch, and what they are shown.
pub(crate) struct Viewers {
    board: Mutex<Board>,
    /// Somebody has come, or the end has.
    changed: Condvar,
}

struct Board {
    news: News,
    waiting: Vec<Viewer>,
    /// When somebody looked last.
    looked: Option<Instant>,
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
    until: Deadline,
}

impl Default for Viewers {
    fn default() -> Self {
        let board = Board {
            news: News::new(unix_millis()),
            waiting: Vec::new(),
            looked: None,
            stopped: false,
        };
        Self { board: Mutex::new(board), changed: Condvar::new() }
    }
}

impl Viewers {
    /// Tells what is news already, or keeps whoever asked until something is. Only clients of the
    /// daemon get something back.
    pub(crate) fn join(
        &self,
        audience: Audience,
        live: Live,
        max: usize,
    ) -> Option<(Reply, Answer)> {
        let mut board = self.board();
        let is_fresh = board.looked.is_some_and(|at| now().duration_since(at) < live.interval);
        if board.stopped {
            return audience.at_once(Told::Refusal(answer::STOPPING.to_owned()));
        }
        if is_fresh && board.news.is_for(live) {
            return audience.at_once(Told::News(board.news.body(live.after)));
        }
        if board.waiting.len() >= max {
            board.waiting.retain(|viewer| !viewer.audience.has_left());
        }
        if board.waiting.len() >= max {
            return audience.at_once(Told::Refusal(answer::too_many_viewers(max)));
        }
        board.waiting.push(Viewer { audience, live, until: Deadline::after(live.hold) });
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
            }
        }
    }

    /// Waits until it is time for another look; false when it is time to end.
    fn wait_until_due(&self) -> bool {
        let mut board = self.board();
        loop {
            if board.stopped {
                return false;
            }
            let due = board.due();
            let Some(left) = due.remaining() else {
                board = self.changed.wait(board).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            if left.is_zero() {
                board.waiting.retain(|viewer| !viewer.audience.has_left());
                if !board.waiting.is_empty() {
                    return true;
                }
                continue;
            }
            let waited = self.changed.wait_timeout(board, left);
            board = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Shows what was seen to those whom it concerns.
    fn show(&self, look: impl FnOnce(&mut News)) {
        let mut board = self.board();
        look(&mut board.news);
        board.looked = Some(now());
        let Board { news, waiting, .. } = &mut *board;
        let mut told = Vec::new();
        let mut bodies: [Option<Body>; 2] = [None, None];
        let all = std::mem::take(waiting);
        for viewer in all {
            if !news.is_for(viewer.live) && !viewer.until.passed() {
                waiting.push(viewer);
                continue;
            }
            let after = viewer.live.after;
            let place = usize::from(news.knows_another_summary(after));
            if let Some(slot) = bodies.get_mut(place) {
                let body = slot.get_or_insert_with(|| news.body(after)).clone();
                told.push((viewer.audience, body));
            }
        }
        drop(board);
        for (audience, body) in told {
            audience.tell(Told::News(body));
        }
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Board {
    /// When somebody must look, or be told that there is nothing new.
    fn due(&self) -> Deadline {
        let Some(interval) = self.interval() else { return Deadline::NEVER };
        let look = self.looked.and_then(|at| at.checked_add(interval)).unwrap_or_else(now);
        let held = self.waiting.iter().map(|viewer| viewer.until);
        held.fold(Deadline::at(look), Deadline::earlier)
    }

    /// How often the most eager wants to see something.
    fn interval(&self) -> Option<Duration> {
        self.waiting.iter().map(|viewer| viewer.live.interval).min()
    }
}

/// What the thread remembers from one look to the next.
#[derive(Default)]
struct Glance {
    /// The summary that burp has been asked for.
    asked: Option<Receiver<Answer>>,
    before: Option<(Instant, Snapshot, Snapshot)>,
}

impl Glance {
    fn take(&mut self, viewers: &Viewers, monitor: &Arc<Monitor>) {
        let interval = viewers.board().interval().unwrap_or(Live::INTERVAL);
        let asked = self.asked.take().unwrap_or_else(|| {
            let (sender, receiver) = bounded(1);
            monitor.summary(sender);
            receiver
        });
        // A burp that is slow holds back its own news only: the rest is shown meanwhile.
        let summary = match asked.recv_timeout(interval.min(Live::INTERVAL)) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => {
                self.asked = Some(asked);
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
        viewers.show(|news| news.look(&status, since.as_ref(), summary.as_ref()));
    }
}
