//! One frame between peers: its envelope, and the payload as it is on the wire. Made once, it goes
//! to every peer and every local subscriber without being copied.
//!
//! | offset | bytes | field |
//! | ---: | ---: | --- |
//! | 0 | 4 | length of what follows |
//! | 4 | 16 | sender: the node that this frame comes from, which need not be the first one |
//! | 20 | 16 | receiver, or nil for everybody who subscribed |
//! | 36 | 1 | kind |
//! | 37 | 2 | TTL: how many times it may be passed on |
//! | 39 | 2 | length of the topic |
//! | 41 | … | topic, then the payload |
//!
//! Among nodes of ours that have told each other that they understand it, data and commands for
//! everybody are tagged: the highest bit of the kind is set, and the last 16 bytes of the frame are
//! the [tag](crate::tag). A frame may be that much longer than others then.

use std::fmt;
use std::iter::repeat_n;
use std::sync::Arc;

use broker_data::{Data, DecodeError};
use thiserror::Error;

use crate::EndpointId;
use crate::tag::{TAG_BYTES, Tag};

/// Bytes of the length before each frame.
pub(crate) const LENGTH_BYTES: usize = 4;
/// Bytes of an envelope without its topic.
pub(crate) const ENVELOPE_BYTES: usize = 37;
/// Longest frame that the original accepts, without its length.
pub const MAX_FRAME_BYTES: usize = i32::MAX as usize - LENGTH_BYTES;
/// The TTL of a new message, as the original writes it.
pub const TTL: u16 = 16;
/// Set in the kind of a frame that ends with a tag.
const TAGGED: u8 = 0x80;

/// Where the fields stand in a frame with its length.
mod at {
    use std::ops::Range;

    pub(super) const SENDER: Range<usize> = 4..20;
    pub(super) const RECEIVER: Range<usize> = 20..36;
    pub(super) const KIND: usize = 36;
    pub(super) const TTL: Range<usize> = 37..39;
    pub(super) const TOPIC_BYTES: Range<usize> = 39..41;
    pub(super) const TOPIC: usize = 41;
}

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A value for the subscribers of its topic.
    Data = 1,
    /// Traffic of a store.
    Command = 2,
    /// The sender's new filter.
    RoutingUpdate = 3,
    /// Asks for a [`Pong`](Self::Pong) with the same payload.
    Ping = 4,
    /// Answers a [`Ping`](Self::Ping).
    Pong = 5,
}

impl Kind {
    /// The kind with this number on the wire.
    pub fn from_byte(byte: u8) -> Option<Self> {
        [Self::Data, Self::Command, Self::RoutingUpdate, Self::Ping, Self::Pong]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// An immutable frame, length included, cheap to clone. Its envelope is whole; what the payload
/// means has not been looked at.
#[derive(Clone, PartialEq, Eq)]
pub struct Message(Arc<[u8]>);

/// A frame is no message, or none can be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MessageError {
    /// The frame ends within the envelope or the topic.
    #[error("a message of {0} bytes, which ends within its envelope")]
    Short(usize),
    /// There is no such kind.
    #[error("a message of the unknown kind {0}")]
    UnknownKind(u8),
    /// Topic or payload are longer than the wire allows.
    #[error("a message of {0} bytes, which no peer takes")]
    TooLong(usize),
}

impl Message {
    /// A new message: `topic` is one of at most [`Topic::MAX_BYTES`](crate::Topic::MAX_BYTES).
    pub fn new(
        sender: EndpointId,
        receiver: EndpointId,
        kind: Kind,
        ttl: u16,
        topic: &[u8],
        payload: &[u8],
    ) -> Result<Self, MessageError> {
        let size = at::TOPIC.saturating_add(topic.len()).saturating_add(payload.len());
        let mut frame = Vec::with_capacity(size.min(MAX_FRAME_BYTES));
        write_envelope(sender, receiver, kind, ttl, topic, &mut frame)?;
        frame.extend_from_slice(payload);
        Self::finish(&mut frame)
    }

    /// A new message of `data`.
    pub fn data(
        sender: EndpointId,
        receiver: EndpointId,
        topic: &[u8],
        data: &Data,
    ) -> Result<Self, MessageError> {
        Self::data_with(&mut Vec::new(), sender, receiver, topic, data)
    }

