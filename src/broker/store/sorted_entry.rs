//! Entries as the bytes that an engine keeps.
//!
//! A key is its binary form. A longer one than [`MAX_KEY`] is [`DIGEST`] and the SHA-256 of that
//! form, which then stands in the value: engines have no long keys. A value is 0, or 1 and the
//! expiry in eight bytes, most significant first; the long key if it is one; the value's binary
//! form.

use broker_data::{Data, DecodeError, Timestamp};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::backend::{Change, Entry};
use crate::engine::Batch;

/// The longest key that is kept as it is. fjall has no longer ones.
const MAX_KEY: usize = u16::MAX as usize;

/// What a key begins with that is a digest. No binary form begins so: their tags are small.
const DIGEST: u8 = 0xff;

/// What was kept is no entry.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum EntryError {
    #[error("an entry has no whole expiry")]
    Expiry,
    #[error("an entry cannot be read")]
    Data(#[from] DecodeError),
}

/// A key in both its forms.
pub(crate) struct Key {
    /// What the engine knows it as.
    pub(crate) kept: Vec<u8>,
    /// The binary form, if it is another.
    long: Option<Vec<u8>>,
}

impl Key {
    pub(crate) fn new(key: &Data) -> Self {
        let mut bytes = Vec::new();
        key.encode(&mut bytes);
        if bytes.len() <= MAX_KEY {
            return Self { kept: bytes, long: None };
        }
        let mut kept = vec![DIGEST];
        kept.extend_from_slice(&Sha256::digest(&bytes));
        Self { kept, long: Some(bytes) }
    }

    fn value(&self, entry: &Entry) -> Vec<u8> {
        let mut bytes = Vec::new();
        match entry.expiry {
            None => bytes.push(0),
            Some(expiry) => {
                bytes.push(1);
                bytes.extend_from_slice(&expiry.nanos().to_be_bytes());
            }
        }
        bytes.extend_from_slice(self.long.as_deref().unwrap_or_default());
        entry.value.encode(&mut bytes);
        bytes
    }
}

/// The last change of each key.
pub(crate) fn batch(changes: &[Change]) -> Batch {
    let mut batch = Batch::default();
    for change in changes {
        match change {
            Change::Put { key, entry } => {
                let key = Key::new(key);
                let value = key.value(entry);
                batch.values.insert(key.kept, Some(value));
            }
            Change::Erase { key } => {
                batch.values.insert(Key::new(key).kept, None);
            }
            Change::Clear => batch = Batch { clears: true, ..Batch::default() },
        }
    }
    batch
}

/// The expiry, and the bytes after it.
fn expiry(value: &[u8]) -> Result<(Option<Timestamp>, &[u8]), EntryError> {
    match value.split_first() {
        Some((0, rest)) => Ok((None, rest)),
        Some((1, rest)) => {
            let (nanos, rest) = rest.split_first_chunk().ok_or(EntryError::Expiry)?;
            Ok((Some(Timestamp::from_nanos(i64::from_be_bytes(*nanos))), rest))
        }
        _ => Err(EntryError::Expiry),
    }
}

/// The key of what was kept, and when it expires.
pub(crate) fn head(kept: &[u8], value: &[u8]) -> Result<(Data, Option<Timestamp>), EntryError> {
    let (expiry, mut rest) = expiry(value)?;
    let is_digest = kept.first() == Some(&DIGEST);
    Ok((if is_digest { Data::decode_front(&mut rest) } else { Data::decode(kept) }?, expiry))
}

/// The entry of what was kept.
pub(crate) fn entry(kept: &[u8], value: &[u8]) -> Result<Entry, EntryError> {
    let (expiry, mut rest) = expiry(value)?;
    if kept.first() == Some(&DIGEST) {
        Data::decode_front(&mut rest)?;
    }
    Ok(Entry { value: Data::decode(rest)?, expiry })
}
