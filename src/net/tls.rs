//! What a server presents of itself over TLS, read from PEM files; and how it is replaced while the
//! server runs. With its neighbours of that name and `session` it is the only module that names
//! rustls.
//!
//! # What is promised
//!
//! - TLS 1.2 and 1.3, key agreement by elliptic curves, authenticated ciphers; nothing older.
//! - Keys as PKCS#1, PKCS#8 or SEC 1, in a file of their own or beside the certificate;
//!   certificates with or without their chain, of any X.509 version, since clients that do not
//!   verify ask for none.
//! - No tickets and no memory of sessions: clients that connect anew for each request would make
//!   the server pay for what they never use.
//! - Whatever is wrong with a file is said with its path.
//!
//! # What is refused
//!
//! - Encrypted keys, where no setting holds their passphrase: a daemon has nobody to ask for it.
//! - A key that is not that of the certificate.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ostler_runtime::files::read_regular;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{Error as RustlsError, InconsistentKeys, RootCertStore, ServerConfig};

pub use crate::tls_client::{Client, PeerSettings};
pub use crate::tls_fault::TlsFault;
use crate::tls_key::private_key;

/// Longest PEM file that is read, in bytes. A bundle of all public authorities takes a fifth.
const MAX_FILE_BYTES: u64 = 1024 * 1024;

/// The files that make an [`Identity`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The server's certificate in PEM, and behind it those between it and its authority, if any.
    pub certificate: PathBuf,
    /// Its key in PEM; the same file as `certificate` if it holds both.
    pub key: PathBuf,
    /// Certificates in PEM of the authorities that a client's certificate must come from. With
    /// none, clients need no certificate.
    pub client_ca: Option<PathBuf>,
}

/// Why there is no [`Identity`].
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file without a byte.
    #[error("{} is empty", .0.display())]
    Empty(PathBuf),
    /// A file that is too long to be what it should.
    #[error("{} is longer than {MAX_FILE_BYTES} bytes", .0.display())]
    TooLong(PathBuf),
    /// A file whose PEM is damaged.
    #[error("{} is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file without a certificate in PEM.
    #[error("{} holds no certificate in PEM", .0.display())]
    NoCertificate(PathBuf),
    /// A file without a key in PEM.
    #[error("{} holds no private key in PEM", .0.display())]
    NoKey(PathBuf),
    /// A file whose key is encrypted.
    #[error(
        "the key in {} is encrypted; decrypt it into a file that only the daemon may read, with \
         `openssl pkey -in ENCRYPTED -out PLAIN`",
        .0.display()
    )]
    EncryptedKey(PathBuf),
    /// A key that cannot be used.
    #[error("the key in {} cannot be used: {what}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// A key and a certificate that do not belong together.
    #[error("the key in {} is not that of the certificate in {}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// A certificate of an authority that cannot be used.
    #[error("the authorities in {} cannot be used: {what}", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// Peers are to be authenticated, and nothing says by which authorities.
    #[error("no authorities are named that certificates of peers must come from")]
    NoAuthority,
    /// Something that no file is to blame for.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// What stands in the files of [`Settings`].
pub(crate) struct Pem<'a> {
    pub(crate) certificate: &'a [u8],
    pub(crate) key: &'a [u8],
    pub(crate) client_ca: Option<&'a [u8]>,
}

/// A certificate with its key, and what is demanded of clients. Cheap to clone.
#[derive(Clone)]
pub struct Identity {
    config: Arc<ServerConfig>,
}

impl Identity {
    /// Reads and checks the files of `settings`.
    pub fn load(settings: &Settings) -> Result<Self, TlsError> {
        let certificate = read(&settings.certificate)?;
        let key = read(&settings.key)?;
        let client_ca = settings.client_ca.as_deref().map(read).transpose()?;
        let client_ca = client_ca.as_deref();
        Self::from_pem(settings, &Pem { certificate: &certificate, key: &key, client_ca })
    }

