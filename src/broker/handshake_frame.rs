//! The frames of a handshake, from the byte of their type on.
//!
//! | type | frame | body |
//! | ---: | --- | --- |
//! | 6 | hello | magic, sender, lowest and highest version |
//! | 7 | probe | magic |
//! | 8 | version select | magic, sender, version |
//! | 9 | drop connection | magic, sender, code, words behind their length |
//! | 10 | originator's syn | filter |
//! | 11 | responder's syn and ack | filter |
//! | 12 | originator's ack | |

use std::sync::Arc;

use crate::EndpointId;
use crate::filter::{Filter, FilterError};
use crate::wire::{Malformed, read_array, read_byte, read_bytes, read_id, write_bytes};

/// The first bytes of each frame from somebody who is not known yet.
const MAGIC: &[u8; 4] = b"ZEEK";
/// The version of the protocol: the only one since Broker 2.3.0.
pub(crate) const VERSION: u8 = 1;

/// A frame of a handshake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HandshakeFrame {
    /// Who connects says so, and who listens answers if its id is the larger one.
    Hello {
        /// Who says it.
        sender: EndpointId,
        /// The lowest version that it speaks.
        lowest: u8,
        /// The highest one.
        highest: u8,
    },
    /// Who listens sends it at once, so that what is wrong with a connection shows early.
    Probe,
    /// The side with the smaller id chooses.
    VersionSelect {
        /// Who says it.
        sender: EndpointId,
        /// What is spoken from here on.
        version: u8,
    },
    /// The connection is not wanted.
    DropConnection {
        /// Who says it.
        sender: EndpointId,
        /// The number of an [`Ec`](crate::Ec).
        code: u8,
        /// Why, in words.
        words: Vec<u8>,
    },
    /// The side with the smaller id tells what it wants.
    OriginatorSyn(Filter),
    /// The other side answers with what it wants.
    ResponderSynAck(Filter),
    /// The side with the smaller id has heard it.
    OriginatorAck,
}

/// Bytes are no frame of a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoFrame {
    /// The other side does not speak this protocol.
    WrongMagic,
    /// The type is unknown, or the rest is not what it should be.
    Malformed,
}

impl HandshakeFrame {
    /// The frame with its length.
    pub(crate) fn encode(&self) -> Arc<[u8]> {
        let mut out = vec![0; 4];
        match self {
            Self::Hello { sender, lowest, highest } => {
                introduce(6, Some(sender), &mut out);
                out.extend_from_slice(&[*lowest, *highest]);
            }
            Self::Probe => introduce(7, None, &mut out),
            Self::VersionSelect { sender, version } => {
                introduce(8, Some(sender), &mut out);
                out.push(*version);
            }
            Self::DropConnection { sender, code, words } => {
                introduce(9, Some(sender), &mut out);
                out.push(*code);
                write_bytes(words, &mut out);
            }
            Self::OriginatorSyn(filter) => {
                out.push(10);
                filter.encode(&mut out);
            }
            Self::ResponderSynAck(filter) => {
                out.push(11);
                filter.encode(&mut out);
            }
            Self::OriginatorAck => out.push(12),
        }
        let length = u32::try_from(out.len().saturating_sub(4)).unwrap_or(u32::MAX);
        if let Some(bytes) = out.first_chunk_mut::<4>() {
            *bytes = length.to_be_bytes();
        }
        out.into()
    }

    /// Reads all of `frame`, which is without its length.
    pub(crate) fn decode(mut frame: &[u8]) -> Result<Self, NoFrame> {
        let input = &mut frame;
        let read = match read_byte(input)? {
            6 => {
                let sender = read_introduction(input)?;
                let [lowest, highest] = read_array(input)?;
                Self::Hello { sender, lowest, highest }
            }
            7 => {
                read_magic(input)?;
                Self::Probe
            }
            8 => {
                let sender = read_introduction(input)?;
                Self::VersionSelect { sender, version: read_byte(input)? }
            }
            9 => {
                let sender = read_introduction(input)?;
                let code = read_byte(input)?;
                Self::DropConnection { sender, code, words: read_bytes(input)?.to_vec() }
            }
            10 => return Ok(Self::OriginatorSyn(Filter::decode(input)?)),
            11 => return Ok(Self::ResponderSynAck(Filter::decode(input)?)),
            12 => Self::OriginatorAck,
            _ => return Err(NoFrame::Malformed),
        };
        if input.is_empty() { Ok(read) } else { Err(NoFrame::Malformed) }
    }
}

