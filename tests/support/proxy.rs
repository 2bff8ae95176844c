//! What a proxy sends before its client's bytes: the PROXY protocol, version 2.

use std::net::{IpAddr, SocketAddr};

/// What every header begins with.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The header for a client at this address.
pub fn header(client: &str) -> Vec<u8> {
    let client: SocketAddr = client.parse().expect("an address and a port");
    let ports = [client.port().to_be_bytes(), 11111_u16.to_be_bytes()].concat();
    let (family, addresses) = match client.ip() {
        IpAddr::V4(address) => (0x11, [address.octets(), [192, 0, 2, 1]].concat()),
        IpAddr::V6(address) => (0x21, [address.octets(), [0xfd; 16]].concat()),
    };
    raw(0x21, family, &[addresses, ports].concat())
}

/// The header of a proxy that asks for itself whether it is answered.
pub fn local() -> Vec<u8> {
    raw(0x20, 0, &[])
}

/// A header with this version and command, this family and transport, and these bytes behind its
/// length.
pub fn raw(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(body.len()).expect("a short body").to_be_bytes();
    [SIGNATURE, &[command, family], &length, body].concat()
}
