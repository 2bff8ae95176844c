//! Links that were connections of a server.

use std::io;
use std::sync::Arc;

use ostler_runtime::Deadline;

use crate::link_inner::Entrance;
use crate::link_outbox::Worth;
use crate::link_state::{Phase, State};
use crate::link_wire::Wire;
use crate::{Link, Links, Protocol, Upgraded};

impl Links {
    /// Goes on with a connection that has left its server.
    pub fn adopt(&self, upgraded: Upgraded, protocol: Box<dyn Protocol>) -> io::Result<Link> {
        let Upgraded { stream, first, input, peer } = upgraded;
        let deadline = Deadline::after(self.hub().limits.handshake);
        let mut state = State::new(Phase::Securing, Wire::from(stream), deadline);
        if !first.is_empty() {
            state.outbox.push(&Arc::from(first), Worth::Kept);
        }
        self.hub().begin((peer, Entrance::Own), state, protocol, input)
    }
}
