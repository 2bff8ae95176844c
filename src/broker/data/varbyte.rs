//! Lengths and counts: seven bits a byte, the lowest first, the high bit set on all but the last.

use crate::decode_error::DecodeError;

/// The most bytes of a number of 32 bits.
const MAX_BYTES: usize = 5;

/// Takes a number off the front of `input`. One beyond 32 bits is refused, and so is one in more
/// than five bytes; zeros at the end are not, because the original reads them.
pub fn read(input: &mut &[u8]) -> Result<u32, DecodeError> {
    let mut value = 0_u64;
    for index in 0..MAX_BYTES {
        let (&byte, rest) = input.split_first().ok_or(DecodeError::Truncated)?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return u32::try_from(value).map_err(|_| DecodeError::Varbyte);
        }
    }
    Err(DecodeError::Varbyte)
}

/// Appends a number in the fewest bytes.
pub fn write(mut value: u32, out: &mut Vec<u8>) {
    loop {
        let [byte, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(byte & 0x7f);
            return;
        }
        out.push(byte | 0x80);
    }
}
