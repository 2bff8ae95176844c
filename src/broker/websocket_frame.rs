//! Frames of WebSocket (RFC 6455, section 5): the text frames of a server, and what is wrong with
//! those of a client before their payload has come.

use std::io::Cursor;
use std::sync::Arc;

use tungstenite::Utf8Bytes;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{Frame, FrameHeader};

/// Bytes before the payload of a client's frame, at most.
pub(crate) const MAX_MASKED_HEAD_BYTES: usize = MAX_HEAD_BYTES + 4;
/// Bytes before the text of a server's frame, at most.
const MAX_HEAD_BYTES: usize = 10;
/// Bytes of a control frame's payload, at most.
const MAX_CONTROL_BYTES: u64 = 125;

/// A whole text frame that is written piece by piece.
#[derive(Debug)]
pub(crate) struct TextFrame(Vec<u8>);

impl TextFrame {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self(vec![0; MAX_HEAD_BYTES])
    }

    /// Where the text goes; what is there already stays.
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }

    /// The bytes for the wire. No server masks, so they are the same for all clients.
    pub(crate) fn finish(mut self) -> Arc<[u8]> {
        let length = self.0.len().saturating_sub(MAX_HEAD_BYTES) as u64;
        let header = FrameHeader { opcode: OpCode::Data(Data::Text), ..FrameHeader::default() };
        let start = MAX_HEAD_BYTES.saturating_sub(header.len(length));
        if let Some(mut head) = self.0.get_mut(start..MAX_HEAD_BYTES) {
            // The head has exactly this length.
            let _ = header.format(length, &mut head);
        }
        self.0.get(start..).unwrap_or_default().into()
    }
}

/// The frame of a text, which goes to any number of clients.
pub(crate) fn frame(text: &str) -> Arc<[u8]> {
    let mut frame = TextFrame::new();
    frame.text().extend_from_slice(text.as_bytes());
    frame.finish()
}

/// The frame that ends a connection; `reason` has at most 123 bytes.
pub(crate) fn close_frame(code: CloseCode, reason: &'static str) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    let close = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
    // Writing to memory does not fail.
    let _ = Frame::close(Some(close)).format(&mut bytes);
    bytes.into()
}

/// Why a client's frame is refused at its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameFlaw {
    #[error("the frame is not masked")]
    Unmasked,
    #[error("a reserved bit is set")]
    ReservedBit,
    #[error("the opcode is reserved")]
    ReservedOpcode,
    #[error("a control frame is fragmented")]
    FragmentedControl,
    #[error("a control frame has more than {MAX_CONTROL_BYTES} bytes")]
    LongControl,
    #[error("the message has more than {0} bytes")]
    TooLong(usize),
    #[error("the unfinished messages of all clients take too much")]
    TooMuchUnfinished,
}

/// How long the client's frame at the front of `input` is, its head included; `None` while the head
/// is not whole.
pub(crate) fn frame_bytes(input: &[u8], max_message: usize) -> Result<Option<u64>, FrameFlaw> {
    let mut cursor = Cursor::new(input);
    let (header, payload) = match FrameHeader::parse(&mut cursor) {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        // Nothing else can be wrong with bytes in memory.
        Err(_) => return Err(FrameFlaw::ReservedOpcode),
    };
    if header.rsv1 || header.rsv2 || header.rsv3 {
        return Err(FrameFlaw::ReservedBit);
    }
    if header.mask.is_none() {
        return Err(FrameFlaw::Unmasked);
    }
    if matches!(header.opcode, OpCode::Control(_)) {
        if !header.is_final {
            return Err(FrameFlaw::FragmentedControl);
        }
        if payload > MAX_CONTROL_BYTES {
            return Err(FrameFlaw::LongControl);
        }
    }
    if payload > max_message as u64 {
        return Err(FrameFlaw::TooLong(max_message));
    }
    Ok(Some(cursor.position().saturating_add(payload)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_frame_has_the_shortest_head_and_no_mask() {
        for (length, head) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (0xffff, &[0x81, 126, 0xff, 0xff]),
            (0x1_0000, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let text = "x".repeat(length);
            assert_eq!(&*frame(&text), [head, text.as_bytes()].concat(), "{length}");
        }
    }

    #[test]
    fn a_clients_frame_is_judged_by_its_head() {
        let mask = [1, 2, 3, 4];
        let judged = |head: &[u8]| frame_bytes(&[head, &mask].concat(), 1000);
        for (head, judgement) in [
            (&[0x81, 0x80][..], Ok(Some(6))),
            (&[0x02, 0xfe, 0, 200], Ok(Some(208))),
            (&[0x80, 0xff, 0, 0, 0, 0, 0, 0, 0, 1], Ok(Some(15))),
            (&[0x89, 0xfd], Ok(Some(131))),
            (&[0x81, 0x05], Err(FrameFlaw::Unmasked)),
            (&[0xc1, 0x80], Err(FrameFlaw::ReservedBit)),
            (&[0xa1, 0x80], Err(FrameFlaw::ReservedBit)),
            (&[0x91, 0x80], Err(FrameFlaw::ReservedBit)),
            (&[0x83, 0x80], Err(FrameFlaw::ReservedOpcode)),
            (&[0x8f, 0x80], Err(FrameFlaw::ReservedOpcode)),
            (&[0x09, 0x80], Err(FrameFlaw::FragmentedControl)),
            (&[0x89, 0xfe, 0, 126], Err(FrameFlaw::LongControl)),
            (&[0x81, 0xfe, 3, 0xe8], Ok(Some(1008))),
            (&[0x81, 0xfe, 3, 0xe9], Err(FrameFlaw::TooLong(1000))),
            (&[0x81, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0], Err(FrameFlaw::TooLong(1000))),
        ] {
            assert_eq!(judged(head), judgement, "{head:x?}");
        }
        for short in [&[][..], &[0x81], &[0x81, 0xfe, 3], &[0x81, 0x80, 1, 2, 3]] {
            assert_eq!(frame_bytes(short, 1000), Ok(None), "{short:x?}");
        }
    }
}
