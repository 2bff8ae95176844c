//! Links that begin as requests.

use std::io;

use ostler_runtime::Deadline;

use crate::link_inner::Entrance;
use crate::link_outbox::Worth;
use crate::link_state::{Phase, State};
use crate::link_wire::Wire;
use crate::{Link, Links, Protocol, Upgraded};

impl Links {
    /// Takes over a connection that has left its server: `protocol` is told at once what the
    /// client has sent behind its request. Whoever has let the client in counts it.
    pub fn adopt(&self, upgraded: Upgraded, protocol: Box<dyn Protocol>) -> io::Result<Link> {
        let Upgraded { stream, first, input, peer } = upgraded;
        let mut state = State::new(Phase::Securing, Wire::from(stream), Deadline::NEVER);
        state.outbox.push(&first.into(), Worth::Kept);
        self.hub().begin((peer, Entrance::Own), state, protocol, input)
    }
}
