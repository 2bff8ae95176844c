//! Who hears a master and writes to it: how they come, go, and what becomes of those that are slow.

use broker_data::Data;

use crate::command::Content;
use crate::effect::Effect;
use crate::entity_id::EntityId;
use crate::master::Master;
use crate::output::Notice;
use crate::producer::{Nacked, Resend};
use crate::store_error::StoreError;
use crate::writer::Writer;

/// Writers that have gone and of which it is known how far they were, at most.
const MAX_FORMER: usize = 1024;
/// Ticks for which clones that are slow may hold up everything.
const MAX_FULL: u64 = 50;
/// The same for a clone that has yet to take the snapshot that it was sent.
const MAX_BEGINNING: u64 = 300;
/// Ticks for which there is no other snapshot after one that was too long.
const TOO_LONG: u64 = 100;
/// The part of a snapshot that is little, if no more is left.
const LITTLE: usize = 4;
/// Clones that a master has, and writers, at most.
pub const MAX_CLONES: usize = 1024;
/// Clones that wait for a snapshot, at most: others ask again.
const MAX_JOINING: usize = 16;

impl Master {
    pub(crate) fn attach_writer(&mut self, id: EntityId, offset: u64, heartbeat: u16) {
        if self.writers.len() >= MAX_CLONES && !self.writers.contains_key(&id) {
            self.out.notices.push(Notice::TooMany(id));
            return;
        }
        let done = self.storage.done();
        let former = self.former.iter().find(|(one, _)| *one == id);
        let from = former.map_or(offset, |(_, seq)| offset.max(*seq));
        let limits = self.limits;
        let new = || Writer::new(limits, from, heartbeat);
        let writer = self.writers.entry(id).or_insert_with(new);
        writer.set_leaving(false);
        let ack = writer.ack(done);
        self.out.control(id.endpoint, self.id, id, ack);
    }

    /// A clone has all events up to this one. One that has been parted with may not know: if there is no
    /// other one, nobody is told of changes, and it still hears what is said of its writes.
    pub(crate) fn ack(&mut self, id: EntityId, seq: u64) {
        if self.clones.ids().any(|one| one == id) || self.joining.contains(&id) {
            self.clones.ack(id, seq);
        } else {
            self.is_lost(id, seq.saturating_add(1));
        }
    }

    pub(crate) fn nack(&mut self, id: EntityId, seqs: &[u64]) {
        match self.clones.nack(id, seqs) {
            Some(Nacked::Begins) => self.join(id),
            None if seqs == [0] => self.join(id),
            Some(Nacked::Left) => {
                if let Some(writer) = self.writers.get_mut(&id) {
                    writer.goodbye();
                }
                self.gone(id, "it said goodbye");
            }
            Some(Nacked::Resend(resend)) => {
                for one in resend {
                    match one {
                        Resend::Event(_, event) => self.out.again(id.endpoint, event),
                        Resend::Lost(seq) => self.is_lost(id, seq),
                    }
                }
            }
            // It is told that it has been parted with.
            None => {
                if let Some(first) = seqs.first().filter(|_| seqs.is_sorted()) {
                    self.is_lost(id, *first);
                }
            }
        }
    }

    pub(crate) fn is_lost(&mut self, id: EntityId, seq: u64) {
        self.out.control(id.endpoint, self.id, id, Content::RetransmitFailed { seq });
    }

    pub(crate) fn join(&mut self, id: EntityId) {
        if self.joining.contains(&id)
            || self.clones.has_just_begun(id)
            || self.ticks < self.too_long_until
        {
            return;
        }
        if self.clones.consumers().saturating_add(self.joining.len()) >= MAX_CLONES {
            self.out.notices.push(Notice::TooMany(id));
            return;
        }
        if self.joining.len() >= MAX_JOINING || self.snapshot_bytes >= self.limits.bytes {
            return;
        }
        match self.storage.snapshot(self.limits.command) {
            Ok(Some(snapshot)) => {
                self.has_much(snapshot.left());
                let snapshot = snapshot.into_values();
                let weight =
                    |(key, value): &(Data, Data)| key.weight().saturating_add(value.weight());
                let bytes = snapshot.iter().map(weight).sum();
                self.snapshot_bytes = self.snapshot_bytes.saturating_add(bytes);
                self.joining.insert(id);
                self.say(Effect::Snapshot(id, snapshot));
            }
            Ok(None) => self.has_too_much(id),
            Err(error) => {
                let error = StoreError::backend(&self.name, &error);
                self.out.notices.push(Notice::NoSnapshot(id, error));
            }
        }
    }

