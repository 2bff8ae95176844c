//! The named limits of a request's head, with their defaults.

/// Headers of a request, and those behind a chunked body, at most.
pub const MAX_HEADERS: usize = 100;

/// Longest line of a chunk's size in bytes, with whatever extensions follow the size.
pub(crate) const MAX_CHUNK_LINE: usize = 256;

/// How long the parts of a request may be that are not its body. The limit of the body is
/// [`ostler_net::Limits::max_request`]; that of a chunked one counts the lines between the chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadLimits {
    /// The first line, in bytes; default 8 KiB.
    pub max_line_bytes: usize,
    /// The first line and all headers, in bytes; default 16 KiB. As much again is granted to the
    /// headers behind a chunked body.
    pub max_head_bytes: usize,
}

impl Default for HeadLimits {
    fn default() -> Self {
        Self { max_line_bytes: 8 * 1024, max_head_bytes: 16 * 1024 }
    }
}
