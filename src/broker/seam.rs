//! What comes from the crate of the data model as soon as it has it.

/// The bytes are no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no value")]
pub struct DecodeError;

pub(crate) trait Codec: Sized {
    fn encode(&self, out: &mut Vec<u8>);
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError>;
}

impl Codec for broker_data::Data {
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(0);
    }

    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes == [0] { Ok(Self::None) } else { Err(DecodeError) }
    }
}

pub(crate) mod varbyte {
    use super::DecodeError;

    pub(crate) fn read(input: &mut &[u8]) -> Result<u32, DecodeError> {
        let mut value = 0_u64;
        for shift in [0, 7, 14, 21, 28] {
            let (byte, rest) = input.split_first().ok_or(DecodeError)?;
            *input = rest;
            value |= u64::from(byte & 127) << shift;
            if *byte < 128 {
                return u32::try_from(value).map_err(|_| DecodeError);
            }
        }
        Err(DecodeError)
    }

    pub(crate) fn write(mut value: u32, out: &mut Vec<u8>) {
        while value > 127 {
            out.push(u8::try_from(value & 127).unwrap_or(0) | 128);
            value >>= 7;
        }
        out.push(u8::try_from(value).unwrap_or(0));
    }
}
