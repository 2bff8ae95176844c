//! The fuzz targets of this crate: see `tests/fuzz/README.md`. No part of the interface.

use crate::{Fault, Json, SettingsSchema};

/// A text in JSON.
///
/// What is read is the same when it is written and read again; what is refused is refused at one of
/// its characters; and what the Rust library takes is taken, up to the limits.
///
/// # Panics
///
/// If one of these does not hold.
pub fn json(bytes: &[u8]) {
    let parsed = Json::parse_bytes(bytes);
    match &parsed {
        Ok(value) => {
            let (compact, dumps) = (value.compact(), value.dumps());
            assert_eq!(Json::parse(&compact).as_ref(), Ok(value), "{compact}");
            assert_eq!(Json::parse(&dumps).as_ref(), Ok(value), "{dumps}");
            assert!(dumps.is_ascii(), "{dumps}");
            assert!(!value.repr().to_string().is_empty());
        }
        Err(Fault { offset, .. }) => {
            let characters = String::from_utf8_lossy(bytes).chars().count();
            assert!(*offset <= characters, "character {offset} of {characters}");
        }
    }
    if serde_json::from_slice::<serde_json::Value>(bytes).is_ok() {
        let refused = parsed.as_ref().err().map(|fault| fault.message);
        assert!(matches!(refused, None | Some("Number with too many digits")), "{refused:?}");
    }
}

/// A schema and settings, with a zero byte between them.
///
/// The schema is used or refused in words, and the settings too; the same ones always alike.
///
/// # Panics
///
/// If one of these does not hold.
pub fn settings_schema(bytes: &[u8]) {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let mut part = || Json::parse_bytes(parts.next().unwrap_or_default()).unwrap_or_default();
    let (schema, settings) = (part(), part());
    match SettingsSchema::compile(&schema) {
        Ok(schema) => {
            let checked = schema.check(&settings);
            assert_ne!(checked, Err(String::new()));
            assert_eq!(checked, schema.check(&settings));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
