//! Calls to one service: over connections that are kept, under a deadline, and once more where
//! nobody was reached.
//!
//! ```text
//! no connection          any request is tried again, after 0, 2, 4, 8, 16 and 32 s
//! a broken connection    only what changes nothing is tried again, after the same waits
//! no answer in time      likewise, but twice at most
//! a status               an answer, whatever it is
//! ```
//!
//! What is asked from time to time anyway is tried once more at once at most.
//!
//! When the program stops there are no more waits. What settles a task is then tried once more at
//! once, and every try of it has a short deadline.

use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use katalogus::{Json, tls_with_authorities, tls_without_authorities};
use ostler_runtime::shown::seconds;
use ureq::http::{Method, Request, Response};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy};

use crate::base_url::BaseUrl;
use crate::client_settings::ClientSettings;
use crate::http_failure::{Failure, Reached, detail};
use crate::http_pace::Pace;
use crate::http_resolver::KeptAddresses;
use crate::service_error::ServiceError;
use crate::stopping::Stopping;

/// Bytes of an answer that is JSON, at most.
pub(crate) const MAX_JSON_BYTES: u64 = 32 << 20;
/// Bytes of the answer to a request that failed, at most.
const MAX_REFUSAL_BYTES: u64 = 64 << 10;
/// How long a connection may take to be made, its name's look-up apart.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often who answers too slowly is asked, so that this takes at most so many times the deadline of
/// one try, and the waits between them.
const SLOW_TRIES: u32 = 3;
/// How long a try of what settles a task may take when the program stops.
const SETTLING_TIMEOUT: Duration = Duration::from_millis(700);
/// Connections that are kept while nobody uses them, at most.
const MAX_IDLE: usize = 32;
/// For how long. The original's services close theirs after five seconds, and a request that meets
/// its connection's end may be lost.
const IDLE: Duration = Duration::from_secs(4);
/// Bytes of each of a connection's two buffers.
const BUFFER_BYTES: usize = 16 << 10;
/// Who asks, as most services are told.
const USER_AGENT: &str = concat!("ostler-boefjes/", env!("CARGO_PKG_VERSION"));

/// Who asks one service.
pub(crate) struct HttpClient {
    service: &'static str,
    url: BaseUrl,
    timeout: Duration,
    back_off: Vec<Duration>,
    authorities: Option<PathBuf>,
    stopping: Arc<Stopping>,
    /// Made at the first call, since a file may have to be read.
    agent: OnceLock<Agent>,
}

/// A request. It is never shown: it may hold a password.
#[derive(Clone)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    /// The path and the query.
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, Cow<'a, str>)>,
    /// `None` is not the same as an empty one, which has a length.
    pub(crate) body: Option<Cow<'a, [u8]>>,
    /// Bytes of an answer that is a success, at most.
    pub(crate) limit: u64,
    /// Whether a task's end depends on it.
    pub(crate) settles: bool,
    /// Whether it is made again and again anyway: then it is not tried again after a wait.
    pub(crate) polls: bool,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// After how long it may be asked again, if it says so.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl<'a> Call<'a> {
    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            target: target.into(),
            headers: Vec::new(),
            body: None,
            limit: MAX_JSON_BYTES,
            settles: false,
            polls: false,
        }
    }

    pub(crate) fn post(target: impl Into<String>, body: impl Into<Cow<'a, [u8]>>) -> Self {
        Self { method: Method::POST, body: Some(body.into()), ..Self::get(target) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn json(self) -> Self {
        self.header("content-type", "application/json")
    }

    /// The method and the path, without the query.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.target.split('?').next().unwrap_or_default())
    }

    /// Whether a failed try may be followed by another after this wait, after so many that were too
    /// slow.
    fn may_follow(&self, reached: Reached, slow: u32, wait: Duration) -> bool {
        if self.polls && (reached == Reached::Slow || !wait.is_zero()) {
            return false;
        }
        match reached {
            Reached::Nobody => true,
            Reached::Broken => self.method == Method::GET,
            Reached::Slow => self.method == Method::GET && slow < SLOW_TRIES,
            Reached::End => false,
        }
    }
}

impl HttpClient {
    pub(crate) fn new(
        service: &'static str,
        url: BaseUrl,
        settings: &ClientSettings,
        stopping: Arc<Stopping>,
    ) -> Self {
        let (timeout, back_off) = (settings.timeout, settings.back_off.clone());
        let (authorities, agent) = (settings.authorities.clone(), OnceLock::new());
        Self { service, url, timeout, back_off, authorities, stopping, agent }
    }

