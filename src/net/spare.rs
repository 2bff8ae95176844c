//! The emptied buffer that a connection leaves for the next one.

/// Largest emptied buffer that is worth keeping for the next connection.
const SPARE_BYTES: usize = 4096;

/// Keeps an emptied buffer for the next connection, unless it has grown large.
pub(crate) fn keep_spare(spare: &mut Vec<u8>, buffer: Vec<u8>) {
    if buffer.capacity() <= SPARE_BYTES {
        *spare = buffer;
    }
}