    /// The same, which uses `scratch` for the sake of its capacity: who publishes much keeps one.
    pub fn data_with(
        scratch: &mut Vec<u8>,
        sender: EndpointId,
        receiver: EndpointId,
        topic: &[u8],
        data: &Data,
    ) -> Result<Self, MessageError> {
        scratch.clear();
        write_envelope(sender, receiver, Kind::Data, TTL, topic, scratch)?;
        data.encode(scratch);
        Self::finish(scratch)
    }

    /// The message in `frame`, which is without its length.
    pub fn parse(frame: &[u8]) -> Result<Self, MessageError> {
        check(frame)?;
        let length = u32::try_from(frame.len()).map_err(|_| MessageError::TooLong(frame.len()))?;
        Ok(Self([&length.to_be_bytes(), frame].concat().into()))
    }

    /// The message in `frame`, which begins with its length: one copy, and no other.
    pub(crate) fn from_frame(frame: &[u8]) -> Result<Self, MessageError> {
        check(frame.get(LENGTH_BYTES..).unwrap_or_default())?;
        Ok(Self(frame.into()))
    }

    /// This message as `sender` passes it on, with one hop less to go; `None` if that was the last.
    pub fn relayed(&self, sender: EndpointId) -> Option<Self> {
        self.relayed_as(sender, self.tag())
    }

    /// The same with this tag, or none.
    pub(crate) fn relayed_as(&self, sender: EndpointId, tag: Option<Tag>) -> Option<Self> {
        let ttl = self.ttl().checked_sub(1).filter(|ttl| *ttl > 0)?;
        let mut frame = self.copied(tag)?;
        let bytes = Arc::get_mut(&mut frame)?;
        bytes.get_mut(at::SENDER)?.copy_from_slice(&sender.0);
        bytes.get_mut(at::TTL)?.copy_from_slice(&ttl.to_be_bytes());
        Some(Self(frame))
    }

    /// The same message with this tag, or none.
    pub(crate) fn tagged_as(&self, tag: Option<Tag>) -> Option<Self> {
        if self.tag() == tag { Some(self.clone()) } else { self.copied(tag).map(Self) }
    }

    /// Whether it may have a tag: what is for one node only goes nowhere else.
    pub(crate) fn takes_tag(&self) -> bool {
        self.receiver().is_nil() && matches!(self.kind(), Kind::Data | Kind::Command)
    }

    /// What tells it apart from all others among our nodes.
    pub(crate) fn tag(&self) -> Option<Tag> {
        if !self.is_tagged() {
            return None;
        }
        self.0.last_chunk().map(|bytes| Tag(*bytes))
    }

    fn is_tagged(&self) -> bool {
        let [kind] = self.array(at::KIND);
        kind & TAGGED != 0
    }

    /// The bytes without the tag.
    #[inline]
    fn untagged(&self) -> &[u8] {
        let tag_bytes = if self.is_tagged() { TAG_BYTES } else { 0 };
        self.0.get(..self.0.len().saturating_sub(tag_bytes)).unwrap_or_default()
    }

    /// A copy of the frame with this tag, or none.
    fn copied(&self, tag: Option<Tag>) -> Option<Arc<[u8]>> {
        let plain = self.untagged();
        let Some(tag) = tag else {
            let mut frame: Arc<[u8]> = Arc::from(plain);
            let bytes = Arc::get_mut(&mut frame)?;
            set_head(bytes, self.kind() as u8)?;
            return Some(frame);
        };
        let size = plain.len().checked_add(TAG_BYTES)?;
        let mut frame: Arc<[u8]> = if size == self.0.len() {
            Arc::from(&*self.0)
        } else {
            let mut longer: Arc<[u8]> = repeat_n(0, size).collect();
            Arc::get_mut(&mut longer)?.get_mut(..plain.len())?.copy_from_slice(plain);
            longer
        };
        let bytes = Arc::get_mut(&mut frame)?;
        set_head(bytes, self.kind() as u8 | TAGGED)?;
        *bytes.last_chunk_mut()? = tag.0;
        Some(frame)
    }

    /// The node that this frame comes from.
    pub fn sender(&self) -> EndpointId {
        EndpointId(self.array(at::SENDER.start))
    }

    /// Whom it is for; nil for everybody who subscribed.
    #[inline]
    pub fn receiver(&self) -> EndpointId {
        EndpointId(self.array(at::RECEIVER.start))
    }

    /// What it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        let [byte] = self.array(at::KIND);
        Kind::from_byte(byte & !TAGGED).unwrap_or(Kind::Data)
    }

