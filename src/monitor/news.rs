//! What there is to see, for those who watch: the daemon's state, and burp's summary where it has
//! changed since they looked last. Pure, without I/O or clock.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use ostler_net::{Answer, Body};
use serde_json::{Value, json};

use crate::request::Live;
use ostler_runtime::latency::Snapshot;

/// The state of things at the last look.
#[derive(Debug)]
pub(crate) struct News {
    /// The number of the last look. It begins at the milliseconds since 1970 of the daemon's start,
    /// so that nobody takes those of an earlier daemon for its own.
    tick: u64,
    /// The look that saw the summary, or what was wrong with it, change; 0 before the first.
    summary_tick: u64,
    /// The body of burp's last summary.
    summary: Body,
    /// Why there was no summary at the last look.
    trouble: Option<String>,
    /// The members that are news at every look, as JSON without its braces; none before the first.
    state: Vec<u8>,
    /// The last looks and when they were.
    looks: VecDeque<(u64, Instant)>,
}

/// How many looks are remembered: as many as the most eager can want in a quarter of a minute.
const LOOKS: usize = 60;

/// What has come between two looks.
#[derive(Clone, Debug)]
pub(crate) struct Interval {
    /// How long it was.
    pub(crate) seconds: f64,
    /// The requests that were answered.
    pub(crate) latency: Snapshot,
    /// The queries that got a child.
    pub(crate) wait: Snapshot,
}

impl News {
    /// Nothing has been seen; the first look will have the number behind `tick`.
    pub(crate) fn new(tick: u64) -> Self {
        Self {
            tick,
            summary_tick: 0,
            summary: Body::Empty,
            trouble: None,
            state: Vec::new(),
            looks: VecDeque::new(),
        }
    }

    /// Somebody has looked. A `summary` of `None` says that burp has not answered yet; `interval`
    /// is missing where nobody had looked before.
    pub(crate) fn look(
        &mut self,
        moment: Instant,
        status: &Value,
        interval: Option<&Interval>,
        summary: Option<&Answer>,
    ) {
        self.tick = self.tick.saturating_add(1);
        self.looks.push_back((self.tick, moment));
        if self.looks.len() > LOOKS {
            self.looks.pop_front();
        }
        let interval = interval.map(|interval| {
            json!({
                "seconds": interval.seconds,
                "answered": interval.latency.count(),
                "p50_seconds": interval.latency.quantile(0.5),
                "p99_seconds": interval.latency.quantile(0.99),
                "queries": interval.wait.count(),
                "wait_p99_seconds": interval.wait.quantile(0.99),
            })
        });
        let interval = Value::from(interval);
        self.state = format!("\"interval\":{interval},\"status\":{status}").into_bytes();
        let Some(answer) = summary else { return };
        let (head, body) = (answer.head.as_bytes(), answer.body.as_bytes());
        let trouble = match head.first() {
            Some(b'O') => None,
            Some(b'E') => Some(String::from_utf8_lossy(body).into_owned()),
            _ => Some("burp only warned".to_owned()),
        };
        let changed = trouble.is_none() && body != self.summary.as_bytes();
        if changed {
            self.summary = answer.body.clone();
        }
        if changed || trouble != self.trouble {
            self.summary_tick = self.tick;
            self.trouble = trouble;
        }
    }

    /// Forgets what was seen: nothing of it may be true any more.
    pub(crate) fn forget(&mut self) {
        let tick = self.tick;
        *self = Self::new(tick);
    }

    /// Whether anything has been seen.
    pub(crate) fn is_known(&self) -> bool {
        !self.state.is_empty()
    }

    /// When somebody wants to be told more at the earliest: an interval after what was seen last, or
    /// a little less, since looks are not that exact. `None` if that was long ago, and for those who
    /// wait for another summary.
    pub(crate) fn due(&self, live: Live) -> Option<Instant> {
        let (_, seen) = self.looks.iter().find(|(tick, _)| *tick == live.after)?;
        if live.clients_only { None } else { seen.checked_add(live.interval / 8 * 7) }
    }

