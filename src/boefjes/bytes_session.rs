//! The token of Bytes, which all threads share, and how it is renewed.
//!
//! Requests go out with the token that is known, at first without. Who is told that it does not
//! count logs in, one at a time: whoever waited meanwhile takes what the other was given, be it a
//! token or an error.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use katalogus::Json;
use zeroize::Zeroizing;

use crate::http_client::{Answer, Call, HttpClient};
use crate::http_failure::{Failure, Reached};
use crate::http_form;
use crate::service_error::ServiceError;

/// Who asks, as Bytes is told.
const USER_AGENT: &str = "bytes-api-client/0.3";

/// The value of a header `Authorization`.
type Token = Arc<Zeroizing<String>>;

/// See the module.
pub(crate) struct BytesSession {
    http: HttpClient,
    /// The form with which somebody logs in.
    credentials: Zeroizing<String>,
    known: Mutex<Known>,
    /// Held by who logs in.
    turn: Mutex<()>,
}

/// What came of the last time that somebody logged in.
#[derive(Clone, Default)]
struct Known {
    /// How often somebody has.
    times: u64,
    token: Option<Token>,
    failure: Option<Failure>,
}

impl BytesSession {
    pub(crate) fn new(http: HttpClient, username: &str, password: &str) -> Self {
        let credentials = http_form::pairs([("username", username), ("password", password)]);
        let (known, turn) = (Mutex::default(), Mutex::default());
        Self { http, credentials: Zeroizing::new(credentials), known, turn }
    }

    /// What Bytes answers, whatever the status, but for a token that does not count.
    pub(crate) fn send(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let known = self.known().clone();
        let answer = self.http.send(&with(call, known.token.as_ref()))?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let token = self.renewed(known.times)?;
        self.http.send(&with(call, Some(&token)))
    }

    /// The same, but any status other than a success is an error.
    pub(crate) fn succeed(&self, call: &Call<'_>) -> Result<Answer, Failure> {
        let answer = self.send(call)?;
        if answer.is_success() { Ok(answer) } else { Err(self.http.refused(call, &answer)) }
    }

    /// Words and JSON are as for all services.
    pub(crate) fn http(&self) -> &HttpClient {
        &self.http
    }

    /// A token that is newer than what was known when somebody had logged in so many times.
    fn renewed(&self, times: u64) -> Result<Token, Failure> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known().clone();
        if known.times == times {
            let outcome = self.log_in();
            let mut known = self.known();
            known.times += 1;
            match outcome {
                Ok(token) => (known.token, known.failure) = (Some(token), None),
                Err(failure) => (known.token, known.failure) = (None, Some(failure)),
            }
        }
        let known = self.known().clone();
        match (known.token, known.failure) {
            (Some(token), _) => Ok(token),
            (None, Some(failure)) => Err(failure),
            // Somebody has logged in, so there is one or the other.
            (None, None) => Err(self.strange("there is no token")),
        }
    }

    fn log_in(&self) -> Result<Token, Failure> {
        let call = self.token_call();
        let answer = self.http.succeed(&call)?;
        let text = Zeroizing::new(answer.body);
        match Json::parse_bytes(&text) {
            Ok(Json::Object(members)) => match members.get("access_token") {
                Some(Json::Text(token)) if token.bytes().all(|byte| byte.is_ascii_graphic()) => {
                    Ok(Arc::new(Zeroizing::new(format!("bearer {token}"))))
                }
                _ => Err(self.strange("it has no access_token")),
            },
            _ => Err(self.strange("it is no object")),
        }
    }

    fn token_call(&self) -> Call<'_> {
        Call::post("/token", self.credentials.as_bytes())
            .header("user-agent", USER_AGENT)
            .header("content-type", "application/x-www-form-urlencoded")
    }

    fn strange(&self, problem: &str) -> Failure {
        let error: ServiceError = self.http.strange(&self.token_call(), problem);
        Failure { reached: Reached::End, error }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The call of one who has this token.
fn with<'a>(call: &'a Call<'_>, token: Option<&'a Token>) -> Call<'a> {
    let mut headers = vec![("user-agent", USER_AGENT.into())];
    headers.extend(call.headers.iter().map(|(name, value)| (*name, value.as_ref().into())));
    headers.extend(token.map(|token| ("authorization", token.as_str().into())));
    Call {
        method: call.method.clone(),
        target: call.target.clone(),
        headers,
        body: call.body.as_ref().map(|body| body.as_ref().into()),
        ..*call
    }
}
