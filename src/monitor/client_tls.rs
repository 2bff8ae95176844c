//! TLS for a client; the only module of the client that names rustls.
//!
//! Without authorities any certificate will do, as for Burp-UI: nobody can listen, but whoever
//! stands in between can answer. With authorities the daemon's certificate must come from one of
//! them and be for the host's name, or be one of theirs itself, so that a certificate that the
//! daemon has signed for itself can be trusted by its file.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;
use std::sync::Arc;

use ostler_runtime::files::read_regular;
use rustix::event::PollFlags;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::client_error::{ClientError, Fault};
use crate::client_patience::Patience;
use ostler_runtime::Deadline;

/// The longest PEM file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// What a client demands and shows; made once. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Security {
    config: Arc<ClientConfig>,
    /// Whether the daemon must be who it says it is.
    is_verified: bool,
}

/// A connection and what has been agreed on over it.
#[derive(Debug)]
pub(crate) struct Secure {
    socket: TcpStream,
    session: ClientConnection,
}

impl Security {
    /// With the authorities in `ca` if there are any, and showing the certificate in the first
    /// file of `identity` with the key in the second.
    pub(crate) fn new(
        ca: Option<&Path>,
        identity: Option<(&Path, &Path)>,
    ) -> Result<Self, ClientError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let failed = |error: Error| ClientError::Configuration(format!("TLS: {error}"));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous();
        let builder = builder.with_custom_certificate_verifier(match ca {
            Some(path) => Arc::new(Known::new(path, &provider)?) as Arc<dyn ServerCertVerifier>,
            None => Arc::new(Anybody(provider)),
        });
        let mut config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates(certificate)?;
                let secret = PrivateKeyDer::from_pem_slice(&bytes(key)?)
                    .map_err(|error| wrong(key, &format!("no private key: {error}")))?;
                builder
                    .with_client_auth_cert(chain, secret)
                    .map_err(|error| wrong(key, &error.to_string()))?
            }
        };
        // A client that lives for one answer has nothing to resume.
        config.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), is_verified: ca.is_some() })
    }
}

impl Secure {
    /// Agrees with the daemon called `host` at `address`.
    pub(crate) fn new(
        socket: TcpStream,
        host: &str,
        address: IpAddr,
        security: &Security,
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<Self, Fault> {
        // Where the name proves nothing, anything that is written like one would be in the way.
        let name = if security.is_verified {
            ServerName::try_from(host.to_owned()).map_err(|error| Fault::Tls(error.to_string()))?
        } else {
            ServerName::IpAddress(address.into())
        };
        let session = ClientConnection::new(Arc::clone(&security.config), name)?;
        let mut secure = Self { socket, session };
        secure.settle(patience, deadline)?;
        Ok(secure)
    }

    /// Writes all of `bytes`.
    pub(crate) fn write(
        &mut self,
        mut bytes: &[u8],
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<(), Fault> {
        while !bytes.is_empty() {
            // The session takes as much as it has room for.
            let count = self.session.writer().write(bytes)?;
            bytes = bytes.get(count..).unwrap_or_default();
            self.settle(patience, deadline)?;
        }
        Ok(())
    }

    /// Reads once, at least one byte; none at the end of the stream, whether or not it was told.
    pub(crate) fn read(
        &mut self,
        buffer: &mut [u8],
        patience: &mut Patience,
        deadline: Deadline,
    ) -> Result<usize, Fault> {
        loop {
            match self.session.reader().read(buffer) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(0),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
            self.receive(patience, deadline)?;
        }
    }

    /// Sends what waits to be sent, and ends the handshake.
    fn settle(&mut self, patience: &mut Patience, deadline: Deadline) -> Result<(), Fault> {
        loop {
            while self.session.wants_write() {
                if let Err(error) = self.session.write_tls(&mut self.socket) {
                    patience.not_now(error, self.descriptor(), PollFlags::OUT, deadline)?;
                }
            }
            if !self.session.is_handshaking() {
                return Ok(());
            }
            if self.receive(patience, deadline)? == 0 {
                return Err(Fault::Closed { bytes: 0 });
            }
        }
    }

    /// Receives once and deciphers it: how many bytes came.
    fn receive(&mut self, patience: &mut Patience, deadline: Deadline) -> Result<usize, Fault> {
        let count = loop {
            match self.session.read_tls(&mut self.socket) {
                Ok(count) => break count,
                Err(error) => {
                    patience.not_now(error, self.descriptor(), PollFlags::IN, deadline)?;
                }
            }
        };
        if let Err(error) = self.session.process_new_packets() {
            // The other side is told why, if that is possible at once.
            let _ = self.session.write_tls(&mut self.socket);
            return Err(error.into());
        }
        Ok(count)
    }

    /// The socket, to wait for.
    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Tls(error.to_string())
    }
}

/// Takes every certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    // Nobody knows whose key it should be, so a signature proves nothing; and certificates of old
    // versions could not even be read for it.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Takes what authorities vouch for, and what is named itself.
#[derive(Debug)]
struct Known {
    named: Vec<CertificateDer<'static>>,
    authorities: Arc<WebPkiServerVerifier>,
}

impl Known {
    fn new(path: &Path, provider: &Arc<CryptoProvider>) -> Result<Self, ClientError> {
        let named = certificates(path)?;
        let mut roots = RootCertStore::empty();
        for certificate in &named {
            roots.add(certificate.clone()).map_err(|error| wrong(path, &error.to_string()))?;
        }
        let (roots, provider) = (Arc::new(roots), Arc::clone(provider));
        let authorities = WebPkiServerVerifier::builder_with_provider(roots, provider)
            .build()
            .map_err(|error| wrong(path, &error.to_string()))?;
        Ok(Self { named, authorities })
    }
}

impl ServerCertVerifier for Known {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        status: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.named.contains(certificate) {
            return Ok(ServerCertVerified::assertion());
        }
        self.authorities.verify_server_cert(certificate, chain, name, status, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let found = CertificateDer::pem_slice_iter(&bytes(path)?).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if found.is_empty() => Err(wrong(path, "no certificate in PEM")),
        Ok(found) => Ok(found),
        Err(error) => Err(wrong(path, &error.to_string())),
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, ClientError> {
    read_regular(path, MAX_FILE).map_err(|error| wrong(path, &error.to_string()))
}

fn wrong(path: &Path, words: &str) -> ClientError {
    ClientError::Configuration(format!("{}: {words}", path.display()))
}
