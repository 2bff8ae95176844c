//! Who writes to a master from afar: the channel that brings what it wants.

use std::collections::VecDeque;

use crate::channel::ChannelLimits;
use crate::command::Content;
use crate::consumer::{Consumer, Next, Say};

/// See the module.
#[derive(Debug)]
pub(crate) struct Writer {
    consumer: Consumer<Content>,
    /// The numbers of changes, and of the event up to which all is kept for good once they are done.
    marks: VecDeque<(u64, u64)>,
    /// The number of the last event of which everything is kept for good.
    kept: u64,
    /// Whether it has gone: it stays until what it wanted is kept for good.
    leaves: bool,
    /// Whether it has said so itself, and will not say once more what was on its way.
    is_over: bool,
    /// Ticks since it was heard.
    silent: u64,
    /// As many are too many.
    patience: u64,
}

impl Writer {
    /// Whose first event has the number after `offset`.
    pub(crate) fn new(limits: ChannelLimits, offset: u64, heartbeat: u16) -> Self {
        let mut consumer = Consumer::new(limits);
        consumer.begin(offset, heartbeat);
        let patience = u64::from(limits.heartbeat).saturating_mul(limits.timeout.into());
        Self {
            consumer,
            marks: VecDeque::new(),
            kept: offset,
            leaves: false,
            is_over: false,
            silent: 0,
            patience,
        }
    }

    /// The number of the last event that was handed over.
    pub(crate) fn seq(&self) -> u64 {
        self.consumer.seq()
    }

    pub(crate) fn early(&self) -> usize {
        self.consumer.early()
    }

    /// Bytes of what came too early.
    pub(crate) fn early_bytes(&self) -> usize {
        self.consumer.early_bytes()
    }

    /// Whether it is at the event of this number.
    pub(crate) fn expects(&self, seq: u64) -> bool {
        self.consumer.expects(seq)
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.consumer.is_idle()
    }

    /// It has gone, or has come back.
    pub(crate) fn set_leaving(&mut self, leaves: bool) {
        self.leaves = leaves;
        self.is_over &= leaves;
        self.silent = 0;
    }

    /// It says goodbye.
    pub(crate) fn goodbye(&mut self) {
        self.is_over = true;
    }

    /// How many events are lost when it has gone: whoever comes back says them once more.
    pub(crate) fn lost_with_it(&self) -> usize {
        if self.is_over { self.early() } else { 0 }
    }

    /// Whether it has gone, and nothing of it is left to be done.
    pub(crate) fn has_left(&mut self, done: u64) -> bool {
        self.ack(done);
        self.leaves && self.marks.is_empty()
    }

    /// Whether it was not heard for too long.
    pub(crate) fn is_silent(&self) -> bool {
        self.silent >= self.patience
    }

    pub(crate) fn event(&mut self, seq: u64, action: Content, bytes: usize) {
        self.silent = 0;
        self.consumer.event(seq, action, bytes);
    }

    pub(crate) fn heard(&mut self, seq: u64) {
        self.silent = 0;
        self.consumer.heard(seq);
    }

    pub(crate) fn lost(&mut self, seq: u64) {
        self.silent = 0;
        self.consumer.lost(seq);
    }

    /// What it wants next, if that is there.
    pub(crate) fn next(&mut self) -> Option<Next<Content>> {
        self.consumer.next()
    }

    /// What it is asked for before the next tick, if anything.
    pub(crate) fn asks_on(&mut self, done: u64) -> Option<Content> {
        self.consumer.asks_on().map(|seqs| self.nack(seqs, done))
    }

    /// What was handed over last is kept for good once so many changes are done.
    pub(crate) fn acted(&mut self, made: u64) {
        let seq = self.consumer.seq();
        match self.marks.back_mut() {
            Some((last, up_to)) if *last == made => *up_to = seq,
            _ => self.marks.push_back((made, seq)),
        }
    }

    /// Up to where all is kept for good, once so many changes are done.
    pub(crate) fn ack(&mut self, done: u64) -> Content {
        while let Some((made, seq)) = self.marks.front().copied() {
            if made > done {
                break;
            }
            self.kept = seq;
            self.marks.pop_front();
        }
        // What is lost in between is as good as kept.
        if self.marks.is_empty() {
            self.kept = self.consumer.seq();
        }
        Content::CumulativeAck { seq: self.kept }
    }

    /// Time has passed: what it is told. No more than `most` missing events are asked for.
    pub(crate) fn tick(&mut self, done: u64, most: usize) -> Option<Content> {
        self.silent = self.silent.saturating_add(1);
        match self.consumer.tick(most) {
            Say::Nothing => None,
            Say::Ack => Some(self.ack(done)),
            Say::Nack(seqs) => Some(self.nack(seqs, done)),
        }
    }

    /// What says that these are missing, once so many changes are done. Whoever hears that forgets all
    /// before the first: what is not kept yet is not to be forgotten, and so the first of it is named
    /// too. It comes once more, which changes nothing.
    pub(crate) fn nack(&mut self, mut seqs: Vec<u64>, done: u64) -> Content {
        self.ack(done);
        if self.kept < self.consumer.seq() {
            seqs.insert(0, self.kept.saturating_add(1));
        }
        Content::Nack { seqs }
    }
}

#[cfg(test)]
#[path = "writer_cases.rs"]
mod cases;
