//! Whose certificates count when another service is asked over `https`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ostler_runtime::files::read_regular;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// The longest file of certificates that is read, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 8 << 20;
/// Where systems keep the certificates of the authorities that they trust.
const AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// The TLS of a client that asks nobody over `https`: it trusts nobody.
pub fn tls_without_authorities() -> TlsConfig {
    tls(Vec::new())
}

/// The TLS of a client that trusts the authorities in this file, or those of the system if it has
/// none. What is wrong with the file is said in words.
pub fn tls_with_authorities(file: Option<&PathBuf>) -> Result<TlsConfig, String> {
    let system = || AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
    let path = file.map(PathBuf::as_path).or_else(system);
    certificates(path.ok_or("no authorities are known, the system has no file of them")?).map(tls)
}

fn tls(authorities: Vec<Certificate<'static>>) -> TlsConfig {
    TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(authorities))
        .build()
}

/// The certificates in a file, of which there must be one.
pub(crate) fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
    let named = |problem: &str| format!("{}: {problem}", path.display());
    let pem = read_regular(path, MAX_AUTHORITIES_BYTES);
    let pem = pem.map_err(|error| named(&error.to_string()))?;
    let items = parse_pem(&pem).filter_map(|item| match item {
        Ok(PemItem::Certificate(certificate)) => Some(certificate),
        _ => None,
    });
    let found: Vec<_> = items.collect();
    if found.is_empty() { Err(named("no certificates")) } else { Ok(found) }
}
