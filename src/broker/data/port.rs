//! Ports.

use std::fmt;

/// A port with its protocol. In the order of values the number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The number; the type of a message in ICMP.
    pub number: u16,
    /// What it is a port of.
    pub protocol: Protocol,
}

/// The protocol of a port, in the order of the bytes that stand for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Protocol {
    /// Another one, written `?`.
    Unknown = 0,
    /// TCP.
    Tcp = 1,
    /// UDP.
    Udp = 2,
    /// ICMP.
    Icmp = 3,
}

impl Port {
    /// A port of a protocol.
    pub const fn new(number: u16, protocol: Protocol) -> Self {
        Self { number, protocol }
    }

    /// A port of TCP.
    pub const fn tcp(number: u16) -> Self {
        Self::new(number, Protocol::Tcp)
    }

    /// A port of UDP.
    pub const fn udp(number: u16) -> Self {
        Self::new(number, Protocol::Udp)
    }
}

impl Protocol {
    /// The protocol's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "?",
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Icmp => "icmp",
        }
    }

    /// The protocol that a byte of the binary form stands for.
    pub(crate) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            0 => Some(Self::Unknown),
            1 => Some(Self::Tcp),
            2 => Some(Self::Udp),
            3 => Some(Self::Icmp),
            _ => None,
        }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.protocol.name())
    }
}
