//! How long one try of a request may take.
//!
//! That is as long as the time-out, and longer for long bodies, which are raw files and may take their
//! time: as long as bytes come and go at a least speed, and there is no silence that is as long as the
//! time-out.

use std::io::Read;
use std::time::{Duration, Instant};

use ostler_runtime::now;
use ureq::config::ConfigBuilder;
use ureq::typestate::HttpCrateScope;
use ureq::{AsSendBody, Body, Error, Timeout};

/// The least speed at which a body has to come or go, once the time-out is used up.
const MIN_BYTES_PER_SECOND: u64 = 64 << 10;
/// Bytes of an answer that are read at once, at most.
const CHUNK_BYTES: usize = 64 << 10;

/// See the module.
pub(crate) struct Pace {
    began: Instant,
    timeout: Duration,
    /// Bytes of the request's body.
    sent: u64,
}

impl Pace {
    /// Begins now, with this body of the request.
    pub(crate) fn new(timeout: Duration, body: &[u8]) -> Self {
        Self { began: now(), timeout, sent: u64::try_from(body.len()).unwrap_or(u64::MAX) }
    }

    /// Limits a request to whose answer's body has up to `limit` bytes.
    pub(crate) fn limit<S: AsSendBody>(
        &self,
        request: ConfigBuilder<HttpCrateScope<S>>,
        limit: u64,
    ) -> ConfigBuilder<HttpCrateScope<S>> {
        let silence = Some(self.timeout);
        request
            .timeout_per_read(silence)
            .timeout_per_write(silence)
            .timeout_send_request(silence)
            .timeout_recv_response(silence)
            .timeout_global(Some(self.time(limit)))
    }

    /// Reads the body of an answer.
    pub(crate) fn read(&self, body: &mut Body, limit: u64) -> Result<Vec<u8>, Error> {
        let mut reader = body.with_config().limit(limit).reader();
        let (mut bytes, mut chunk, mut received) = (Vec::new(), vec![0; CHUNK_BYTES], 0);
        loop {
            let new = reader.read(&mut chunk)?;
            if new == 0 {
                return Ok(bytes);
            }
            bytes.extend_from_slice(chunk.get(..new).unwrap_or_default());
            received += u64::try_from(new).unwrap_or(u64::MAX);
            if now().duration_since(self.began) > self.time(received) {
                return Err(Error::Timeout(Timeout::RecvBody));
            }
        }
    }

    /// How long it may take until so many bytes of the answer are there.
    fn time(&self, received: u64) -> Duration {
        let bytes = self.sent.saturating_add(received);
        self.timeout + Duration::from_secs(bytes / MIN_BYTES_PER_SECOND)
    }
}
