//! Commands, read: everything that is announced is looked for before it is given room.

use broker_data::{Data, DecodeError, EndpointId, Timespan, Type, varbyte};
use thiserror::Error;

use crate::command::{Command, Content};
use crate::entity_id::EntityId;

/// How many of the events that a peer says it misses are looked at; it says so again.
pub const MAX_NACKS: usize = 65_536;

/// The bytes are no command.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CommandError {
    /// They end too early.
    #[error("a command that ends too early")]
    Truncated,
    /// They do not end with the command.
    #[error("{0} bytes behind a command")]
    Trailing(usize),
    /// There is no such kind.
    #[error("a command of the unknown kind {0}")]
    UnknownKind(u8),
    /// A key or a value cannot be read.
    #[error("a command with a value that is none: {0}")]
    Data(#[from] DecodeError),
}

impl Command {
    /// Reads all of `bytes` as one command.
    pub fn decode(mut bytes: &[u8]) -> Result<Self, CommandError> {
        let input = &mut bytes;
        let seq = number(input)?;
        let sender = entity(input)?;
        let receiver = entity(input)?;
        let content = content(input)?;
        match input.len() {
            0 => Ok(Self { seq, sender, receiver, content }),
            more => Err(CommandError::Trailing(more)),
        }
    }
}

fn content(input: &mut &[u8]) -> Result<Content, CommandError> {
    Ok(match byte(input)? {
        0 => Content::Put {
            key: data(input)?,
            value: data(input)?,
            expiry: span(input)?,
            publisher: entity(input)?,
        },
        1 => Content::PutUnique {
            key: data(input)?,
            value: data(input)?,
            expiry: span(input)?,
            who: entity(input)?,
            request: number(input)?,
            publisher: entity(input)?,
        },
        2 => Content::PutUniqueResult {
            inserted: byte(input)? != 0,
            who: entity(input)?,
            request: number(input)?,
            publisher: entity(input)?,
        },
        3 => Content::Erase { key: data(input)?, publisher: entity(input)? },
        4 => Content::Expire { key: data(input)?, publisher: entity(input)? },
        5 => Content::Add {
            key: data(input)?,
            value: data(input)?,
            init: kind(input)?,
            expiry: span(input)?,
            publisher: entity(input)?,
        },
        6 => Content::Subtract {
            key: data(input)?,
            value: data(input)?,
            expiry: span(input)?,
            publisher: entity(input)?,
        },
        7 => Content::Clear { publisher: entity(input)? },
        8 => Content::AttachWriter { offset: number(input)?, heartbeat: short(input)? },
        9 => Content::Keepalive { seq: number(input)? },
        10 => Content::CumulativeAck { seq: number(input)? },
        11 => Content::Nack { seqs: numbers(input)? },
        12 => Content::AckClone {
            offset: number(input)?,
            heartbeat: short(input)?,
            snapshot: Data::decode_entries(input)?,
        },
        13 => Content::RetransmitFailed { seq: number(input)? },
        unknown => return Err(CommandError::UnknownKind(unknown)),
    })
}

fn array<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], CommandError> {
    let (bytes, rest) = input.split_first_chunk().ok_or(CommandError::Truncated)?;
    *input = rest;
    Ok(*bytes)
}

fn byte(input: &mut &[u8]) -> Result<u8, CommandError> {
    array::<1>(input).map(|[byte]| byte)
}

fn short(input: &mut &[u8]) -> Result<u16, CommandError> {
    array(input).map(u16::from_be_bytes)
}

fn number(input: &mut &[u8]) -> Result<u64, CommandError> {
    array(input).map(u64::from_be_bytes)
}

fn entity(input: &mut &[u8]) -> Result<EntityId, CommandError> {
    Ok(EntityId { endpoint: EndpointId(array(input)?), object: number(input)? })
}

fn data(input: &mut &[u8]) -> Result<Data, CommandError> {
    Ok(Data::decode_front(input)?)
}

fn kind(input: &mut &[u8]) -> Result<Type, CommandError> {
    let tag = byte(input)?;
    Ok(Type::from_tag(tag).ok_or(DecodeError::UnknownTag(tag))?)
}

fn span(input: &mut &[u8]) -> Result<Option<Timespan>, CommandError> {
    if byte(input)? == 0 {
        return Ok(None);
    }
    Ok(Some(Timespan::from_nanos(i64::from_be_bytes(array(input)?))))
}

fn numbers(input: &mut &[u8]) -> Result<Vec<u64>, CommandError> {
    let count = usize::try_from(varbyte::read(input)?).unwrap_or(usize::MAX);
    let bytes = count.checked_mul(size_of::<u64>()).ok_or(CommandError::Truncated)?;
    let (mut numbers, rest) = input.split_at_checked(bytes).ok_or(CommandError::Truncated)?;
    *input = rest;
    let mut seqs = Vec::with_capacity(count.min(MAX_NACKS));
    while seqs.len() < MAX_NACKS && !numbers.is_empty() {
        seqs.push(number(&mut numbers)?);
    }
    Ok(seqs)
}

#[cfg(test)]
#[path = "command_cases.rs"]
mod cases;
