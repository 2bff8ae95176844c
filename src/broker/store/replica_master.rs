//! What a clone and its master say to each other, and what the clone does when the master is silent.

use std::time::Duration;

use broker_data::{Data, EndpointId};

use crate::command::{Command, Content};
use crate::command_write::readdressed;
use crate::consumer::{Consumer, MAX_ASKED, Next, Say};
use crate::entity_id::EntityId;
use crate::output::Notice;
use crate::producer::{MAX_RESENT, Nacked, Resend};
use crate::replica::{READER, Replica, Standing};
use crate::store_error::StoreError;
use crate::subject::Subject;

/// How many signs of life of a master that is there must fail to come before it may have gone.
const SILENCE: u64 = 6;
/// Ticks for which a master is looked for often, first.
const EAGER: u64 = 100;
/// Ticks between two calls for a master then.
const CALL: u64 = 2;
/// How often missing events are asked for in vain before the clone begins again.
const IN_VAIN: u32 = 10;
/// Ticks after which a master that does not acknowledge what is written may not know the writer.
const UNHEARD: u64 = 30;

impl Replica {
    /// Takes a command of a master; it took so many bytes.
    pub fn command(&mut self, command: Command, bytes: usize) {
        let Command { seq, sender, receiver, content } = command;
        if !receiver.is_nil() && receiver != self.id {
            return;
        }
        let is_known = self.master == Some(sender);
        // While it begins again, what it has is no copy of anything.
        if is_known && self.standing != Standing::BeginningAgain {
            self.is_heard();
        }
        match content {
            Content::AckClone { offset, heartbeat, snapshot } => {
                self.snapshot(sender, offset, heartbeat, snapshot);
            }
            // Of what came before a snapshot nobody knows what it is about.
            _ if !is_known => return,
            Content::Keepalive { seq } => {
                // One that counts from the beginning again is another one of the same name. Once may
                // be one that was overtaken.
                self.is_behind =
                    if seq < self.input.seq() { self.is_behind.saturating_add(1) } else { 0 };
                if self.is_behind > 1 {
                    self.begin_again();
                } else {
                    self.input.heard(seq);
                }
            }
            Content::RetransmitFailed { seq } if self.input.has_begun() => {
                if seq > self.input.seq() {
                    self.begin_again();
                }
            }
            Content::CumulativeAck { seq } => self.acknowledged(seq),
            Content::Nack { seqs } => self.resend(&seqs),
            Content::AttachWriter { .. } | Content::RetransmitFailed { .. } => {}
            action => self.input.event(seq, action, bytes),
        }
        self.pump();
    }

    /// Time has passed.
    pub fn tick(&mut self) {
        self.ticks = self.ticks.saturating_add(1);
        let silent = self.silent_ticks();
        // Also one that has never found a master.
        if self.options.stale.is_some_and(|limit| silent == self.ticks(limit)) {
            self.out.notices.push(Notice::Stale);
        }
        if let Some(master) = self.master {
            if silent >= self.silence() && self.is_attached() {
                self.standing = Standing::Silent;
                self.lost = self.ticks;
                self.out.notices.push(Notice::MasterSilent(master));
                self.call();
            }
            self.talk(master);
        }
        if !self.is_attached() {
            self.search();
        }
    }

    /// A node that may have the master is there: it is called now, not when its time has come.
    pub fn master_may_be_back(&mut self) {
        if !self.is_attached() {
            self.lost = self.ticks;
            self.call();
        }
    }

    /// A node is not there any more: if it has the master, that is not heard until it is back.
    pub fn endpoint_gone(&mut self, id: EndpointId) {
        if let Some(master) = self.master.filter(|master| master.endpoint == id) {
            self.is_lost(master);
        }
    }

    /// Says goodbye to the master, for good: what was not delivered is not any more.
    pub fn end(&mut self) {
        self.drop_writes(self.writes.unacked());
        self.leave();
    }

    fn leave(&mut self) {
        if let Some(master) = self.master {
            self.out.control(master.endpoint, self.id, master, Content::goodbye());
        }
    }

    /// Whether a master is there.
    pub fn is_attached(&self) -> bool {
        self.standing == Standing::Attached
    }