    /// A snapshot might have had so many bytes more. If that is little, it is said, before there is no
    /// snapshot any more: once for each time that it gets little.
    fn has_much(&mut self, left: usize) {
        let most = self.limits.command;
        let is_little = |left: usize| left < most.div_euclid(LITTLE);
        if is_little(left) && !is_little(self.snapshot_left) {
            self.out.notices.push(Notice::LongSnapshot(most.saturating_sub(left), most));
        }
        self.snapshot_left = left;
    }

    /// A clone cannot begin: all entries together are too many. Nobody can, for a while, and nobody
    /// looks at them all before.
    pub(crate) fn has_too_much(&mut self, id: EntityId) {
        self.too_long_until = self.ticks.saturating_add(TOO_LONG);
        let error = StoreError::unfit("all entries together are longer than peers take");
        self.out.notices.push(Notice::NoSnapshot(id, error));
    }

    /// A clone has gone, and with it who writes for it.
    pub(crate) fn gone(&mut self, id: EntityId, why: &'static str) {
        self.part_with(id);
        self.out.notices.push(Notice::CloneGone(id, why));
    }

    pub(crate) fn part_with(&mut self, id: EntityId) {
        if let Some(writer) = self.writers.get_mut(&id) {
            writer.set_leaving(true);
        }
        self.let_go();
    }

    /// Forgets writers that have gone, but for how far they were.
    pub(crate) fn let_go(&mut self) {
        let done = self.storage.done();
        let left = |(id, writer): (&EntityId, &mut Writer)| writer.has_left(done).then_some(*id);
        let gone: Vec<EntityId> = self.writers.iter_mut().filter_map(left).collect();
        for id in gone {
            let Some(writer) = self.writers.remove(&id) else { continue };
            self.early_bytes = self.early_bytes.saturating_sub(writer.early_bytes());
            let lost = writer.lost_with_it();
            if lost > 0 {
                self.out.notices.push(Notice::Lost(id, lost));
            }
            self.former.retain(|(one, _)| *one != id);
            self.former.push_back((id, writer.seq()));
            if self.former.len() > MAX_FORMER {
                self.former.pop_front();
            }
        }
    }

    /// Parts with the clones that have held up all others for too long.
    pub(crate) fn drop_slowest(&mut self) {
        if self.clones.is_full() {
            for id in self.clones.drop_gone() {
                self.gone(id, "its endpoint is not there");
            }
        }
        self.full_ticks = if self.clones.is_full() { self.full_ticks.saturating_add(1) } else { 0 };
        if self.full_ticks >= MAX_FULL {
            let slow = self.clones.drop_slowest(self.full_ticks < MAX_BEGINNING);
            if !slow.is_empty() {
                self.full_ticks = 0;
            }
            for id in slow {
                self.gone(id, "it was too slow");
            }
        }
    }

    /// Another master comes before this one: clones are to begin again, with that one. Those that wait
    /// for a snapshot ask again, and not this one.
    pub fn step_back(&mut self) {
        self.joining.clear();
        for (_, effect) in &mut self.held {
            if matches!(effect, Effect::Snapshot(..)) {
                *effect = Effect::Nothing;
            }
        }
        let clones: Vec<EntityId> = self.clones.ids().collect();
        let seq = self.clones.next_seq();
        for id in clones {
            self.is_lost(id, seq);
            self.clones.remove(id);
            self.part_with(id);
        }
    }

    /// Tells all who write what is kept for good of it, as before an end.
    pub fn acknowledge(&mut self) {
        let done = self.storage.done();
        for (id, writer) in &mut self.writers {
            let ack = writer.ack(done);
            self.out.control(id.endpoint, self.id, *id, ack);
        }
    }
}

#[cfg(test)]
#[path = "master_clones_cases.rs"]
mod cases;