    /// How many times it may be passed on.
    pub fn ttl(&self) -> u16 {
        u16::from_be_bytes(self.array(at::TTL.start))
    }

    /// What it is about.
    #[inline]
    pub fn topic(&self) -> &[u8] {
        self.behind_envelope().0
    }

    /// What it says, as it is on the wire.
    pub fn payload(&self) -> &[u8] {
        self.behind_envelope().1
    }

    /// The payload of a data message.
    pub fn decode(&self) -> Result<Data, DecodeError> {
        Data::decode(self.payload())
    }

    /// All bytes for the wire.
    pub fn frame(&self) -> &Arc<[u8]> {
        &self.0
    }

    /// Fills in the length of a frame that is complete otherwise.
    fn finish(frame: &mut [u8]) -> Result<Self, MessageError> {
        let length = frame.len().saturating_sub(LENGTH_BYTES);
        let announced = u32::try_from(length).ok().filter(|_| length <= MAX_FRAME_BYTES);
        let announced = announced.ok_or(MessageError::TooLong(length))?;
        if let Some(bytes) = frame.first_chunk_mut::<LENGTH_BYTES>() {
            *bytes = announced.to_be_bytes();
        }
        Ok(Self((&*frame).into()))
    }

    /// The bytes of a field, which every frame has.
    #[inline]
    fn array<const N: usize>(&self, offset: usize) -> [u8; N] {
        let bytes = self.0.get(offset..).and_then(|bytes| bytes.first_chunk());
        bytes.copied().unwrap_or([0; N])
    }

    #[inline]
    fn behind_envelope(&self) -> (&[u8], &[u8]) {
        let topic_bytes = u16::from_be_bytes(self.array(at::TOPIC_BYTES.start));
        let rest = self.untagged().get(at::TOPIC..).unwrap_or_default();
        rest.split_at_checked(topic_bytes.into()).unwrap_or((rest, &[]))
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("sender", &self.sender())
            .field("receiver", &self.receiver())
            .field("kind", &self.kind())
            .field("ttl", &self.ttl())
            .field("tag", &self.tag())
            .field("topic", &self.topic().escape_ascii().to_string())
            .field("payload", &self.payload().escape_ascii().to_string())
            .finish()
    }
}

fn write_envelope(
    sender: EndpointId,
    receiver: EndpointId,
    kind: Kind,
    ttl: u16,
    topic: &[u8],
    out: &mut Vec<u8>,
) -> Result<(), MessageError> {
    let topic_bytes = u16::try_from(topic.len()).map_err(|_| MessageError::TooLong(topic.len()))?;
    out.extend_from_slice(&[0; LENGTH_BYTES]);
    out.extend_from_slice(&sender.0);
    out.extend_from_slice(&receiver.0);
    out.push(kind as u8);
    out.extend_from_slice(&ttl.to_be_bytes());
    out.extend_from_slice(&topic_bytes.to_be_bytes());
    out.extend_from_slice(topic);
    Ok(())
}

/// Sets the length of a frame that is complete otherwise, and its kind.
fn set_head(frame: &mut [u8], kind: u8) -> Option<()> {
    let length = u32::try_from(frame.len().checked_sub(LENGTH_BYTES)?).ok()?;
    *frame.first_chunk_mut()? = length.to_be_bytes();
    *frame.get_mut(at::KIND)? = kind;
    Some(())
}

/// Whether `frame`, without its length, has a whole envelope, and its tag if it says so.
fn check(frame: &[u8]) -> Result<(), MessageError> {
    let short = MessageError::Short(frame.len());
    let (envelope, rest) = frame.split_first_chunk::<ENVELOPE_BYTES>().ok_or(short)?;
    let [.., kind, _, _, high, low] = *envelope;
    let topic_bytes = usize::from(u16::from_be_bytes([high, low]));
    if topic_bytes > rest.len() {
        return Err(short);
    }
    let unknown = MessageError::UnknownKind(kind);
    let known = Kind::from_byte(kind & !TAGGED).ok_or(unknown)?;
    if kind & TAGGED == 0 {
        return Ok(());
    }
    let is_for_all = envelope.get(16..32) == Some(&EndpointId::NIL.0[..]);
    if !is_for_all || !matches!(known, Kind::Data | Kind::Command) {
        return Err(unknown);
    }
    if topic_bytes.saturating_add(TAG_BYTES) > rest.len() { Err(short) } else { Ok(()) }
}

#[cfg(test)]
#[path = "message_cases.rs"]
mod cases;
