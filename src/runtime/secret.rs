//! Secrets: read from files of their own, kept and compared as digests.

use std::fmt;
use std::io;
use std::path::Path;

use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use subtle::ConstantTimeEq;

use crate::files::read_regular;

/// The longest file of a secret, in bytes.
pub const MAX_FILE_BYTES: u64 = 4096;

/// A secret that is only ever compared. Its digest is kept, so it cannot get into a log or an error.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SHA256_OUTPUT_LEN]);

impl Secret {
    /// Keeps the digest of a secret.
    pub fn new(secret: &[u8]) -> Self {
        let mut kept = [0; SHA256_OUTPUT_LEN];
        for (to, from) in kept.iter_mut().zip(digest(&SHA256, secret).as_ref()) {
            *to = *from;
        }
        Self(kept)
    }

    /// Whether it is the same: digests are compared, and in constant time, so that the time tells
    /// nothing of how much of a guess is right.
    pub fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(&Self::new(given).0).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

/// Why a file gives no secret. The words have neither its path nor anything that stands in it.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be opened or read.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// It is longer than [`MAX_FILE_BYTES`].
    #[error("is longer than {MAX_FILE_BYTES} bytes")]
    TooLong,
    /// Its first line is empty, where there should be what is named here.
    #[error("has no {0} in its first line")]
    Empty(&'static str),
    /// Its first line is no text.
    #[error("has a first line that is not UTF-8")]
    NotUtf8,
}

/// The secret in a file, which is called `what` in an error: its first line without the line's end;
/// what follows is not looked at.
pub fn read_file(path: &Path, what: &'static str) -> Result<String, SecretFileError> {
    let mut bytes = read_regular(path, MAX_FILE_BYTES.saturating_add(1))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_FILE_BYTES {
        return Err(SecretFileError::TooLong);
    }
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    bytes.truncate(end);
    let line = String::from_utf8(bytes).map_err(|_| SecretFileError::NotUtf8)?;
    match line.strip_suffix('\r').unwrap_or(&line) {
        "" => Err(SecretFileError::Empty(what)),
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_secret_is_known_again_and_never_shown() {
        let secret = Secret::new(b"a");
        assert!(secret.is(b"a") && !secret.is(b"b") && !secret.is(b""));
        assert_eq!(format!("{secret:?}"), "Secret(hidden)");
    }

    #[test]
    fn the_first_line_is_the_secret_without_its_end() {
        let file = std::env::temp_dir().join(format!("ostler-secret-{}", std::process::id()));
        let read = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            read_file(&file, "password").map_err(|error| error.to_string())
        };
        for bytes in [&b"a, b #c "[..], b"a, b #c \n", b"a, b #c \r\n", b"a, b #c \nmore\n\xe9"] {
            assert_eq!(read(bytes), Ok("a, b #c ".to_owned()));
        }
        let most = "x".repeat(4096);
        assert_eq!(read(most.as_bytes()), Ok(most.clone()));
        for (bytes, words) in [
            (&b""[..], "has no password in its first line"),
            (b"\nsecret\n", "has no password in its first line"),
            (b"\r\n", "has no password in its first line"),
            (b"\xe9\n", "has a first line that is not UTF-8"),
            (format!("{most}\n").as_bytes(), "is longer than 4096 bytes"),
        ] {
            assert_eq!(read(bytes), Err(words.to_owned()));
        }
        fs::remove_file(&file).unwrap();
    }
}