    /// Whether there is something new for somebody.
    pub(crate) fn is_for(&self, live: Live) -> bool {
        let tick = if live.clients_only { self.summary_tick } else { self.tick };
        self.is_known() && (tick > live.after || live.after > self.tick)
    }

    /// What somebody is shown who has seen everything up to the look `after`: a JSON object, the
    /// summary last and in burp's own bytes.
    pub(crate) fn body(&self, after: u64) -> Body {
        let mut body = format!("{{\"tick\":{},", self.tick).into_bytes();
        body.extend(&self.state);
        let trouble = Value::from(self.trouble.as_deref());
        body.extend(format!(",\"trouble\":{trouble}").as_bytes());
        let summary = self.summary.as_bytes();
        if self.knows_another_summary(after) && !summary.is_empty() {
            body.extend(b",\"summary\":");
            body.extend(summary);
        }
        body.push(b'}');
        Body::from(Arc::new(body))
    }

    /// Whether those who have seen everything up to `after` lack the summary: they share one body.
    pub(crate) fn knows_another_summary(&self, after: u64) -> bool {
        self.summary_tick > after || after > self.tick
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer;
    use ostler_runtime::now;

    const SUMMARY: &[u8] = br#"{"clients":[]}"#;

    fn seen(news: &News, after: u64) -> Value {
        serde_json::from_slice(news.body(after).as_bytes()).unwrap()
    }

    fn live(after: u64, clients_only: bool) -> Live {
        Live { after, clients_only, ..Live::default() }
    }

    #[test]
    fn the_summary_is_shown_to_those_who_have_not_seen_it() {
        let mut news = News::new(100);
        assert!(!news.is_for(live(0, false)), "nobody has looked");
        news.look(now(), &json!({}), None, None);
        assert!(news.is_for(live(0, false)) && !news.is_for(live(0, true)), "no summary yet");
        let ok = answer::ok(Body::Static(SUMMARY));
        news.look(now(), &json!({"n": 1}), None, Some(&ok));
        assert_eq!(
            seen(&news, 0),
            json!({"tick": 102, "interval": null, "status": {"n": 1}, "trouble": null,
                   "summary": {"clients": []}})
        );
        news.look(now(), &json!({"n": 2}), None, Some(&ok));
        assert_eq!(seen(&news, 102).get("summary"), None);
        assert!(news.is_for(live(102, false)) && !news.is_for(live(103, false)));
        assert!(!news.is_for(live(102, true)), "the summary is the same");
        assert!(seen(&news, 999).get("summary").is_some(), "what another daemon told");
    }

    #[test]
    fn trouble_is_news_and_leaves_the_last_summary() {
        let mut news = News::new(0);
        news.look(now(), &json!({}), None, Some(&answer::ok(Body::Static(SUMMARY))));
        news.look(now(), &json!({}), None, Some(&answer::er("burp is away")));
        assert!(news.is_for(live(1, true)));
        let shown = seen(&news, 1);
        assert_eq!(shown["trouble"], "burp is away");
        assert_eq!(shown["summary"], json!({"clients": []}));
        news.look(now(), &json!({}), None, None);
        assert!(!news.is_for(live(2, true)), "no answer yet is no news");
        assert_eq!(seen(&news, 2)["trouble"], "burp is away");
    }

    #[test]
    fn who_has_seen_a_look_is_due_an_interval_later_and_what_is_forgotten_is_news_again() {
        let mut news = News::new(0);
        let moment = now();
        let ok = answer::ok(Body::Static(SUMMARY));
        news.look(moment, &json!({}), None, Some(&ok));
        let due = news.due(live(1, false)).unwrap();
        assert!(due > moment && due < moment + Live::INTERVAL);
        assert_eq!(news.due(live(1, true)), None, "a summary is told as soon as it has changed");
        assert_eq!(news.due(live(9, false)), None, "nobody knows when that was");
        news.forget();
        assert!(!news.is_known() && !news.is_for(live(0, false)));
        news.look(moment, &json!({}), None, None);
        assert_eq!(seen(&news, 0).get("summary"), None, "an old one is not told");
        news.look(moment, &json!({}), None, Some(&ok));
        assert!(news.is_for(live(2, true)), "though it may be the same");
    }
}
