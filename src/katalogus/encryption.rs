//! How settings are stored, as the configuration says it: the middleware and its keys.

use std::fmt;
use std::path::{Path, PathBuf};

use ostler_runtime::environment::variable_of_any_case;
use ostler_runtime::files::is_readable_by_all;
use ostler_runtime::secret;
use ostler_runtime::{Document, Problem, Reader};
use zeroize::Zeroizing;

use crate::{Cipher, KeyError};
use ostler_runtime::sources::{Said, Source, Sources};

const SECTION: &str = "Encryption";
/// The variables of the middleware, the first that is set counting. The last is what the original's
/// README calls it.
const MIDDLEWARE: [&str; 3] =
    ["BOEFJES_ENCRYPTION_MIDDLEWARE", "ENCRYPTION_MIDDLEWARE", "BYTES_ENCRYPTION_MIDDLEWARE"];
/// Those of the keys, the newer ones first.
const PRIVATE_KEY: [&str; 2] = ["BOEFJES_KATALOGUS_PRIVATE_KEY", "KATALOGUS_PRIVATE_KEY_B64"];
const PUBLIC_KEY: [&str; 2] = ["BOEFJES_KATALOGUS_PUBLIC_KEY", "KATALOGUS_PUBLIC_KEY_B64"];

/// The original's middlewares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Middleware {
    /// Settings are stored as they are.
    #[default]
    Identity,
    /// They are encrypted.
    Sealbox,
}

impl Middleware {
    /// As options, files and variables name them.
    pub const NAMES: [(&'static str, Self); 2] =
        [("IDENTITY", Self::Identity), ("NACL_SEALBOX", Self::Sealbox)];

    /// The one of this name, in letters of whatever case.
    pub fn named(name: &str) -> Option<Self> {
        let found = Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.trim()));
        found.map(|&(_, middleware)| middleware)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "IDENTITY",
            Self::Sealbox => "NACL_SEALBOX",
        }
    }
}

/// The middleware and its keys, each as base64.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Encryption {
    /// How settings are stored.
    pub middleware: Middleware,
    /// The private key; empty unless it is needed.
    pub private_key: Zeroizing<String>,
    /// The public key, likewise.
    pub public_key: String,
    /// Where the private key stands, if it has a file of its own.
    pub private_key_file: Option<PathBuf>,
}

impl Encryption {
    /// What the environment says, for those who use the database without the service's file.
    pub fn of_environment() -> Result<Self, Vec<Problem>> {
        let none = Document::parse(Path::new("environment"), b"")?;
        let mut sources = Sources::new(Reader::new(&none), &variable_of_any_case);
        let encryption = Self::read(&mut sources, None);
        let (encryption, _) = sources.finish(encryption)?;
        Ok(encryption)
    }

    /// What encrypts and decrypts.
    pub fn cipher(&self) -> Result<Cipher, KeyError> {
        match self.middleware {
            Middleware::Identity => Ok(Cipher::identity()),
            Middleware::Sealbox => Cipher::sealbox(&self.private_key, &self.public_key),
        }
    }

    /// `middleware`, `private_key` or `private_key_file`, and `public_key`. `credential` is a file
    /// that the service manager hands over.
    pub(crate) fn read(sources: &mut Sources<'_, '_>, credential: Option<PathBuf>) -> Self {
        let choices = Middleware::NAMES;
        let middleware =
            sources.choice(SECTION, "middleware", &MIDDLEWARE, &choices, Middleware::Identity);
        let (private, private_key_file) = private_key(sources, credential);
        let public = sources.text(SECTION, "public_key", &PUBLIC_KEY);
        let text = |said: &Option<Said>| said.as_ref().map(|said| said.text.clone());
        let encryption = Self {
            middleware,
            private_key: Zeroizing::new(text(&private).unwrap_or_default()),
            public_key: text(&public).unwrap_or_default(),
            private_key_file,
        };
        if middleware == Middleware::Sealbox {
            // A key file that gives no key was told already.
            let is_told = encryption.private_key_file.is_some() && private.is_none();
            if !is_told {
                judge(sources, "private_key", private.as_ref());
            }
            judge(sources, "public_key", public.as_ref());
        }
        encryption
    }
}

impl fmt::Debug for Encryption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Encryption({}, keys hidden)", self.middleware.name())
    }
}

/// Tells what is wrong with one of the keys.
fn judge(sources: &mut Sources<'_, '_>, key: &'static str, said: Option<&Said>) {
    match said {
        None => {
            let words = "must be set, since `middleware` is NACL_SEALBOX";
            sources.wrong(&Source::File(SECTION, key), words);
        }
        // Of both keys the same is demanded.
        Some(said) if Cipher::sealbox(&said.text, &said.text).is_err() => {
            sources.wrong(&said.by, "is not the base64 of 32 bytes");
        }
        Some(_) => {}
    }
}

/// The private key, and the file that it stands in.
fn private_key(
    sources: &mut Sources<'_, '_>,
    credential: Option<PathBuf>,
) -> (Option<Said>, Option<PathBuf>) {
    let written = sources.text(SECTION, "private_key", &PRIVATE_KEY);
    let file = sources.reader.path(SECTION, "private_key_file");
    let by = Source::File(SECTION, "private_key_file");
    match (&written, &file) {
        (Some(Said { by: Source::File(..), .. }), Some(_)) => {
            sources.wrong(&by, "stands beside `private_key`: only one of them may be set");
            return (written, None);
        }
        (Some(Said { by: Source::File(..), .. }), None)
            if is_readable_by_all(sources.reader.path_of_document()) =>
        {
            let words = "can be read by every user of this machine";
            sources.odd(&Source::File(SECTION, "private_key"), words);
        }
        _ => {}
    }
    if written.is_some() {
        return (written, None);
    }
    let Some(file) = file.or(credential) else { return (None, None) };
    if is_readable_by_all(&file) {
        sources.odd(&by, "can be read by every user of this machine");
    }
    let said = read_key(&file).map_err(|words| sources.wrong(&by, words)).ok();
    (said.map(|text| Said { text, by }), Some(file))
}

/// A key in a file of its own.
pub(crate) fn read_key(file: &Path) -> Result<String, String> {
    secret::read_file(file, "key").map_err(|error| error.to_string())
}
