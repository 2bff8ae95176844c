//! Links that begin as requests.

use std::io;

use crate::{Link, Links, Protocol, Upgraded};

impl Links {
    /// Takes over a connection that has left its server: `protocol` is told at once what the
    /// client has sent behind its request.
    pub fn adopt(&self, upgraded: Upgraded, protocol: Box<dyn Protocol>) -> io::Result<Link> {
        drop((upgraded, protocol));
        Err(io::ErrorKind::Unsupported.into())
    }
}