impl From<Malformed> for NoFrame {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<FilterError> for NoFrame {
    fn from(_: FilterError) -> Self {
        Self::Malformed
    }
}

fn introduce(type_byte: u8, sender: Option<&EndpointId>, out: &mut Vec<u8>) {
    out.push(type_byte);
    out.extend_from_slice(MAGIC);
    if let Some(sender) = sender {
        out.extend_from_slice(&sender.0);
    }
}

fn read_magic(input: &mut &[u8]) -> Result<(), NoFrame> {
    if read_array(input)? == *MAGIC { Ok(()) } else { Err(NoFrame::WrongMagic) }
}

fn read_introduction(input: &mut &[u8]) -> Result<EndpointId, NoFrame> {
    read_magic(input)?;
    Ok(read_id(input)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SENDER: EndpointId = EndpointId([0x11; 16]);

    fn every_frame() -> Vec<HandshakeFrame> {
        let filter: Filter = ["/a", "/b"].iter().collect();
        vec![
            HandshakeFrame::Hello { sender: SENDER, lowest: 1, highest: 3 },
            HandshakeFrame::Probe,
            HandshakeFrame::VersionSelect { sender: SENDER, version: 1 },
            HandshakeFrame::DropConnection { sender: SENDER, code: 39, words: b"why".to_vec() },
            HandshakeFrame::OriginatorSyn(filter.clone()),
            HandshakeFrame::ResponderSynAck(filter),
            HandshakeFrame::OriginatorAck,
        ]
    }

    #[test]
    fn every_frame_is_read_again_and_no_part_of_it_is() {
        for frame in every_frame() {
            let bytes = frame.encode();
            let (length, rest) = bytes.split_first_chunk::<4>().unwrap();
            assert_eq!(u32::from_be_bytes(*length) as usize, rest.len());
            assert_eq!(HandshakeFrame::decode(rest), Ok(frame.clone()));
            for end in 0..rest.len() {
                let part = HandshakeFrame::decode(&rest[..end]);
                assert_eq!(part, Err(NoFrame::Malformed), "{end} bytes of {frame:?}");
            }
            let longer = [rest, b"!"].concat();
            assert_eq!(HandshakeFrame::decode(&longer), Err(NoFrame::Malformed), "{frame:?}");
        }
    }

    #[test]
    fn who_speaks_something_else_is_told_apart() {
        for frame in &every_frame()[..4] {
            let mut bytes = frame.encode()[4..].to_vec();
            bytes[1..5].copy_from_slice(b"HTTP");
            assert_eq!(HandshakeFrame::decode(&bytes), Err(NoFrame::WrongMagic));
        }
        for type_byte in (0..6).chain(13..=255) {
            assert_eq!(HandshakeFrame::decode(&[type_byte]), Err(NoFrame::Malformed));
        }
    }

    fn frame() -> impl Strategy<Value = HandshakeFrame> {
        let sender = any::<[u8; 16]>().prop_map(EndpointId);
        let filter = || prop::collection::vec(prop::collection::vec(any::<u8>(), 0..9), 0..9);
        let filter = move || filter().prop_map(|topics| topics.iter().collect::<Filter>());
        let words = prop::collection::vec(any::<u8>(), 0..200);
        prop_oneof![
            (sender.clone(), any::<u8>(), any::<u8>()).prop_map(|(sender, lowest, highest)| {
                HandshakeFrame::Hello { sender, lowest, highest }
            }),
            Just(HandshakeFrame::Probe),
            (sender.clone(), any::<u8>())
                .prop_map(|(sender, version)| HandshakeFrame::VersionSelect { sender, version }),
            (sender, any::<u8>(), words).prop_map(|(sender, code, words)| {
                HandshakeFrame::DropConnection { sender, code, words }
            }),
            filter().prop_map(HandshakeFrame::OriginatorSyn),
            filter().prop_map(HandshakeFrame::ResponderSynAck),
            Just(HandshakeFrame::OriginatorAck),
        ]
    }

    proptest! {
        #[test]
        fn a_frame_that_was_built_is_read_again(frame in frame()) {
            prop_assert_eq!(HandshakeFrame::decode(&frame.encode()[4..]), Ok(frame));
        }

        #[test]
        fn any_bytes_are_a_frame_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(frame) = HandshakeFrame::decode(&bytes) {
                prop_assert_eq!(HandshakeFrame::decode(&frame.encode()[4..]), Ok(frame));
            }
        }
    }
}
