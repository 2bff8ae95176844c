//! One handshake: turns the frames of the other side into the inputs of the table in
//! `handshake_state.rs`, and its actions into frames.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::Ec;
use crate::EndpointId;
use crate::failure::Failure;
use crate::filter::Filter;
use crate::handshake_frame::{HandshakeFrame, NoFrame, VERSION};
use crate::handshake_state::{Action, Input, State, next};
use crate::node::{Claim, Node};

/// Which side of the connection this is; it does not matter beyond the first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// It connected.
    Connector,
    /// It accepted the connection.
    Listener,
}

/// How a handshake goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It waits for a frame.
    Waiting,
    /// It waits for another handshake with the same peer: see [`Handshake::claim`].
    Aside,
    /// It is over: the other side is this peer, with this filter.
    Peered {
        /// What it is called.
        id: EndpointId,
        /// What it wants.
        filter: Filter,
        /// What it was told that this node wants.
        told: Filter,
    },
    /// It is over: there is a connection to the peer already.
    Redundant {
        /// What the peer is called.
        id: EndpointId,
    },
    /// It is over, and nobody was won.
    Failed(Failure),
}

/// The handshake of one connection.
#[derive(Debug)]
pub(crate) struct Handshake {
    state: State,
    /// The other side, as soon as it has said who it is.
    peer: EndpointId,
    filter: Filter,
    /// What the other side was told that this node wants.
    told: Filter,
    failure: Option<Failure>,
}

impl Handshake {
    /// The handshake of the side `role`, which begins with the frame.
    pub(crate) fn new(role: Role, own: EndpointId) -> (Self, Arc<[u8]>) {
        let (state, greeting) = match role {
            Role::Connector => (State::HelloOrVersion, hello(own)),
            Role::Listener => (State::Hello, HandshakeFrame::Probe),
        };
        let peer = EndpointId::NIL;
        let (filter, told) = (Filter::new(), Filter::new());
        (Self { state, peer, filter, told, failure: None }, greeting.encode())
    }

    /// A frame came, without its length.
    pub(crate) fn received(
        &mut self,
        frame: &[u8],
        node: &dyn Node,
        out: &mut Vec<Arc<[u8]>>,
    ) -> Progress {
        let input = match HandshakeFrame::decode(frame) {
            Ok(frame) => self.input(frame, node),
            Err(NoFrame::WrongMagic) => Input::WrongMagic,
            Err(NoFrame::Malformed) => Input::Malformed,
        };
        self.step(input, node, out)
    }

    /// Time has passed: what was put aside asks again.
    pub(crate) fn claim(&mut self, node: &dyn Node, out: &mut Vec<Arc<[u8]>>) -> Progress {
        if self.state.is_claiming() {
            let input = claimed(node, self.peer);
            return self.step(input, node, out);
        }
        self.progress()
    }

    /// The handshake cannot go on, for the reason in `words`.
    pub(crate) fn exhausted(&mut self, words: String, node: &dyn Node) -> Progress {
        let progress = self.step(Input::Exhausted, node, &mut Vec::new());
        match progress {
            Progress::Failed(failure) => Progress::Failed(Failure { words, ..failure }),
            progress => progress,
        }
    }

    /// What a frame means here.
    fn input(&mut self, frame: HandshakeFrame, node: &dyn Node) -> Input {
        match frame {
            HandshakeFrame::Probe => Input::Probe,
            // Whoever is called nobody would get what is for everybody.
            HandshakeFrame::Hello { sender, .. } if sender.is_nil() => Input::Malformed,
            HandshakeFrame::Hello { sender, lowest, highest } => {
                self.peer = sender;
                if !(lowest..=highest).contains(&VERSION) {
                    return Input::HelloIncompatible;
                }
                match sender.cmp(&node.id()) {
                    Ordering::Greater => Input::HelloFromLarger,
                    Ordering::Less => Input::HelloFromSmaller,
                    Ordering::Equal => Input::HelloFromSelf,
                }
            }
            // It comes from the smaller of the two, who is called what it was before.
            HandshakeFrame::VersionSelect { sender, .. }
                if sender.is_nil()
                    || sender >= node.id()
                    || !self.peer.is_nil() && sender != self.peer =>
            {
                Input::Malformed
            }
            HandshakeFrame::VersionSelect { sender, version } => {
                self.peer = sender;
                if version == VERSION { Input::Version } else { Input::VersionIncompatible }
            }
            HandshakeFrame::DropConnection { sender, code, words } => {
                let code = Ec::from_number(code).unwrap_or(Ec::Unspecified);
                self.failure = Some(Failure::dropped(code, &words));
                if code == Ec::RedundantConnection && node.knows(sender) {
                    self.peer = sender;
                    Input::DropKnown
                } else {
                    Input::Drop
                }
            }
            HandshakeFrame::OriginatorSyn(filter) => {
                self.filter = filter;
                Input::OriginatorSyn
            }
            HandshakeFrame::ResponderSynAck(filter) => {
                self.filter = filter;
                Input::ResponderSynAck
            }
            HandshakeFrame::OriginatorAck => Input::OriginatorAck,
        }
    }

