//! TLS between peers: both sides present a certificate and check where the other's comes from. No
//! host name is compared, as Zeek's Broker compares none: who has a certificate of the authority
//! belongs to the cluster.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, verify_server_cert_signed_by_trust_anchor};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ParsedCertificate, WebPkiClientVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error as RustlsError, RootCertStore, ServerConfig,
    SignatureScheme,
};

use crate::session::Session;
use crate::socket::Socket;
use crate::stream::Stream;
use crate::tls::{Identity, Pem, Settings, TlsError, certified, provider, read};
use crate::tls_authorities::authorities;

/// The files with which two peers authenticate each other.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PeerSettings {
    /// The own certificate in PEM, and behind it those between it and its authority, if any.
    pub certificate: PathBuf,
    /// Its key in PEM, encrypted or not; the same file as `certificate` if it holds both.
    pub key: PathBuf,
    /// The passphrase of an encrypted key.
    pub passphrase: Option<String>,
    /// Certificates in PEM of the authorities that the other's certificate must come from.
    pub cafile: Option<PathBuf>,
    /// A folder of files with such certificates.
    pub capath: Option<PathBuf>,
}

/// The client's side of TLS between peers. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
}

impl Client {
    /// Reads and checks the files of `settings`.
    pub fn load(settings: &PeerSettings) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let roots = authorities(settings)?;
        let certified = settings.certified(&provider)?;
        let verifier = Arc::new(AnyName { roots, provider: provider.clone() });
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsError::Setup(error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config) })
    }

    /// A session that calls whoever is at `address`.
    pub(crate) fn session(&self, socket: Socket, address: IpAddr) -> Stream {
        let name = ServerName::IpAddress(address.into());
        Stream::Tls(Box::new(Session::calling(socket, self.config.clone(), name)))
    }
}

impl Identity {
    /// The server's side of TLS between peers: as [`Identity::load`], but clients must present a
    /// certificate, and the key may be encrypted.
    pub fn of_peer(settings: &PeerSettings) -> Result<Self, TlsError> {
        let provider = Arc::new(provider());
        let roots = Arc::new(authorities(settings)?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider.clone())
            .build()
            .map_err(|error| TlsError::Setup(error.to_string()))?;
        Self::serving(settings, provider, verifier)
    }

    /// As [`Identity::of_peer`], but nobody is asked for a certificate, as it is with browsers.
    pub fn for_anybody(settings: &PeerSettings) -> Result<Self, TlsError> {
        Self::serving(settings, Arc::new(provider()), WebPkiClientVerifier::no_client_auth())
    }

    fn serving(
        settings: &PeerSettings,
        provider: Arc<CryptoProvider>,
        verifier: Arc<dyn ClientCertVerifier>,
    ) -> Result<Self, TlsError> {
        let certified = settings.certified(&provider)?;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| TlsError::Setup(error.to_string()))?
            .with_client_cert_verifier(verifier)
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Self::from(config))
    }
}

impl PeerSettings {
    fn certified(&self, provider: &CryptoProvider) -> Result<rustls::sign::CertifiedKey, TlsError> {
        let settings = Settings {
            certificate: self.certificate.clone(),
            key: self.key.clone(),
            client_ca: None,
        };
        let (certificate, key) = (read(&self.certificate)?, read(&self.key)?);
        let pem = Pem { certificate: &certificate, key: &key, client_ca: None };
        certified(&settings, &pem, self.passphrase.as_deref(), provider)
    }
}

/// Takes every certificate that comes from the authorities and is valid now, for whatever name.
#[derive(Debug)]
struct AnyName {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        verify_server_cert_signed_by_trust_anchor(
            &ParsedCertificate::try_from(end_entity)?,
            &self.roots,
            intermediates,
            now,
            self.provider.signature_verification_algorithms.all,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for PeerSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PeerSettings")
            .field("certificate", &self.certificate)
            .field("key", &self.key)
            .field("cafile", &self.cafile)
            .field("capath", &self.capath)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
