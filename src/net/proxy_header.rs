//! The header that a proxy sends before what its client says: the PROXY protocol, version 2, as
//! `HAProxy`'s `doc/proxy-protocol.txt` has it. Pure, without I/O or clock.
//!
//! A header is never taken for anything else, nor anything else for a header: read as the length
//! of a frame, its first eight bytes are far over every limit, and no TLS record and no request of
//! HTTP begins so.
//!
//! What is known of a header depends on its bytes alone, not on how they arrive: a fault is told
//! with the byte that shows it, and faults that come before it are told first.
//!
//! # What is refused
//!
//! - Versions, commands and families that the protocol does not have, and version 1, which is
//!   a line of text: said by its name, since one letter of a proxy's configuration makes it.
//! - More than [`MAX_HEADER_BYTES`], addresses that are cut short, and what follows them if it is
//!   no series of type, length and value, or has a checksum (CRC-32C) that is not the header's.
//!
//! What is not used is not looked at: all that follows the length of a header that names no
//! client of TCP, and the values of everything but the checksum.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// What every header begins with.
pub(crate) const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";

/// What a header of version 1 begins with.
const OLD_SIGNATURE: [u8; 6] = *b"PROXY ";

/// Bytes of a header before its addresses: signature, version and command, family, length.
const FIXED_BYTES: usize = 16;

/// Longest header that is read, in bytes. The protocol asks for 536 at least; a client's
/// certificate, of which a proxy may tell, takes more.
pub(crate) const MAX_HEADER_BYTES: usize = 4096;

/// The type of the value that is a checksum.
const CHECKSUM_TYPE: u8 = 0x03;

/// The polynomial of CRC-32C, its lowest power first.
const POLYNOMIAL: u32 = 0x82f6_3b78;

/// What the first bytes of a connection are, which may be a proxy's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Too few to tell.
    Undecided,
    /// The start of a header.
    Begun,
    /// A whole header.
    Header {
        /// Its bytes; what follows is the client's.
        length: usize,
        /// For whom the proxy has connected.
        source: Source,
    },
    /// No header.
    Other,
}

/// For whom a proxy has connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// For itself, to see whether it is answered.
    Proxy,
    /// For somebody of whom it tells no address of TCP.
    Somebody,
    /// For the client at this address.
    Client(SocketAddr),
}

/// Why a header is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HeaderError {
    /// It is a line of text.
    #[error("it is of version 1, and only version 2 is understood (send-proxy-v2 in HAProxy)")]
    Old,
    /// Its upper half is no version that is known.
    #[error("its version and command are {0:#04x}, which is not version 2")]
    Version(u8),
    /// Its lower half is no command that is known.
    #[error("its version and command are {0:#04x}, which is no command of version 2")]
    Command(u8),
    /// It is no family with a transport that is known.
    #[error("its family and transport are {0:#04x}, which version 2 does not have")]
    Family(u8),
    /// It announces more than is read.
    #[error("it announces {0} bytes, over the limit of {MAX_HEADER_BYTES}")]
    TooLong(usize),
    /// It is too short for the addresses of its family.
    #[error("its {0} bytes have no room for its addresses")]
    Addresses(usize),
    /// What follows the addresses does not add up.
    #[error("what follows its addresses is cut short")]
    Values,
    /// It has changed on its way.
    #[error("its checksum is wrong")]
    Checksum,
    /// The stream has ended within it.
    #[error("it is cut short")]
    Truncated,
}

/// The addresses of a header, as its family arranges them.
#[derive(Clone, Copy)]
enum Block {
    /// Nothing of it is used.
    Unused,
    V4,
    V6,
}

impl Block {
    /// The bytes that it must have at least.
    fn bytes(self) -> usize {
        match self {
            Self::Unused => 0,
            Self::V4 => 12,
            Self::V6 => 36,
        }
    }
}

/// What `bytes`, with which a connection begins, are so far.
pub(crate) fn read(bytes: &[u8]) -> Result<Start, HeaderError> {
    if let Some(rest) = bytes.strip_prefix(&SIGNATURE) {
        return after_signature(rest, bytes);
    }
    if bytes.starts_with(&OLD_SIGNATURE) {
        return Err(HeaderError::Old);
    }
    let may_become = SIGNATURE.starts_with(bytes) || OLD_SIGNATURE.starts_with(bytes);
    Ok(if may_become { Start::Undecided } else { Start::Other })
}

