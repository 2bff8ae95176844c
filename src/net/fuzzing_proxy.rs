//! The fuzz target of a proxy's header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ostler_runtime::fuzzing::Cursor;

use crate::frame::{FIRST_ROOM, Inbox};
use crate::proxy_header::{MAX_HEADER_BYTES, SIGNATURE, Source, Start, read};

/// What a connection begins with, all of it being there.
#[derive(Debug, PartialEq, Eq)]
enum Plain {
    /// Too few bytes to say.
    Unknown,
    Header(usize, Source),
    NoHeader,
    Malformed,
}

/// The start of a connection that may be a proxy's: the cuts, then the bytes.
///
/// What it is depends on the bytes and not on how they are cut; once it is known, it stays so; the
/// bytes that follow a header are whole; and no more is held than a longest header and one read.
///
/// # Panics
///
/// If one of these does not hold.
pub fn proxy_header(bytes: &[u8]) {
    let mut cursor = Cursor::new(bytes);
    let cuts = cursor.cuts();
    let stream = cursor.rest();

    let mut inbox = Inbox::default();
    let mut pieces = cuts.pieces(stream).into_iter();
    let mut piece: &[u8] = &[];
    let mut found = read(&[]);
    while let Ok(Start::Undecided | Start::Begun) = found {
        if piece.is_empty() {
            let Some(next) = pieces.next() else { break };
            piece = next;
        }
        let room = inbox.room(MAX_HEADER_BYTES);
        let left = room.capacity().saturating_sub(room.len());
        assert!(left > 0, "there is always room for a byte");
        let most = MAX_HEADER_BYTES.saturating_add(FIRST_ROOM);
        assert!(room.capacity() <= most, "{} bytes are held, over {most}", room.capacity());
        let (now, later) = piece.split_at_checked(left).unwrap_or((piece, &[]));
        room.extend_from_slice(now);
        piece = later;
        let before = found;
        found = read(inbox.bytes());
        let unlearnt = matches!(found, Ok(Start::Undecided | Start::Other));
        assert!(before != Ok(Start::Begun) || !unlearnt, "a header became none");
    }
    let found = match found {
        Ok(Start::Undecided | Start::Begun) => Plain::Unknown,
        Ok(Start::Header { length, source }) => {
            inbox.skip(length);
            let followed = stream.get(length..).is_some_and(|rest| rest.starts_with(inbox.bytes()));
            assert!(followed, "what follows the header is not what came");
            Plain::Header(length, source)
        }
        Ok(Start::Other) => Plain::NoHeader,
        Err(_) => Plain::Malformed,
    };
    assert_eq!(found, plainly(stream));
}

/// The same, looked up in the whole stream.
fn plainly(stream: &[u8]) -> Plain {
    let old = b"PROXY ";
    if stream.starts_with(old) {
        return Plain::Malformed;
    }
    if !stream.starts_with(&SIGNATURE) {
        let unknown = SIGNATURE.starts_with(stream) || old.starts_with(stream);
        return if unknown { Plain::Unknown } else { Plain::NoHeader };
    }
    let at = |offset: usize| stream.get(offset).copied();
    let command = at(12);
    if command.is_some_and(|command| command != 0x20 && command != 0x21) {
        return Plain::Malformed;
    }
    let Some(family) = at(13) else { return Plain::Unknown };
    let relayed = command == Some(0x21);
    if relayed && (family >= 0x40 || family & 0x0f > 2) {
        return Plain::Malformed;
    }
    let (Some(high), Some(low)) = (at(14), at(15)) else { return Plain::Unknown };
    let length =
        usize::from(high).saturating_mul(256).saturating_add(usize::from(low)).saturating_add(16);
    let addresses_end = match family {
        0x11 if relayed => 28,
        0x21 if relayed => 52,
        _ => 16,
    };
    if length > MAX_HEADER_BYTES || length < addresses_end {
        return Plain::Malformed;
    }
    let Some(header) = stream.get(..length) else { return Plain::Unknown };
    let ports = |from| bytes::<2>(header, from).map(u16::from_be_bytes);
    let client = match addresses_end {
        28 => bytes(header, 16)
            .zip(ports(24))
            .map(|(ip, port)| (IpAddr::from(Ipv4Addr::from(ip)), port)),
        52 => bytes(header, 16)
            .zip(ports(48))
            .map(|(ip, port)| (IpAddr::from(Ipv6Addr::from(ip)), port)),
        _ => None,
    };
    match client {
        Some(_) if !adds_up(header, addresses_end) => Plain::Malformed,
        Some((ip, port)) => {
            Plain::Header(length, Source::Client(SocketAddr::new(ip.to_canonical(), port)))
        }
        None if relayed => Plain::Header(length, Source::Somebody),
        None => Plain::Header(length, Source::Proxy),
    }
}

/// Whether the values from offset `from` on end with the header, and each checksum among them is
/// its own.
fn adds_up(header: &[u8], mut from: usize) -> bool {
    while from < header.len() {
        let Some([kind, high, low]) = bytes(header, from) else { return false };
        let length = usize::from(high).saturating_mul(256).saturating_add(usize::from(low));
        let value = from.saturating_add(3);
        from = value.saturating_add(length);
        if from > header.len() {
            return false;
        }
        if kind == 3 {
            let mut zeroed = header.to_vec();
            let Some(sum) = bytes::<4>(header, value).filter(|_| length == 4) else { return false };
            for byte in zeroed.iter_mut().skip(value).take(4) {
                *byte = 0;
            }
            if sum != crc32c(&zeroed).to_be_bytes() {
                return false;
            }
        }
    }
    true
}

fn bytes<const N: usize>(header: &[u8], from: usize) -> Option<[u8; N]> {
    header.get(from..)?.first_chunk().copied()
}

/// CRC-32C the other way round: the highest power first, and the bits turned at the end.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut sum = u32::MAX;
    for byte in bytes {
        for bit in 0..8 {
            let carry = sum >> 31 != u32::from(byte >> bit & 1);
            sum = (sum << 1) ^ if carry { 0x1edc_6f41 } else { 0 };
        }
    }
    !sum.reverse_bits()
}
