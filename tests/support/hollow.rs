//! A cipher of TLS 1.3 that enciphers nothing of what a client writes: each record that should
//! carry data is sound, and empty. No well-behaved library writes such records.

use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks, OutboundOpaqueMessage,
    OutboundPlainMessage, Tls13AeadAlgorithm, UnsupportedOperationError,
};
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, ContentType, Error,
    SupportedCipherSuite, Tls13CipherSuite,
};

/// Ciphers of which the only one is hollow.
pub(crate) fn provider() -> CryptoProvider {
    let mut provider = rustls::crypto::ring::default_provider();
    let usual = provider.cipher_suites.iter().find_map(SupportedCipherSuite::tls13);
    let usual = usual.expect("a cipher of TLS 1.3");
    let common = CipherSuiteCommon {
        suite: CipherSuite::from(u16::from(usual.common.suite)),
        hash_provider: usual.common.hash_provider,
        confidentiality_limit: usual.common.confidentiality_limit,
    };
    let hollow = Tls13CipherSuite {
        common,
        hkdf_provider: usual.hkdf_provider,
        aead_alg: Box::leak(Box::new(Hollow(usual.aead_alg))),
        quic: None,
    };
    // Ciphers are expected to live for ever; a test's process does not.
    provider.cipher_suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(hollow)))];
    provider
}

struct Hollow(&'static dyn Tls13AeadAlgorithm);

impl Tls13AeadAlgorithm for Hollow {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        Box::new(Empties(self.0.encrypter(key, iv)))
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.0.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.0.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.0.extract_keys(key, iv)
    }
}

struct Empties(Box<dyn MessageEncrypter>);

impl MessageEncrypter for Empties {
    fn encrypt(
        &mut self,
        message: OutboundPlainMessage<'_>,
        number: u64,
    ) -> Result<OutboundOpaqueMessage, Error> {
        let OutboundPlainMessage { typ, version, payload } = message;
        let data = typ == ContentType::ApplicationData;
        let payload = if data { OutboundChunks::Single(&[]) } else { payload };
        self.0.encrypt(OutboundPlainMessage { typ, version, payload }, number)
    }

    fn encrypted_payload_len(&self, length: usize) -> usize {
        self.0.encrypted_payload_len(length)
    }
}
