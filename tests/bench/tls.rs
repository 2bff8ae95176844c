//! TLS as Burp-UI's client speaks it: a new handshake for each connection, nothing resumed, nothing
//! verified, small pieces sent at once. And the certificate that the daemons show.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use rustix::fd::OwnedFd;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, IpAddr, Ipv4Addr, ServerName, UnixTime};
use rustls::version::TLS13;
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use tempfile::TempDir;

use crate::failure::{Context, Failure};
use crate::process::{command, step};

/// A self-signed certificate with a key of 2048 bits for RSA, which most installations have.
#[derive(Debug)]
pub(crate) struct Certificate {
    directory: TempDir,
}

impl Certificate {
    /// Has openssl make one.
    pub(crate) fn new() -> Result<Self, Failure> {
        let directory = TempDir::with_prefix("bench-tls-")
            .context(|| "cannot make a temporary directory".to_owned())?;
        let certificate = Self { directory };
        let mut openssl = command("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=localhost", "-keyout"]).arg(certificate.key());
        step(openssl.arg("-out").arg(certificate.path()), "openssl req")?;
        Ok(certificate)
    }

    /// The file of the certificate.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("cert.pem")
    }

    /// The file of its key.
    pub(crate) fn key(&self) -> PathBuf {
        self.directory.path().join("key.pem")
    }
}

/// A client's session.
pub(crate) struct Session(StreamOwned<ClientConnection, TcpStream>);

impl Session {
    /// Begins a session on a connected socket that blocks.
    pub(crate) fn open(socket: OwnedFd) -> io::Result<Self> {
        let socket = TcpStream::from(socket);
        socket.set_nodelay(true)?;
        let config = CONFIG.as_ref().map_err(|error| io::Error::other(error.clone()))?;
        let name = ServerName::IpAddress(IpAddr::V4(Ipv4Addr::from([127, 0, 0, 1])));
        let session = ClientConnection::new(Arc::clone(config), name).map_err(io::Error::other)?;
        Ok(Self(StreamOwned::new(session, socket)))
    }

    /// Writes all of `bytes`, in one record if they are short.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if bytes.is_empty() { Ok(()) } else { self.0.write_all(bytes) }
    }

    /// Reads what there is; nothing at the end.
    pub(crate) fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        self.0.read(chunk)
    }
}

static CONFIG: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
});

/// Trusts everybody, so that the client's work does not hide the server's.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        // As OpenSSL's clients ask, RSA in its newer form first.
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
        ]
    }
}