    /// What a service answers, whatever the status, or why it does not.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let (mut waits, mut slow) = (self.back_off.iter(), 0);
        loop {
            let failure = match self.attempt(call) {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            slow += u32::from(failure.reached == Reached::Slow);
            let wait = waits.next().filter(|wait| call.may_follow(failure.reached, slow, **wait));
            let Some(wait) = wait else { return Err(failure) };
            let (error, line, pause) = (&failure.error, call.line(), seconds(*wait));
            log::warn!("{error}; {line} is tried again in {pause} s");
            if self.stopping.wait(*wait) {
                // A last try of who is slow would take the time that another task needs.
                if call.settles && failure.reached != Reached::Slow {
                    return self.attempt(call);
                }
                if call.settles {
                    return Err(failure);
                }
                let error = ServiceError::Stopping { service: self.service };
                return Err(Failure { error, ..failure });
            }
        }
    }

    /// The same, but any status other than a success is an error.
    pub(crate) fn succeed(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let answer = self.send(call)?;
        if answer.is_success() { Ok(answer) } else { Err(self.refused(call, &answer)) }
    }

    /// The JSON of an answer.
    pub(crate) fn json(&self, call: &Call<'_>, answer: &Answer) -> Result<Json, ServiceError> {
        let json = Json::parse_bytes(&answer.body);
        json.map_err(|fault| self.strange(call, format!("it is no JSON: {fault}")))
    }

    /// The error of a status that is no success.
    pub(crate) fn refused(&self, call: &Call<'_>, answer: &Answer) -> Failure {
        let (service, request, status) = (self.service, call.line(), answer.status);
        let (detail, retry_after) = (detail(&answer.body), answer.retry_after);
        let error = ServiceError::Refused { service, request, status, detail, retry_after };
        Failure { reached: Reached::End, error }
    }

    /// The error of an answer that cannot be understood.
    pub(crate) fn strange(&self, call: &Call<'_>, problem: impl Into<String>) -> ServiceError {
        let (service, request) = (self.service, call.line());
        ServiceError::Strange { service, request, problem: problem.into() }
    }

    fn attempt(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let agent = self.agent()?;
        self.exchange(agent, call)
            .map_err(|error| Failure::of(&error, self.service, &self.url.to_string(), &call.line()))
    }

    fn exchange(&self, agent: &Agent, call: &Call<'_>) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(&call.method).uri(self.url.with(&call.target));
        for (name, value) in &call.headers {
            request = request.header(*name, value.as_ref());
        }
        let own = call.headers.iter().any(|(name, _)| *name == "authorization");
        if let Some(basic) = self.url.authorization().filter(|_| !own) {
            request = request.header("authorization", basic);
        }
        let is_last = call.settles && self.stopping.is_set();
        let timeout = if is_last { self.timeout.min(SETTLING_TIMEOUT) } else { self.timeout };
        let pace = Pace::new(timeout, call.body.as_deref().unwrap_or_default());
        let response = if let Some(body) = &call.body {
            let request = agent.configure_request(request.body(body.as_ref())?);
            agent.run(pace.limit(request, call.limit).build())?
        } else {
            let request = agent.configure_request(request.body(())?);
            agent.run(pace.limit(request, call.limit).build())?
        };
        Answer::read(response, call.limit, &pace)
    }

    fn agent(&self) -> Result<&Agent, Failure> {
        if let Some(agent) = self.agent.get() {
            return Ok(agent);
        }
        let tls = if self.url.is_secure() {
            tls_with_authorities(self.authorities.as_ref()).map_err(|words| Failure {
                reached: Reached::End,
                error: ServiceError::Unreachable { service: self.service, words },
            })?
        } else {
            tls_without_authorities()
        };
        // Services that are asked in clear are near, and proxies for other traffic refuse them.
        let proxy = Proxy::try_from_env().filter(|_| self.url.is_secure());
        let config = Agent::config_builder()
            .proxy(proxy)
            .tls_config(tls)
            .user_agent(USER_AGENT)
            .http_status_as_error(false)
            // Whoever set the address named whom to trust with a token, and nobody else.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_connections(MAX_IDLE)
            .max_idle_connections_per_host(MAX_IDLE)
            .max_idle_age(IDLE)
            .input_buffer_size(BUFFER_BYTES)
            .output_buffer_size(BUFFER_BYTES);
        let connector = DefaultConnector::default();
        let agent = Agent::with_parts(config.build(), connector, KeptAddresses::default());
        Ok(self.agent.get_or_init(|| agent))
    }
}

impl Answer {
    fn read(mut response: Response<Body>, limit: u64, pace: &Pace) -> Result<Self, ureq::Error> {
        let status = response.status();
        let limit = if status.is_success() { limit } else { MAX_REFUSAL_BYTES };
        // The other form of it is a date, which needs two clocks that agree.
        let seconds = response.headers().get("retry-after").and_then(|it| it.to_str().ok());
        let retry_after = seconds.and_then(|it| it.trim().parse().ok()).map(Duration::from_secs);
        let body = match pace.read(response.body_mut(), limit) {
            // The words are missing then, but the status is what counts.
            Err(ureq::Error::BodyExceedsLimit(_)) if !status.is_success() => Vec::new(),
            body => body?,
        };
        Ok(Self { status: status.as_u16(), retry_after, body })
    }

    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
