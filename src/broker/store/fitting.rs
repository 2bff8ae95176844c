//! What can be told to others, and read by them.

use broker_data::{Data, MAX_DEPTH};

use crate::store_error::StoreError;

/// What a command has beside a key and a value, at most.
const AROUND: usize = 256;

/// Whether a key with its value has room in a command of so many bytes.
pub(crate) fn check(key: &Data, value: &Data, most: usize) -> Result<(), StoreError> {
    if key.depth() > MAX_DEPTH || value.depth() > MAX_DEPTH {
        return Err(StoreError::unfit("values that lie in one another too deep"));
    }
    // In memory a value takes more than on the wire: most need not be written to see that they fit.
    let most = most.saturating_sub(AROUND);
    if key.weight().saturating_add(value.weight()) <= most {
        return Ok(());
    }
    let mut bytes = Vec::new();
    key.encode(&mut bytes);
    value.encode(&mut bytes);
    if bytes.len() <= most {
        Ok(())
    } else {
        Err(StoreError::unfit("a key with its value that is longer than peers take"))
    }
}
