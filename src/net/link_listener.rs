//! Links that come in.

/// Accepts connections for [`Links`](crate::Links) until it is dropped. Links that were accepted
/// stay.
pub struct LinkListener(());