/// Whether `bytes`, with which a connection begins, are a proxy's, well-formed or not.
pub(crate) fn is_proxys(bytes: &[u8]) -> bool {
    bytes.starts_with(&SIGNATURE) || bytes.starts_with(&OLD_SIGNATURE)
}

/// What a header is whose bytes `rest` follow the signature.
fn after_signature(rest: &[u8], bytes: &[u8]) -> Result<Start, HeaderError> {
    let Some((command, rest)) = rest.split_first() else { return Ok(Start::Begun) };
    let for_itself = match command {
        0x20 => true,
        0x21 => false,
        0x22..=0x2f => return Err(HeaderError::Command(*command)),
        _ => return Err(HeaderError::Version(*command)),
    };
    let Some((family, rest)) = rest.split_first() else { return Ok(Start::Begun) };
    let block = match (family >> 4, family & 0x0f) {
        // What else its family says of it, the protocol has ignored.
        _ if for_itself => Block::Unused,
        (1, 1) => Block::V4,
        (2, 1) => Block::V6,
        // Not told, datagrams, or a Unix socket.
        (0..=3, 0..=2) => Block::Unused,
        _ => return Err(HeaderError::Family(*family)),
    };
    let Some((announced, rest)) = rest.split_first_chunk() else { return Ok(Start::Begun) };
    let announced = usize::from(u16::from_be_bytes(*announced));
    let length = FIXED_BYTES.saturating_add(announced);
    if length > MAX_HEADER_BYTES {
        return Err(HeaderError::TooLong(length));
    }
    if announced < block.bytes() {
        return Err(HeaderError::Addresses(announced));
    }
    let (Some(header), Some(body)) = (bytes.get(..length), rest.get(..announced)) else {
        return Ok(Start::Begun);
    };
    let source = match client(block, body) {
        Some((client, values)) => {
            check(header, values)?;
            Source::Client(client)
        }
        None if for_itself => Source::Proxy,
        None => Source::Somebody,
    };
    Ok(Start::Header { length, source })
}

/// The client that `body` names, and what follows the addresses.
fn client(block: Block, body: &[u8]) -> Option<(SocketAddr, &[u8])> {
    let (addresses, values) = body.split_at_checked(block.bytes())?;
    // The client's address, the proxy's own, and the port of each in the same order.
    let (address, ports) = match block {
        Block::Unused => return None,
        Block::V4 => {
            let (address, rest) = addresses.split_first_chunk::<4>()?;
            (IpAddr::from(Ipv4Addr::from(*address)), rest.get(4..)?)
        }
        Block::V6 => {
            let (address, rest) = addresses.split_first_chunk::<16>()?;
            // A proxy that listens for both families may write IPv4 so.
            (Ipv6Addr::from(*address).to_canonical(), rest.get(16..)?)
        }
    };
    let port = u16::from_be_bytes(*ports.first_chunk()?);
    Some((SocketAddr::new(address, port), values))
}

/// Looks for a checksum in the `values` at the end of `header`, and whether it is right.
fn check(header: &[u8], mut values: &[u8]) -> Result<(), HeaderError> {
    while !values.is_empty() {
        let (head, rest) = values.split_first_chunk::<3>().ok_or(HeaderError::Values)?;
        let [kind, high, low] = *head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        let (value, rest) = rest.split_at_checked(length).ok_or(HeaderError::Values)?;
        if kind == CHECKSUM_TYPE {
            let sum = value.try_into().map_err(|_| HeaderError::Values)?;
            let from = header.len().saturating_sub(rest.len()).saturating_sub(length);
            if u32::from_be_bytes(sum) != checksum(header, from) {
                return Err(HeaderError::Checksum);
            }
        }
        values = rest;
    }
    Ok(())
}

