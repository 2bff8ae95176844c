//! T: TLS.
