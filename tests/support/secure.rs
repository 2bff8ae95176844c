//! A TLS client, as strict or as odd as a test wants it.
//!
//! It trusts everybody, as Burp-UI does, but remembers whom it has seen. An end of the stream
//! without the farewell of TLS is an error.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned,
    SupportedProtocolVersion,
};
use serde_json::Value;

use crate::certificates::Pair;
use crate::hollow;
use crate::wait::PATIENCE;
use crate::wire::{Answer, PASSWORD, frame};

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 1.2.
    Tls12,
    /// 1.3.
    Tls13,
}

/// How a client shakes hands.
#[derive(Clone, Debug)]
pub struct Secure(Arc<ClientConfig>);

impl Secure {
    /// By this version and no other, with a certificate or without.
    pub fn new(version: Version, own: Option<&Pair>) -> Self {
        Self::with(rustls::crypto::ring::default_provider(), version, own)
    }

    /// By TLS 1.3, and whatever is written goes out as records that are sound and empty.
    pub fn hollow(own: Option<&Pair>) -> Self {
        Self::with(hollow::provider(), Version::Tls13, own)
    }

    fn with(provider: CryptoProvider, version: Version, own: Option<&Pair>) -> Self {
        let version: &[&SupportedProtocolVersion] = match version {
            Version::Tls12 => &[&TLS12],
            Version::Tls13 => &[&TLS13],
        };
        let provider = Arc::new(provider);
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(version)
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)));
        let mut config = match own {
            None => builder.with_no_client_auth(),
            Some(own) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_file(&own.certificate).expect("a certificate")],
                    PrivateKeyDer::from_pem_file(&own.key).expect("a key"),
                )
                .expect("a certificate of one's own"),
        };
        config.resumption = Resumption::disabled();
        Self(Arc::new(config))
    }

    /// Connects. The handshake comes with the first read or write.
    pub fn connect(&self, address: SocketAddr) -> Talk<TcpStream> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE).expect("connect");
        stream.set_nodelay(true).expect("an option");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        stream.set_write_timeout(Some(PATIENCE)).expect("an option");
        self.over(stream)
    }

    /// Asks with one connection of its own; adds the password.
    pub fn ask(&self, address: SocketAddr, request: &Value) -> Answer {
        let mut request = request.clone();
        request["password"] = PASSWORD.into();
        let mut talk = self.connect(address);
        talk.write_all(&frame(request.to_string().as_bytes())).expect("write to the daemon");
        let mut answer = Vec::new();
        talk.read_to_end(&mut answer).expect("read from the daemon");
        Answer::parse(&answer)
    }

    /// Speaks over a stream.
    pub fn over<S: Read + Write>(&self, stream: S) -> Talk<S> {
        let name = ServerName::try_from("localhost").expect("a name");
        let session = ClientConnection::new(Arc::clone(&self.0), name).expect("a session");
        Talk(StreamOwned::new(session, stream))
    }
}

/// One connection.
pub struct Talk<S: Read + Write>(StreamOwned<ClientConnection, S>);

impl<S: Read + Write> Talk<S> {
    /// Does the handshake and nothing more.
    pub fn shake_hands(&mut self) -> io::Result<()> {
        while self.0.conn.is_handshaking() {
            self.0.conn.complete_io(&mut self.0.sock)?;
        }
        Ok(())
    }

    /// The certificate that the other side has shown, in DER.
    pub fn seen(&self) -> Vec<u8> {
        let shown = self.0.conn.peer_certificates().and_then(<[_]>::first);
        shown.map(|certificate| certificate.to_vec()).unwrap_or_default()
    }

    /// Says that nothing more will be written, and leaves the socket open.
    pub fn say_farewell(&mut self) {
        self.0.conn.send_close_notify();
        self.0.flush().expect("a farewell");
    }

    /// What lies below.
    pub fn stream(&mut self) -> &mut S {
        &mut self.0.sock
    }
}

impl<S: Read + Write> Read for Talk<S> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl<S: Read + Write> Write for Talk<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: Read + Write> fmt::Debug for Talk<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Talk").finish_non_exhaustive()
    }
}

/// The bytes of a `ClientHello` that offers nothing but `version` (as its two bytes) and `suites`.
///
/// # Panics
/// When there are too many of them.
pub fn hello(version: [u8; 2], suites: &[[u8; 2]]) -> Vec<u8> {
    let algorithms = [0, 13, 0, 6, 0, 4, 4, 3, 2, 3];
    let curves = [0, 10, 0, 4, 0, 2, 0, 23];
    let extensions = [&algorithms[..], &curves].concat();
    let mut body = [&version[..], &[7; 32], &[0]].concat();
    body.extend(u16::try_from(suites.len() * 2).expect("few suites").to_be_bytes());
    body.extend(suites.concat());
    body.extend([1, 0]);
    body.extend(u16::try_from(extensions.len()).expect("short").to_be_bytes());
    body.extend(extensions);
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    let message = [&[1][..], &length[1..], &body].concat();
    let length = u16::try_from(message.len()).expect("short").to_be_bytes();
    [&[22, 3, 1][..], &length, &message].concat()
}

/// The certificate in a PEM file, in DER.
pub fn der(pair: &Pair) -> Vec<u8> {
    CertificateDer::from_pem_file(&pair.certificate).expect("a certificate").to_vec()
}

/// Trusts every certificate, but checks that the other side has its key.
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
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        tolerant(rustls::crypto::verify_tls12_signature(message, certificate, signed, algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        tolerant(rustls::crypto::verify_tls13_signature(message, certificate, signed, algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A certificate of an old version cannot be read here, and then its signature not be checked.
fn tolerant(
    checked: Result<HandshakeSignatureValid, rustls::Error>,
) -> Result<HandshakeSignatureValid, rustls::Error> {
    match checked {
        Err(rustls::Error::InvalidCertificate(rustls::CertificateError::Other(_))) => {
            Ok(HandshakeSignatureValid::assertion())
        }
        checked => checked,
    }
}
