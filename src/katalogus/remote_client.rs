//! One request to another catalogue, over HTTP or HTTPS, under one deadline.

use std::path::PathBuf;
use std::sync::OnceLock;

use ostler_runtime::Deadline;
use ureq::Agent;
use ureq::tls::TlsConfig;

use crate::trust::{tls_with_authorities, tls_without_authorities};

/// Bytes of an answer, at most.
pub(crate) const MAX_ANSWER_BYTES: usize = 8 << 20;

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
    pub(crate) fn get(
        &self,
        url: &str,
        limit: usize,
        deadline: Deadline,
    ) -> Result<Vec<u8>, String> {
        let words = |error: ureq::Error| error.to_string();
        let request = self.agent(url)?.get(url).config().timeout_global(deadline.remaining());
        let mut response = request.build().call().map_err(words)?;
        if !response.status().is_success() {
            return Err(format!("the status is {}", response.status()));
        }
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let body = response.body_mut().with_config().limit(limit);
        body.read_to_vec().map_err(words)
    }

    fn agent(&self, url: &str) -> Result<&Agent, String> {
        // Without authorities there is no way from one to the other.
        if !url.starts_with("https:") {
            return Ok(self.plain.get_or_init(|| agent(tls_without_authorities())));
        }
        if let Some(agent) = self.secure.get() {
            return Ok(agent);
        }
        let tls = tls_with_authorities(self.authorities.as_ref())?;
        Ok(self.secure.get_or_init(|| agent(tls)))
    }
}

fn agent(tls: TlsConfig) -> Agent {
    let config = Agent::config_builder()
        .tls_config(tls)
        .user_agent(concat!("ostler-katalogus/", env!("CARGO_PKG_VERSION")))
        // Whoever adds a repository names whom this service asks, and nobody else does.
        .max_redirects(0)
        // Nothing is asked often enough for a connection to be kept.
        .max_idle_connections(0);
    config.build().into()
}