    fn step(&mut self, mut input: Input, node: &dyn Node, out: &mut Vec<Arc<[u8]>>) -> Progress {
        loop {
            let (state, actions) = next(self.state, input);
            self.state = state;
            let mut answer = None;
            for action in actions {
                answer = self.act(*action, input, node, out).or(answer);
            }
            match answer {
                Some(answer) => input = answer,
                None => return self.progress(),
            }
        }
    }

    fn act(
        &mut self,
        action: Action,
        input: Input,
        node: &dyn Node,
        out: &mut Vec<Arc<[u8]>>,
    ) -> Option<Input> {
        let sender = node.id();
        let frame = match action {
            Action::Claim => return Some(claimed(node, self.peer)),
            Action::NoteDrop => return None,
            Action::Note(code) => {
                self.failure = Some(Failure::new(code, "an unexpected frame in the handshake"));
                return None;
            }
            Action::SendHello => hello(sender),
            Action::SendVersion => HandshakeFrame::VersionSelect { sender, version: VERSION },
            Action::SendSyn => HandshakeFrame::OriginatorSyn(self.tell(node)),
            Action::SendSynAck => HandshakeFrame::ResponderSynAck(self.tell(node)),
            Action::SendAck => HandshakeFrame::OriginatorAck,
            Action::SendDrop(code) => {
                let words = reason(code, input);
                self.failure = Some(Failure::new(code, words));
                HandshakeFrame::DropConnection { sender, code: code.number(), words: words.into() }
            }
        };
        out.push(frame.encode());
        None
    }

    /// What the node wants, which is noted as told.
    fn tell(&mut self, node: &dyn Node) -> Filter {
        self.told = node.filter();
        self.told.clone()
    }

    fn progress(&mut self) -> Progress {
        match self.state {
            State::Peered => Progress::Peered {
                id: self.peer,
                filter: std::mem::take(&mut self.filter),
                told: std::mem::take(&mut self.told),
            },
            State::Redundant => Progress::Redundant { id: self.peer },
            State::Failed => {
                let unknown = || Failure::new(Ec::Unspecified, "the handshake is over");
                Progress::Failed(self.failure.take().unwrap_or_else(unknown))
            }
            state if state.is_claiming() => Progress::Aside,
            _ => Progress::Waiting,
        }
    }
}

fn hello(sender: EndpointId) -> HandshakeFrame {
    HandshakeFrame::Hello { sender, lowest: VERSION, highest: VERSION }
}

fn claimed(node: &dyn Node, peer: EndpointId) -> Input {
    match node.claim(peer) {
        Claim::Granted => Input::Granted,
        Claim::Running => Input::Running,
        Claim::Taken => Input::Taken,
        Claim::ShuttingDown => Input::ShuttingDown,
    }
}

/// The words that go with a code on the wire.
fn reason(code: Ec, input: Input) -> &'static str {
    match code {
        Ec::PeerIncompatible if input == Input::VersionIncompatible => {
            "unsupported version selected"
        }
        Ec::PeerIncompatible => "unsupported versions offered",
        Ec::PeerInvalid => "a node is no peer of its own",
        Ec::WrongMagicNumber => "wrong magic number",
        Ec::RedundantConnection => "redundant connection",
        Ec::ShuttingDown => "shutting down",
        Ec::LogicError => "redundant connection at the responder",
        _ => "no frame of a handshake",
    }
}

#[cfg(test)]
#[path = "handshake_cases.rs"]
mod cases;
#[cfg(test)]
#[path = "handshake_several.rs"]
mod several;