    /// Checks what was read from the files of `settings`.
    pub(crate) fn from_pem(settings: &Settings, pem: &Pem<'_>) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let certified = certified(settings, pem, None, &provider)?;
        let verifier = match (&settings.client_ca, pem.client_ca) {
            (Some(path), Some(pem)) => verifier(path, pem, &provider)?,
            _ => WebPkiClientVerifier::no_client_auth(),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsError::Setup(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self::from(config))
    }

    pub(crate) fn config(&self) -> &Arc<ServerConfig> {
        &self.config
    }
}

impl From<ServerConfig> for Identity {
    fn from(config: ServerConfig) -> Self {
        Self { config: Arc::new(config) }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

/// The identity that clients are shown now. Those that have begun keep the one they have seen.
#[derive(Debug)]
pub struct LiveIdentity(Mutex<Identity>);

impl LiveIdentity {
    /// Shows `identity`.
    pub fn new(identity: Identity) -> Self {
        Self(Mutex::new(identity))
    }

    /// Shows `identity` to everybody who connects from now on.
    pub fn replace(&self, identity: Identity) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// What is shown now.
    pub fn current(&self) -> Identity {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The implementation of ciphers; chosen here and nowhere else, whatever the process's default is.
pub(crate) fn provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc"))]
    rustls::crypto::ring::default_provider()
}

/// The certificate with its key, which may be encrypted where there is a passphrase.
pub(crate) fn certified(
    settings: &Settings,
    pem: &Pem<'_>,
    passphrase: Option<&str>,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let certificates = certificates(&settings.certificate, pem.certificate)?;
    let path = &settings.key;
    let key = provider
        .key_provider
        .load_private_key(private_key(path, pem.key, passphrase)?)
        .map_err(|error| TlsError::Key { path: path.clone(), what: error.to_string() })?;
    let certified = CertifiedKey::new(certificates, key);
    if belong_together(&certified) {
        return Ok(certified);
    }
    Err(TlsError::Mismatch { key: path.clone(), certificate: settings.certificate.clone() })
}

/// Whether the key is the certificate's. A certificate that rustls cannot read, such as one of
/// X.509's first version, is searched for the encoded public key, which stands in it as it is.
fn belong_together(certified: &CertifiedKey) -> bool {
    match certified.keys_match() {
        Ok(()) | Err(RustlsError::InconsistentKeys(InconsistentKeys::Unknown)) => true,
        Err(RustlsError::InconsistentKeys(_)) => false,
        Err(_) => match (certified.key.public_key(), certified.cert.first()) {
            (Some(key), Some(certificate)) => {
                certificate.windows(key.len().max(1)).any(|window| window == &key[..])
            }
            _ => false,
        },
    }
}

fn verifier(
    path: &Path,
    pem: &[u8],
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let failed = |what: String| TlsError::Authority { path: path.to_owned(), what };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path, pem)? {
        roots.add(certificate).map_err(|error| failed(error.to_string()))?;
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| failed(error.to_string()))
}

/// The certificates in `pem`, which was read from `path`; at least one.
pub(crate) fn certificates(
    path: &Path,
    pem: &[u8],
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::NoCertificate(path.to_owned())),
        Ok(found) => Ok(found),
        Err(error) => Err(damaged(path, &error)),
    }
}

/// In words of our own where the reader's would repeat a line of the file: where the line breaks
/// are lost, that line is the key.
pub(crate) fn damaged(path: &Path, error: &PemError) -> TlsError {
    let what = match error {
        PemError::MissingSectionEnd { .. } => "a section does not end".to_owned(),
        PemError::IllegalSectionStart { .. } => "a section begins with a broken line".to_owned(),
        other => other.to_string(),
    };
    TlsError::Damaged { path: path.to_owned(), what }
}

/// A file, not empty and not too long.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let bytes = read_regular(path, MAX_FILE_BYTES.saturating_add(1))
        .map_err(|source| TlsError::Read { path: path.to_owned(), source })?;
    if bytes.is_empty() {
        return Err(TlsError::Empty(path.to_owned()));
    }
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(TlsError::TooLong(path.to_owned()));
    }
    Ok(bytes)
}