    /// Ticks without a word of a master after which it may have gone.
    fn silence(&self) -> u64 {
        SILENCE.saturating_mul(self.heartbeat.into())
    }

    /// So long in ticks, at least.
    pub(crate) fn ticks(&self, time: Duration) -> u64 {
        let tick = self.limits.tick.as_nanos().max(1);
        u64::try_from(time.as_nanos().div_ceil(tick)).unwrap_or(u64::MAX)
    }

    pub(crate) fn silent_ticks(&self) -> u64 {
        self.ticks.saturating_sub(self.heard)
    }

    fn is_lost(&mut self, master: EntityId) {
        if self.is_attached() {
            self.standing = Standing::Silent;
            self.lost = self.ticks;
            self.out.notices.push(Notice::MasterSilent(master));
            self.call();
        }
    }

    fn is_heard(&mut self) {
        self.heard = self.ticks;
        if self.standing == Standing::Silent {
            self.standing = Standing::Attached;
            // It may have parted with a writer that it did not hear for long.
            self.attach_writer();
        }
    }

    /// What is said to a master at each tick.
    fn talk(&mut self, master: EntityId) {
        match self.input.tick(MAX_ASKED) {
            Say::Nothing => {}
            Say::Ack => {
                let seq = self.input.seq();
                let ack = Content::CumulativeAck { seq };
                self.out.control(master.endpoint, self.id, master, ack);
            }
            Say::Nack(_) if self.input.in_vain() > IN_VAIN => self.begin_again(),
            Say::Nack(seqs) => {
                self.out.control(master.endpoint, self.id, master, Content::Nack { seqs });
            }
        }
        if self.writes.tick() {
            let seq = self.writes.seq();
            if !self.is_writing {
                self.attach_writer();
            }
            let alive = Content::Keepalive { seq };
            self.out.control(EndpointId::NIL, self.id, EntityId::NIL, alive);
        }
        if self.writes.unacked() == 0 {
            self.heeded = self.ticks;
        } else if self.ticks.saturating_sub(self.heeded) >= UNHEARD {
            self.heeded = self.ticks;
            self.attach_writer();
        }
    }

    /// Looks for a master, often at first.
    fn search(&mut self) {
        let since = self.ticks.saturating_sub(self.lost);
        let pause = if since < EAGER { CALL } else { self.ticks(self.options.resync).max(CALL) };
        if self.ticks.saturating_sub(self.called) >= pause {
            self.call();
        }
        self.give_up();
    }

    /// Drops what was written too long ago.
    fn give_up(&mut self) {
        let patience = self.ticks(self.options.mutation_buffer);
        let mut dropped = 0_usize;
        while let Some((tick, seq)) = self.ages.front().copied() {
            if self.ticks.saturating_sub(tick) < patience {
                break;
            }
            self.ages.pop_front();
            dropped = dropped.saturating_add(self.writes.forget(seq));
            self.unanswered(seq, |name| StoreError::NoMaster(name.to_owned()));
        }
        self.drop_writes(dropped);
    }

    fn drop_writes(&mut self, count: usize) {
        if count > 0 {
            self.dropped = self.dropped.saturating_add(count as u64);
            self.out.notices.push(Notice::Undelivered(count));
        }
    }

    /// How many writes found no master in time, or were not delivered at the end.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Questions of writes up to this one get no other answer.
    fn unanswered(&mut self, seq: u64, why: impl Fn(&str) -> StoreError) {
        while let Some((asked, request)) = self.questions.front().copied() {
            if asked > seq {
                break;
            }
            self.questions.pop_front();
            self.out.answers.push((request, Err(why(&self.name))));
        }
    }

    pub(crate) fn call(&mut self) {
        self.called = self.ticks;
        let call = Content::asks_for_snapshot();
        self.out.control(EndpointId::NIL, self.id, EntityId::NIL, call);
    }

    /// Has the master forget the clone, and begins with a new snapshot.
    fn begin_again(&mut self) {
        if self.standing != Standing::BeginningAgain {
            self.standing = Standing::BeginningAgain;
            self.lost = self.ticks;
            self.leave();
            self.call();
        }
    }

