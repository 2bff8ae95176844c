//! Commands, written.

use broker_data::{Data, Timespan, varbyte};

use crate::command::{Command, Content};
use crate::entity_id::EntityId;

/// Where the fields stand that a command has before its kind.
mod at {
    use std::ops::Range;

    pub(super) const SEQ: Range<usize> = 0..8;
    pub(super) const RECEIVER: Range<usize> = 32..56;
}

impl Command {
    /// Appends the command's form on the wire.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.seq.to_be_bytes());
        entity(&self.sender, out);
        entity(&self.receiver, out);
        self.content.encode(out);
    }
}

/// Gives a command another number.
pub(crate) fn renumber(command: &mut [u8], seq: u64) {
    if let Some(field) = command.get_mut(at::SEQ) {
        field.copy_from_slice(&seq.to_be_bytes());
    }
}

/// The same command for another receiver.
pub(crate) fn readdressed(command: &[u8], receiver: EntityId) -> Vec<u8> {
    let mut copy = command.to_vec();
    let mut bytes = Vec::new();
    entity(&receiver, &mut bytes);
    if let Some(field) = copy.get_mut(at::RECEIVER) {
        field.copy_from_slice(&bytes);
    }
    copy
}

impl Content {
    /// Appends the kind and what it says.
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Put { key, value, expiry, publisher } => {
                out.push(0);
                key.encode(out);
                value.encode(out);
                span(*expiry, out);
                entity(publisher, out);
            }
            Self::PutUnique { key, value, expiry, who, request, publisher } => {
                out.push(1);
                key.encode(out);
                value.encode(out);
                span(*expiry, out);
                entity(who, out);
                out.extend_from_slice(&request.to_be_bytes());
                entity(publisher, out);
            }
            Self::PutUniqueResult { inserted, who, request, publisher } => {
                out.push(2);
                out.push(u8::from(*inserted));
                entity(who, out);
                out.extend_from_slice(&request.to_be_bytes());
                entity(publisher, out);
            }
            Self::Erase { key, publisher } => keyed(3, key, publisher, out),
            Self::Expire { key, publisher } => keyed(4, key, publisher, out),
            Self::Add { key, value, init, expiry, publisher } => {
                out.push(5);
                key.encode(out);
                value.encode(out);
                out.push(init.tag());
                span(*expiry, out);
                entity(publisher, out);
            }
            Self::Subtract { key, value, expiry, publisher } => {
                out.push(6);
                key.encode(out);
                value.encode(out);
                span(*expiry, out);
                entity(publisher, out);
            }
            Self::Clear { publisher } => {
                out.push(7);
                entity(publisher, out);
            }
            Self::AttachWriter { offset, heartbeat } => {
                out.push(8);
                out.extend_from_slice(&offset.to_be_bytes());
                out.extend_from_slice(&heartbeat.to_be_bytes());
            }
            Self::Keepalive { seq } => numbered(9, *seq, out),
            Self::CumulativeAck { seq } => numbered(10, *seq, out),
            Self::Nack { seqs } => {
                out.push(11);
                length(seqs.len(), out);
                out.extend(seqs.iter().flat_map(|seq| seq.to_be_bytes()));
            }
            Self::AckClone { offset, heartbeat, snapshot } => {
                out.push(12);
                out.extend_from_slice(&offset.to_be_bytes());
                out.extend_from_slice(&heartbeat.to_be_bytes());
                length(snapshot.len(), out);
                for (key, value) in snapshot {
                    key.encode(out);
                    value.encode(out);
                }
            }
            Self::RetransmitFailed { seq } => numbered(13, *seq, out),
        }
    }
}

fn entity(id: &EntityId, out: &mut Vec<u8>) {
    out.extend_from_slice(&id.endpoint.0);
    out.extend_from_slice(&id.object.to_be_bytes());
}

fn span(span: Option<Timespan>, out: &mut Vec<u8>) {
    out.push(u8::from(span.is_some()));
    if let Some(span) = span {
        out.extend_from_slice(&span.nanos().to_be_bytes());
    }
}

fn keyed(kind: u8, key: &Data, publisher: &EntityId, out: &mut Vec<u8>) {
    out.push(kind);
    key.encode(out);
    entity(publisher, out);
}

fn numbered(kind: u8, number: u64, out: &mut Vec<u8>) {
    out.push(kind);
    out.extend_from_slice(&number.to_be_bytes());
}

/// A length beyond 32 bits has no form; no frame has room for so much either.
fn length(length: usize, out: &mut Vec<u8>) {
    varbyte::write(u32::try_from(length).unwrap_or(u32::MAX), out);
}
