//! A password in a file of its own, so that the configuration holds no secret.
//!
//! The password is the file's first line without its end; what follows is not looked at.

use std::path::PathBuf;

use ostler_runtime::Reader;
use ostler_runtime::ini::Value as IniValue;
use ostler_runtime::secret;
use serde_json::Value;

const GLOBAL: &str = "Global";
/// The key that names the file.
pub(crate) const KEY: &str = "password_file";

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
        let password = match secret::read_file(&file, "password") {
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
