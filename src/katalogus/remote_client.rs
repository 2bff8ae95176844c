//! One request to another catalogue, over HTTP or HTTPS, under one deadline.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ostler_runtime::Deadline;
use ostler_runtime::files::read_regular;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

/// Bytes of an answer, at most.
pub(crate) const MAX_ANSWER_BYTES: u64 = 8 << 20;
/// How often an answer may point elsewhere.
const MAX_REDIRECTS: u32 = 3;
/// The longest file of certificates that is read, in bytes.
const MAX_AUTHORITIES_BYTES: u64 = 8 << 20;
/// Where systems keep the certificates of the authorities that they trust.
const AUTHORITIES: [&str; 3] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
];

/// Who asks. A proxy is taken from the environment, as other programs do.
#[derive(Debug)]
pub(crate) struct Client {
    authorities: Option<PathBuf>,
    /// Made at the first request, since most catalogues have no other to ask.
    plain: OnceLock<Agent>,
    /// Likewise, and with the authorities, of which there are many.
    secure: OnceLock<Agent>,
}

impl Client {
    pub(crate) fn new(authorities: Option<PathBuf>) -> Self {
        Self { authorities, plain: OnceLock::new(), secure: OnceLock::new() }
    }

    /// The body of the answer; anything but success is an error, in words.
    pub(crate) fn get(&self, url: &str, deadline: Deadline) -> Result<Vec<u8>, String> {
        let words = |error: ureq::Error| error.to_string();
        let request = self.agent(url)?.get(url).config().timeout_global(deadline.remaining());
        let mut response = request.build().call().map_err(words)?;
        let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES);
        body.read_to_vec().map_err(words)
    }

    fn agent(&self, url: &str) -> Result<&Agent, String> {
        // Without authorities there is no way from one to the other.
        if !url.starts_with("https:") {
            return Ok(self.plain.get_or_init(|| agent(Vec::new())));
        }
        if let Some(agent) = self.secure.get() {
            return Ok(agent);
        }
        let authorities = self.authorities()?;
        Ok(self.secure.get_or_init(|| agent(authorities)))
    }

    fn authorities(&self) -> Result<Vec<Certificate<'static>>, String> {
        if let Some(path) = &self.authorities {
            return certificates(path);
        }
        let path = AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
        certificates(path.ok_or("no authorities are known, the system has no file of them")?)
    }
}

fn agent(authorities: Vec<Certificate<'static>>) -> Agent {
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .root_certs(RootCerts::from(authorities));
    let config = Agent::config_builder()
        .tls_config(tls.build())
        .user_agent(concat!("ostler-katalogus/", env!("CARGO_PKG_VERSION")))
        .max_redirects(MAX_REDIRECTS)
        // Nothing is asked often enough for a connection to be kept.
        .max_idle_connections(0);
    config.build().into()
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, String> {
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