/// The CRC-32C of `header`, taking the four bytes from offset `from` on as zeros. Bit by bit: most
/// headers have none, and the others are short.
fn checksum(header: &[u8], from: usize) -> u32 {
    let sum = from..from.saturating_add(4);
    let bytes = (0..).zip(header).map(|(at, byte)| if sum.contains(&at) { 0 } else { *byte });
    !bytes.fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            let carry = if sum & 1 == 1 { POLYNOMIAL } else { 0 };
            (sum >> 1) ^ carry
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    const V4: u8 = 0x11;
    const V6: u8 = 0x21;

    fn header(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    /// The header of a proxy at port 80 of an address that is all eights.
    fn proxied(client: SocketAddr, values: &[u8]) -> Vec<u8> {
        let ports = [client.port().to_be_bytes(), 80_u16.to_be_bytes()].concat();
        let (family, addresses) = match client.ip() {
            IpAddr::V4(address) => (V4, [&address.octets()[..], &[8; 4]].concat()),
            IpAddr::V6(address) => (V6, [&address.octets()[..], &[8; 16]].concat()),
        };
        header(0x21, family, &[&addresses[..], &ports, values].concat())
    }

    fn value(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let [high, low] = u16::try_from(bytes.len()).unwrap().to_be_bytes();
        [&[kind, high, low], bytes].concat()
    }

    /// Reads `bytes` that are a whole header: whom it names.
    fn source(bytes: &[u8]) -> Source {
        match read(bytes) {
            Ok(Start::Header { length, source }) if length == bytes.len() => source,
            other => panic!("{}: {other:?}", bytes.escape_ascii()),
        }
    }

    #[test]
    fn the_client_is_told_by_address_and_port() {
        for (client, seen) in [
            ("192.0.2.7:4321", "192.0.2.7:4321"),
            ("[2001:db8::7]:65535", "[2001:db8::7]:65535"),
            ("[::ffff:192.0.2.7]:1", "192.0.2.7:1"),
        ] {
            let bytes = proxied(client.parse().unwrap(), &[]);
            assert_eq!(source(&bytes), Source::Client(seen.parse().unwrap()));
            let more = [&bytes[..], b"what the client says"].concat();
            assert_eq!(read(&more), read(&bytes));
        }
    }

    #[test]
    fn a_proxy_may_connect_for_itself_or_tell_no_address() {
        // A check of health: whatever family it has, and whatever stands in it.
        for family in [0, V4, 0x7f] {
            let bytes = header(0x20, family, b"noise");
            assert_eq!(source(&bytes), Source::Proxy, "{family:#04x}");
        }
        for family in [0x00, 0x01, 0x10, 0x12, 0x22, 0x31, 0x32] {
            let bytes = header(0x21, family, &[7; 216]);
            assert_eq!(source(&bytes), Source::Somebody, "{family:#04x}");
        }
    }

    #[test]
    fn what_the_protocol_does_not_have_is_refused_with_the_byte_that_shows_it() {
        for (command, family, length, error, shown) in [
            (0x11, 0xff, 0xffff, HeaderError::Version(0x11), 13),
            (0x31, 0x11, 12, HeaderError::Version(0x31), 13),
            (0x22, 0xff, 0xffff, HeaderError::Command(0x22), 13),
            (0x21, 0x41, 0xffff, HeaderError::Family(0x41), 14),
            (0x21, 0x13, 12, HeaderError::Family(0x13), 14),
            (0x21, V4, 11, HeaderError::Addresses(11), 16),
            (0x21, V6, 35, HeaderError::Addresses(35), 16),
            (0x20, 0, 4081, HeaderError::TooLong(4097), 16),
        ] {
            let mut bytes = header(command, family, &[]);
            bytes[14..].copy_from_slice(&u16::to_be_bytes(length));
            assert_eq!(read(&bytes), Err(error));
            assert_eq!(read(&bytes[..shown]), Err(error));
            assert_eq!(read(&bytes[..shown - 1]), Ok(Start::Begun));
        }
        let longest = header(0x20, 0, &[0; MAX_HEADER_BYTES - FIXED_BYTES]);
        assert_eq!(source(&longest), Source::Proxy);
    }

    #[test]
    fn what_is_no_header_is_known_by_its_first_byte_that_differs() {
        let frame = [0, 0, 0, 0, 0, 0, 0, 9];
        for bytes in [&frame[..], b"\x16\x03\x01", b"G", b"\r\n\r\n\0\r\nQUIT\r", b"PROXYTCP4"] {
            assert_eq!(read(bytes), Ok(Start::Other), "{}", bytes.escape_ascii());
        }
        for bytes in [&b""[..], b"\r", b"P", b"PROXY", &SIGNATURE[..11]] {
            assert_eq!(read(bytes), Ok(Start::Undecided), "{}", bytes.escape_ascii());
        }
        assert_eq!(read(b"PROXY TCP4 192.0.2.7 192.0.2.8 4321 80\r\n"), Err(HeaderError::Old));
    }

    #[test]
    fn values_are_passed_over_but_must_be_whole() {
        let client = "192.0.2.7:4321".parse().unwrap();
        let values = [value(0x04, &[0; 300]), value(0xee, &[])].concat();
        let bytes = proxied(client, &values);
        assert_eq!(source(&bytes), Source::Client(client));
        for cut in [1, 2, 4] {
            let bytes = proxied(client, &values[..values.len() - cut]);
            assert_eq!(read(&bytes), Err(HeaderError::Values), "{cut} bytes less");
        }
        let bytes = proxied(client, &value(CHECKSUM_TYPE, &[0; 5]));
        assert_eq!(read(&bytes), Err(HeaderError::Values));
    }

    /// The same header with a checksum behind it.
    fn summed(client: SocketAddr, values: &[u8]) -> Vec<u8> {
        let mut bytes = proxied(client, &[values, &value(CHECKSUM_TYPE, &[0; 4])].concat());
        let at = bytes.len() - 4;
        let sum = checksum(&bytes, at).to_be_bytes();
        bytes[at..].copy_from_slice(&sum);
        bytes
    }

    #[test]
    fn a_checksum_is_that_of_the_whole_header() {
        // The value that every description of CRC-32C has for these digits.
        assert_eq!(checksum(b"123456789", 9), 0xe306_9283);
        let client = "[2001:db8::7]:1".parse().unwrap();
        let bytes = summed(client, &value(0x04, b"padding"));
        assert_eq!(source(&bytes), Source::Client(client));
        for at in FIXED_BYTES..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 0x10;
            let found = read(&changed);
            let wrong = matches!(found, Err(HeaderError::Checksum | HeaderError::Values));
            // A value that has become another one, as the checksum's type has, is passed over.
            let passed_over = changed[at] == CHECKSUM_TYPE ^ 0x10;
            assert!(wrong || passed_over, "byte {at}: {found:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_proxy_writes_is_read(
            address in prop_oneof![
                any::<[u8; 4]>().prop_map(IpAddr::from),
                any::<[u8; 16]>().prop_map(IpAddr::from),
            ],
            port in any::<u16>(),
            values in vec((any::<u8>(), vec(any::<u8>(), 0..99)), 0..9),
            said in vec(any::<u8>(), 0..99),
        ) {
            let client = SocketAddr::new(address.to_canonical(), port);
            let values = values.iter().filter(|(kind, _)| *kind != CHECKSUM_TYPE);
            let values: Vec<u8> = values.flat_map(|(kind, bytes)| value(*kind, bytes)).collect();
            for bytes in [proxied(client, &values), summed(client, &values)] {
                prop_assert_eq!(source(&bytes), Source::Client(client));
                prop_assert_eq!(read(&[&bytes[..], &said].concat()), read(&bytes));
                for cut in 0..bytes.len() {
                    let before = if cut < SIGNATURE.len() { Start::Undecided } else { Start::Begun };
                    prop_assert_eq!(read(&bytes[..cut]), Ok(before));
                }
            }
        }

        #[test]
        fn what_is_known_never_changes(
            mut bytes in vec(any::<u8>(), 0..60),
            known in 0..=16_usize,
        ) {
            // Bytes that nobody has chosen hardly ever begin like a header.
            let start = proxied("192.0.2.7:1".parse().unwrap(), &[]);
            bytes.splice(0..0, start.get(..known).unwrap_or_default().iter().copied());
            let mut last = Ok(Start::Undecided);
            for cut in 0..=bytes.len() {
                let found = read(&bytes[..cut]);
                match last {
                    Ok(Start::Undecided) => {}
                    Ok(Start::Begun) => {
                        let may_follow = !matches!(found, Ok(Start::Undecided | Start::Other));
                        prop_assert!(may_follow, "{:?} became {:?}", last, found);
                    }
                    _ => prop_assert_eq!(found, last),
                }
                last = found;
            }
        }
    }
}
