//! Why a message was not published.

use broker_data::MAX_DEPTH;

use crate::MessageError;

/// Nobody has got the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It cannot be sent.
    #[error(transparent)]
    Unfit(#[from] MessageError),
    /// Values lie in one another beyond [`MAX_DEPTH`]: nobody could read it.
    #[error("values lie in one another more than {MAX_DEPTH} deep")]
    TooDeep,
    /// A receiver is behind, and did not catch up in time.
    #[error("{0} is behind with reading")]
    Behind(String),
    /// There is no such peer.
    #[error("{0} is no peer")]
    UnknownPeer(crate::EndpointId),
}
