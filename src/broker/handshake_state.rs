//! The handshake of a connection as a pure table: states × inputs → the next state and what to do.
//!
//! Who connects greets with a hello, who listens with a probe. From then on it does not matter who
//! connected: the side with the smaller id is the originator, which selects the version and decides
//! which of several connections between the same two nodes is kept.
//!
//! ```text
//! originator  ── version select, syn(filter) ──▶  responder
//!             ◀────── syn and ack(filter) ──────
//!             ─────────────── ack ─────────────▶
//! ```
//!
//! There is no I/O and no clock in here: `handshake.rs` turns frames into inputs, and carries the
//! actions out in their order.

use crate::Ec;

/// How far a handshake is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum State {
    /// This side connected and said hello.
    HelloOrVersion,
    /// This side listens and sent a probe.
    Hello,
    /// This side is the responder and said hello.
    Version,
    /// This side is the originator, and asked whether the peer has no connection yet.
    ClaimToOriginate,
    /// This side is the responder, and asked the same.
    ClaimToRespond,
    /// The responder waits for the originator's filter.
    Syn,
    /// The originator waits for the responder's filter.
    SynAck,
    /// The responder waits for the end.
    Ack,
    /// The connection is a peering.
    Peered,
    /// There is a connection to this peer already, so that this one has to go.
    Redundant,
    /// The connection has to go, and there is none.
    Failed,
}

/// What happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Input {
    /// A probe.
    Probe,
    /// A hello from a node with a larger id.
    HelloFromLarger,
    /// A hello from a node with a smaller id.
    HelloFromSmaller,
    /// A hello from this node itself.
    HelloFromSelf,
    /// A hello that offers no version that this node speaks.
    HelloIncompatible,
    /// The right version was selected.
    Version,
    /// Another version was selected.
    VersionIncompatible,
    /// The originator's filter.
    OriginatorSyn,
    /// The responder's filter.
    ResponderSynAck,
    /// The originator's last word.
    OriginatorAck,
    /// The other side drops the connection because there is one, and this node knows of it.
    DropKnown,
    /// The other side drops the connection for another reason, or there is none.
    Drop,
    /// A frame without the magic bytes.
    WrongMagic,
    /// Bytes that are no frame of a handshake.
    Malformed,
    /// The peer had no connection: this one has it now.
    Granted,
    /// Another handshake with the peer is running: ask again later.
    Running,
    /// The peer has another connection.
    Taken,
    /// The node ends.
    ShuttingDown,
    /// It took too long, or too many bytes.
    Exhausted,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Action {
    /// Say hello.
    SendHello,
    /// Select the version.
    SendVersion,
    /// Tell the own filter, as the originator.
    SendSyn,
    /// Tell the own filter, as the responder.
    SendSynAck,
    /// Say that all is heard.
    SendAck,
    /// Ask the node for the peer, which answers with an input.
    Claim,
    /// Tell the other side why the connection is dropped.
    SendDrop(Ec),
    /// Note that it failed for this reason, of which the other side is not told.
    Note(Ec),
    /// Note what the other side said when it dropped the connection.
    NoteDrop,
}

impl State {
    /// Every state, for tests that walk the whole table.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 11] = [
        Self::HelloOrVersion,
        Self::Hello,
        Self::Version,
        Self::ClaimToOriginate,
        Self::ClaimToRespond,
        Self::Syn,
        Self::SynAck,
        Self::Ack,
        Self::Peered,
        Self::Redundant,
        Self::Failed,
    ];

    /// Whether nothing can happen any more.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Peered | Self::Redundant | Self::Failed)
    }

    /// Whether the node's answer is awaited, and no frame.
    pub(crate) fn is_claiming(self) -> bool {
        matches!(self, Self::ClaimToOriginate | Self::ClaimToRespond)
    }

    /// Whether the other side has yet to show who it is.
    fn is_greeting(self) -> bool {
        matches!(self, Self::HelloOrVersion | Self::Hello | Self::Version)
    }
}

impl Input {
    /// Every input, for tests that walk the whole table.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 19] = [
        Self::Probe,
        Self::HelloFromLarger,
        Self::HelloFromSmaller,
        Self::HelloFromSelf,
        Self::HelloIncompatible,
        Self::Version,
        Self::VersionIncompatible,
        Self::OriginatorSyn,
        Self::ResponderSynAck,
        Self::OriginatorAck,
        Self::DropKnown,
        Self::Drop,
        Self::WrongMagic,
        Self::Malformed,
        Self::Granted,
        Self::Running,
        Self::Taken,
        Self::ShuttingDown,
        Self::Exhausted,
    ];
}

/// The next state and the actions in their order.
pub(crate) fn next(state: State, input: Input) -> (State, &'static [Action]) {
    use Action::{
        Claim, Note, NoteDrop, SendAck, SendDrop, SendHello, SendSyn, SendSynAck, SendVersion,
    };
    use State::{
        Ack, ClaimToOriginate, ClaimToRespond, Failed, Hello, HelloOrVersion, Peered, Redundant,
        Syn, SynAck, Version,
    };
    match (state, input) {
        (over, _) if over.is_over() => (over, &[]),

        // Asking again is up to the clock: nothing else moves a handshake that is put aside.
        (ClaimToOriginate | ClaimToRespond, Input::Running) => (state, &[]),
        (ClaimToOriginate, Input::Granted) => (SynAck, &[SendVersion, SendSyn]),
        (ClaimToOriginate, Input::Taken) => (Redundant, &[SendDrop(Ec::RedundantConnection)]),
        (ClaimToRespond, Input::Granted) => (Syn, &[]),
        // The originator should have known: it may have lost a connection that still seems whole.
        (ClaimToRespond, Input::Taken) => (Failed, &[SendDrop(Ec::LogicError)]),
        (_, Input::ShuttingDown) => (Failed, &[SendDrop(Ec::ShuttingDown)]),

        (_, Input::Probe) if !state.is_claiming() => (state, &[]),

        (HelloOrVersion | Hello, Input::HelloFromLarger) => (ClaimToOriginate, &[Claim]),
        (HelloOrVersion | Hello, Input::HelloFromSmaller) => (Version, &[SendHello]),
        (HelloOrVersion | Hello, Input::HelloFromSelf) => (Failed, &[SendDrop(Ec::PeerInvalid)]),
        (HelloOrVersion | Hello, Input::HelloIncompatible)
        | (HelloOrVersion | Version, Input::VersionIncompatible) => {
            (Failed, &[SendDrop(Ec::PeerIncompatible)])
        }
        (HelloOrVersion | Version, Input::Version) => (ClaimToRespond, &[Claim]),

        (Syn, Input::OriginatorSyn) => (Ack, &[SendSynAck]),
        (SynAck, Input::ResponderSynAck) => (Peered, &[SendAck]),
        (Ack, Input::OriginatorAck) => (Peered, &[]),

        // Later the peer's only known connection may be this one, of which it cannot be said.
        (_, Input::DropKnown) if state.is_greeting() => (Redundant, &[NoteDrop]),
        (_, Input::DropKnown | Input::Drop) => (Failed, &[NoteDrop]),
        (_, Input::WrongMagic) => (Failed, &[SendDrop(Ec::WrongMagicNumber)]),
        (_, Input::Malformed) => (Failed, &[SendDrop(Ec::InvalidMessage)]),
        (_, Input::Exhausted) => (Failed, &[Note(Ec::PeerTimeout)]),
        _ => (Failed, &[Note(Ec::UnexpectedHandshakeMessage)]),
    }
}

#[cfg(test)]
#[path = "handshake_state_cases.rs"]
mod cases;
