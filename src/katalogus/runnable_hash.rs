//! The hash by which a boefje's results name the code that made them.
//!
//! SHA-256 of the contents of all files of its package, one after the other in the order of their
//! paths; nothing stands between two files, and their names are no part of it.

use std::io::{self, Read};

use ostler_runtime::files::open_regular;
use sha2::{Digest, Sha256};

use crate::tree::Folder;

/// Bytes of one file of a package, at most.
pub(crate) const MAX_FILE_BYTES: u64 = 64 << 20;
/// Bytes of all files of a package, at most.
pub(crate) const MAX_PACKAGE_BYTES: u64 = 256 << 20;

/// How much is read at once.
const PIECE_BYTES: usize = 32 << 10;

/// The hash of a package, in hexadecimal.
pub(crate) fn runnable_hash(package: &Folder) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut piece = vec![0; PIECE_BYTES];
    let mut left = MAX_PACKAGE_BYTES;
    for name in package.files() {
        let path = package.path.join(name);
        let mut add = || {
            let mut file = open_regular(&path)?.take(left.min(MAX_FILE_BYTES) + 1);
            let mut bytes = 0;
            loop {
                let count = file.read(&mut piece)?;
                digest.update(piece.get(..count).unwrap_or_default());
                bytes += u64::try_from(count).unwrap_or(u64::MAX);
                if count == 0 {
                    return Ok(bytes);
                }
            }
        };
        let bytes = add().map_err(|error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", path.display()))
        })?;
        if bytes > MAX_FILE_BYTES {
            let words = format!("{}: longer than {MAX_FILE_BYTES} bytes", path.display());
            return Err(io::Error::other(words));
        }
        let Some(rest) = left.checked_sub(bytes) else {
            let path = package.path.display();
            return Err(io::Error::other(format!("{path}: more than {MAX_PACKAGE_BYTES} bytes")));
        };
        left = rest;
    }
    Ok(format!("{:x}", digest.finalize()))
}
