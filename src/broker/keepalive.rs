//! Whether a peer is still there: what its silence means. Pure, without a clock.
//!
//! The original sends no pings of its own accord, but answers any; so a node can ask it.

use std::time::{Duration, Instant};

/// What is known of a peer's life.
#[derive(Debug)]
pub(crate) struct Keepalive {
    /// When bytes of it came last, or were not read.
    heard: Instant,
    /// When bytes of it came last, or it was asked.
    quiet: Instant,
    /// The question that awaits its answer, and when it was asked.
    asked: Option<(u64, Instant)>,
    /// When it was first asked since then, and could have answered.
    unanswered: Option<Instant>,
    /// How many questions were asked.
    questions: u64,
    ask_after: Duration,
    dead_after: Duration,
}

/// Whether the bytes of a peer are read, which says what its silence means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reading {
    /// As they come.
    On,
    /// Not now, because what it sent before has not been taken yet.
    Held,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Alive,
    /// It is to be asked with this payload.
    Ask([u8; 8]),
    /// It has been silent for too long: this long.
    Dead(Duration),
}

impl Keepalive {
    pub(crate) fn new(ask_after: Duration, dead_after: Duration, now: Instant) -> Self {
        Self {
            heard: now,
            quiet: now,
            asked: None,
            unanswered: None,
            questions: 0,
            ask_after,
            dead_after,
        }
    }

    /// Bytes of the peer came.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.quiet = now;
        self.unanswered = None;
    }

    /// Time has passed.
    pub(crate) fn tick_as(&mut self, reading: Reading, now: Instant) -> Verdict {
        match reading {
            Reading::On => self.tick(now),
            Reading::Held => self.tick_held(now),
        }
    }

    fn tick(&mut self, now: Instant) -> Verdict {
        let silence = now.saturating_duration_since(self.heard);
        // Where it is this node that was away, as on a guest that was stopped, it has its time to
        // answer all the same.
        let patience = self.dead_after.saturating_sub(self.ask_after);
        let is_mute = |asked| now.saturating_duration_since(asked) >= patience;
        if silence >= self.dead_after && self.unanswered.is_some_and(is_mute) {
            return Verdict::Dead(silence);
        }
        let verdict = self.ask(now);
        if matches!(verdict, Verdict::Ask(_)) {
            self.unanswered.get_or_insert(now);
        }
        verdict
    }

    /// The same while the peer is not read: its silence means nothing, and it is asked only that it
    /// hears something.
    fn tick_held(&mut self, now: Instant) -> Verdict {
        // It has all its time once it is read again.
        self.heard = now;
        self.unanswered = None;
        self.ask(now)
    }

    fn ask(&mut self, now: Instant) -> Verdict {
        // A question that is not answered is asked again: it may have been lost in a queue.
        if now.saturating_duration_since(self.quiet) < self.ask_after {
            return Verdict::Alive;
        }
        self.quiet = now;
        self.questions = self.questions.saturating_add(1);
        self.asked = Some((self.questions, now));
        Verdict::Ask(self.questions.to_be_bytes())
    }

    /// The peer answered a question: after how long, if it was the last one.
    pub(crate) fn answered(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let (_, asked) = self.asked.take_if(|(asked, _)| payload == asked.to_be_bytes())?;
        Some(now.saturating_duration_since(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_silent_peer_is_asked_and_given_up_in_the_end() {
        let start = ostler_runtime::now();
        let at = |seconds| start + seconds * SECOND;
        let mut life = Keepalive::new(20 * SECOND, 60 * SECOND, start);
        assert_eq!(life.tick(at(19)), Verdict::Alive);
        let Verdict::Ask(first) = life.tick(at(20)) else { panic!() };
        assert_eq!((life.tick(at(21)), life.tick(at(39))), (Verdict::Alive, Verdict::Alive));
        let Verdict::Ask(second) = life.tick(at(40)) else { panic!() };
        assert!(first != second);
        assert_eq!(life.answered(&first, at(41)), None, "the last question counts");
        assert_eq!(life.tick(at(59)), Verdict::Alive);
        assert_eq!(life.tick(at(60)), Verdict::Dead(60 * SECOND));
    }

    #[test]
    fn after_a_pause_of_this_node_a_peer_has_its_time_to_answer() {
        let start = ostler_runtime::now();
        let at = |seconds| start + seconds * SECOND;
        let mut life = Keepalive::new(20 * SECOND, 60 * SECOND, start);
        assert!(matches!(life.tick(at(1000)), Verdict::Ask(_)));
        assert_eq!(life.tick(at(1019)), Verdict::Alive);
        assert!(matches!(life.tick(at(1020)), Verdict::Ask(_)));
        assert_eq!(life.tick(at(1039)), Verdict::Alive);
        assert_eq!(life.tick(at(1040)), Verdict::Dead(1040 * SECOND));
    }

    #[test]
    fn who_is_not_read_is_asked_now_and_then_and_not_given_up() {
        let start = ostler_runtime::now();
        let at = |seconds| start + seconds * SECOND;
        let mut life = Keepalive::new(20 * SECOND, 60 * SECOND, start);
        for seconds in 1..=200 {
            let asks = matches!(life.tick_held(at(seconds)), Verdict::Ask(_));
            assert_eq!(asks, seconds % 20 == 0, "{seconds}");
        }
        assert!(matches!(life.tick(at(220)), Verdict::Ask(_)));
        assert_eq!(life.tick(at(260)), Verdict::Dead(60 * SECOND));
    }

    #[test]
    fn whoever_speaks_or_answers_is_alive() {
        let start = ostler_runtime::now();
        let at = |seconds| start + seconds * SECOND;
        let mut life = Keepalive::new(20 * SECOND, 60 * SECOND, start);
        life.heard(at(19));
        assert_eq!(life.tick(at(38)), Verdict::Alive);
        let Verdict::Ask(question) = life.tick(at(39)) else { panic!() };
        life.heard(at(42));
        assert_eq!(life.answered(b"something", at(42)), None);
        assert_eq!(life.answered(&question, at(42)), Some(3 * SECOND));
        assert_eq!(life.answered(&question, at(42)), None, "once");
        assert_eq!(life.tick(at(61)), Verdict::Alive);
        assert!(matches!(life.tick(at(62)), Verdict::Ask(_)));
    }
}
