//! A password in a file of its own, so that the configuration holds no secret.
//!
//! The password is the file's first line without its end; what follows is not looked at.

use std::io;
use std::path::{Path, PathBuf};

use ostler_runtime::Reader;
use ostler_runtime::files::read_regular;
use ostler_runtime::ini::Value as IniValue;
use serde_json::Value;

/// The longest file in bytes.
const MAX_BYTES: u64 = 4096;

const GLOBAL: &str = "Global";
/// The key that names the file.
pub(crate) const KEY: &str = "password_file";

/// Why a file gives no password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasswordFileError {
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("has no password in its first line")]
    Empty,
    #[error("has a first line that is not UTF-8")]
    NotUtf8,
}

/// The password in a file.
pub(crate) fn read(path: &Path) -> Result<String, PasswordFileError> {
    let mut bytes = read_regular(path, MAX_BYTES.saturating_add(1))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(PasswordFileError::TooLong);
    }
    let end = memchr::memchr(b'\n', &bytes).unwrap_or(bytes.len());
    bytes.truncate(end);
    let line = String::from_utf8(bytes).map_err(|_| PasswordFileError::NotUtf8)?;
    match line.strip_suffix('\r').unwrap_or(&line) {
        "" => Err(PasswordFileError::Empty),
        password => Ok(password.to_owned()),
    }
}

/// What a configuration says of the password.
#[derive(Debug)]
pub(crate) struct Configured {
    /// A text, or a list of texts if it stands there with commas; `None` if nothing is said.
    pub(crate) password: Option<Value>,
    /// The file that it was read from, if it has one of its own.
    pub(crate) file: Option<PathBuf>,
}

impl Configured {
    /// Reads `password` or `password_file`, of which only one may be set.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Self {
        let written = reader.value(GLOBAL, "password").map(|value| match value {
            IniValue::One(text) => Value::from(text),
            IniValue::Many(texts) => Value::from(texts),
        });
        let Some(file) = reader.path(GLOBAL, KEY) else {
            return Self { password: written, file: None };
        };
        if written.is_some() {
            reader.wrong(GLOBAL, KEY, "stands beside `password`: only one of them may be set");
            return Self { password: written, file: None };
        }
        let password = match read(&file) {
            Ok(password) => Some(Value::from(password)),
            Err(error) => {
                // Without the path: what stands there may be the password itself.
                reader.wrong(GLOBAL, KEY, error.to_string());
                None
            }
        };
        Self { password, file: Some(file) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_first_line_is_the_password_without_its_end() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        let read = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            read(&file).map_err(|error| error.to_string())
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
    }
}
