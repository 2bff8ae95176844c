//! Why a message was not published.

use crate::MessageError;

/// Nobody has got the message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// It cannot be sent.
    #[error(transparent)]
    Unfit(#[from] MessageError),
    /// A receiver is behind, and did not catch up in time.
    #[error("{0} is behind with reading")]
    Behind(String),
    /// There is no such peer.
    #[error("{0} is no peer")]
    UnknownPeer(crate::EndpointId),
}
