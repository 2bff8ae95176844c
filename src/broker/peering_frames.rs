//! Frames of a peer, cut out of the bytes as they came; and the frames that a node sends of its own
//! accord.

use std::sync::Arc;

use crate::EndpointId;
use crate::filter::Filter;
use crate::message::{Kind, LENGTH_BYTES, Message, MessageError, TTL};
use crate::topic::Topic;

/// Begins the payload of the ping that says goodbye; eight bytes follow.
pub(crate) const BYE: &[u8; 3] = b"BYE";

/// What is at the front of the bytes of a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut<'a> {
    /// Not yet a whole frame.
    Partial,
    /// A frame, with its length.
    Whole(&'a [u8]),
    /// A frame that announces more bytes than allowed.
    Oversized(u32),
}

/// Takes the first frame off the front of `input`, if it is whole and of at most `limit` bytes
/// without its length.
pub(crate) fn cut<'a>(input: &mut &'a [u8], limit: usize) -> Cut<'a> {
    let Some(length) = input.first_chunk::<LENGTH_BYTES>() else { return Cut::Partial };
    let announced = u32::from_be_bytes(*length);
    let body = match usize::try_from(announced) {
        Ok(body) if body <= limit => body,
        _ => return Cut::Oversized(announced),
    };
    let Some((frame, rest)) = input.split_at_checked(body.saturating_add(LENGTH_BYTES)) else {
        return Cut::Partial;
    };
    *input = rest;
    Cut::Whole(frame)
}

/// Tells the peer `receiver` all that `sender` wants from here on.
pub fn routing_update(
    sender: EndpointId,
    receiver: EndpointId,
    filter: &Filter,
) -> Result<Message, MessageError> {
    let mut payload = Vec::new();
    filter.announced().encode(&mut payload);
    own(sender, receiver, Kind::RoutingUpdate, &payload)
}

/// Asks the peer `receiver` to answer with the same payload.
pub(crate) fn ping(
    sender: EndpointId,
    receiver: EndpointId,
    payload: &[u8],
) -> Result<Arc<[u8]>, MessageError> {
    own(sender, receiver, Kind::Ping, payload).map(|message| message.frame().clone())
}

/// Answers a ping of `receiver`.
pub(crate) fn pong(
    sender: EndpointId,
    receiver: EndpointId,
    payload: &[u8],
) -> Result<Arc<[u8]>, MessageError> {
    own(sender, receiver, Kind::Pong, payload).map(|message| message.frame().clone())
}

fn own(
    sender: EndpointId,
    receiver: EndpointId,
    kind: Kind,
    payload: &[u8],
) -> Result<Message, MessageError> {
    Message::new(sender, receiver, kind, TTL, Topic::RESERVED, payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_where_their_lengths_say() {
        let mut input = &b"\0\0\0\x02ab\0\0\0\0\0\0\0\x03c"[..];
        assert_eq!(cut(&mut input, 3), Cut::Whole(b"\0\0\0\x02ab"));
        assert_eq!(cut(&mut input, 3), Cut::Whole(b"\0\0\0\0"));
        assert_eq!((cut(&mut input, 3), input.len()), (Cut::Partial, 5));
        assert_eq!((cut(&mut input, 2), input.len()), (Cut::Oversized(3), 5));
        assert_eq!(cut(&mut &b"\0\0\0"[..], 3), Cut::Partial);
        assert_eq!(cut(&mut &[0xff; 4][..], 64 << 20), Cut::Oversized(u32::MAX));
    }
}
