//! Small pieces that several kinds of frames are made of, read from the front of a slice.

use broker_data::varbyte;

use crate::EndpointId;

/// The bytes end or do not mean what must stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The next `N` bytes.
pub(crate) fn read_array<const N: usize>(input: &mut &[u8]) -> Result<[u8; N], Malformed> {
    let (array, rest) = input.split_first_chunk::<N>().ok_or(Malformed)?;
    *input = rest;
    Ok(*array)
}

/// The next byte.
pub(crate) fn read_byte(input: &mut &[u8]) -> Result<u8, Malformed> {
    read_array::<1>(input).map(|[byte]| byte)
}

/// The next id.
pub(crate) fn read_id(input: &mut &[u8]) -> Result<EndpointId, Malformed> {
    read_array(input).map(EndpointId)
}

/// The next bytes that are preceded by their length.
pub(crate) fn read_bytes<'a>(input: &mut &'a [u8]) -> Result<&'a [u8], Malformed> {
    let length = read_count(input)?;
    let (bytes, rest) = input.split_at_checked(length).ok_or(Malformed)?;
    *input = rest;
    Ok(bytes)
}

/// The next length or count.
pub(crate) fn read_count(input: &mut &[u8]) -> Result<usize, Malformed> {
    let count = varbyte::read(input).map_err(|_| Malformed)?;
    usize::try_from(count).map_err(|_| Malformed)
}

/// Writes `bytes` behind their length.
pub(crate) fn write_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    write_count(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// Writes a length or count. None is as large as the wire cannot say: what is counted is bounded.
pub(crate) fn write_count(count: usize, out: &mut Vec<u8>) {
    varbyte::write(u32::try_from(count).unwrap_or(u32::MAX), out);
}