    fn acknowledged(&mut self, seq: u64) {
        self.is_writing = true;
        if seq > self.writes.acked() {
            self.heeded = self.ticks;
        }
        self.writes.ack(READER, seq);
        while self.ages.front().is_some_and(|(_, last)| *last <= seq) {
            self.ages.pop_front();
        }
    }

    /// Sends what the master misses.
    fn resend(&mut self, seqs: &[u64]) {
        let Some(master) = self.master else { return };
        if seqs.first().is_none_or(|first| *first == 0) || !seqs.is_sorted() {
            return;
        }
        let Some(Nacked::Resend(resend)) = self.writes.nack(READER, seqs) else { return };
        for one in resend {
            match one {
                Resend::Event(_, event) => {
                    self.out.again(EndpointId::NIL, readdressed(&event, master).into());
                }
                Resend::Lost(seq) => {
                    let lost = Content::RetransmitFailed { seq };
                    self.out.control(EndpointId::NIL, self.id, master, lost);
                }
            }
        }
    }

    /// Opens the way on which the master is written to.
    fn attach_writer(&mut self) {
        let Some(master) = self.master else { return };
        let (offset, heartbeat) = (self.writes.acked(), self.limits.heartbeat);
        let open = Content::AttachWriter { offset, heartbeat };
        self.out.control(EndpointId::NIL, self.id, master, open);
    }

    /// A master has sent a snapshot.
    fn snapshot(
        &mut self,
        sender: EntityId,
        offset: u64,
        heartbeat: u16,
        snapshot: Vec<(Data, Data)>,
    ) {
        let is_known = self.master == Some(sender);
        if !is_known && self.is_attached() {
            self.out.notices.push(Notice::AnotherMaster(sender));
            self.out.control(sender.endpoint, self.id, sender, Content::goodbye());
            return;
        }
        // One of the original tells a clone that it knows from where it told it first: all is as it was.
        let begins = self.standing == Standing::BeginningAgain;
        if is_known && !begins && offset < self.input.seq() {
            return;
        }
        if !is_known || begins {
            // What has come early is kept if there was no other master that it may be of.
            if self.has_begun() {
                self.input = Consumer::new(self.limits);
            }
            self.is_writing = false;
        }
        self.master = Some(sender);
        self.standing = Standing::Attached;
        self.heartbeat = heartbeat.max(self.limits.heartbeat);
        self.is_behind = 0;
        self.heard = self.ticks;
        self.heeded = self.ticks;
        self.input.begin(offset, heartbeat);
        self.adopt(snapshot, sender);
        self.out.notices.push(Notice::Attached(sender));
        let ack = Content::CumulativeAck { seq: self.input.seq() };
        self.out.control(sender.endpoint, self.id, sender, ack);
        self.attach_writer();
        // Of what the master has taken already, the answers may have been among what is left out.
        let acked = self.writes.acked();
        self.unanswered(acked, timeout);
        // The master asks for the rest.
        for event in self.writes.events().take(MAX_RESENT) {
            self.out.event(EndpointId::NIL, readdressed(event, sender).into());
        }
    }

    fn pump(&mut self) {
        while let Some(next) = self.input.next() {
            match next {
                Next::Event(action) => self.apply(action),
                Next::Lost => self.begin_again(),
            }
        }
        if let Some(master) = self.master.filter(|_| self.standing != Standing::BeginningAgain)
            && let Some(seqs) = self.input.asks_on()
        {
            self.out.control(master.endpoint, self.id, master, Content::Nack { seqs });
        }
    }

    /// The question of this number is answered.
    pub(crate) fn answered(&mut self, request: u64, answer: Data) {
        // It is answered in the order in which it was asked: those before it were passed over, as what
        // the master could not do.
        if let Some(place) = self.questions.iter().position(|(_, asked)| *asked == request) {
            let passed = self.questions.drain(..=place).take(place);
            self.out.answers.extend(passed.map(|(_, asked)| (asked, Err(timeout(&self.name)))));
        }
        self.out.answers.push((request, Ok(answer)));
    }
}

/// What was asked of the master `name` has no answer.
fn timeout(name: &str) -> StoreError {
    StoreError::Timeout(Subject::new(name, "put_unique", None))
}

#[cfg(test)]
#[path = "replica_master_cases.rs"]
mod cases;
