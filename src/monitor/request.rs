//! What clients ask: one JSON object a request, as Burp-UI's `async` backend writes it.

use std::ops::RangeInclusive;
use std::time::Duration;

use ostler_net::Body;
use serde_json::{Map, Value};

use crate::password::Password;
use crate::query::{Query, QueryError};

/// The message by which Burp-UI tries whether anybody listens. It gets no answer.
pub(crate) const PROBE: &[u8] = b"RE";

/// The key that must be there whatever is asked.
const PASSWORD: &str = "password";

/// What a client with the right password wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// The connection may carry further requests. An addition for clients of our own.
    pub keep: bool,
    /// What it asks.
    pub kind: Kind,
}

/// The kinds of requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `monitor_version`: the version of the protocol.
    MonitorVersion,
    /// `client_version`: the version of the burp client.
    ClientVersion,
    /// `server_version`: the version of the burp server.
    ServerVersion,
    /// `batch_list_supported`: whether Burp-UI may ask for batch lists.
    BatchListSupported,
    /// `statistics`: whether burp answers, and both versions.
    Statistics,
    /// `status`: the state of this daemon. An addition.
    Status,
    /// `live`: what has changed since it was looked at last, once there is something. An addition.
    Live(Live),
    /// A query for burp.
    Query {
        /// The query itself.
        query: Query,
        /// Whether an answer of the last seconds will do.
        cache: bool,
    },
}

/// What somebody who watches has seen, and wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Live {
    /// `after`: the `tick` of the last answer; 0, the default, for none.
    pub(crate) after: u64,
    /// `interval`: how often to look for the sake of this one, in seconds, and how often it wants to
    /// be told. Burp is asked no more often than a summary in the cache is too old. Default 1.
    pub(crate) interval: Duration,
    /// `hold`: how long to wait for something new, in seconds. Default 15.
    pub(crate) hold: Duration,
    /// `clients_only`: wait until the summary has changed, not only the daemon's own state.
    pub(crate) clients_only: bool,
}

impl Live {
    /// Bounds of `interval`.
    pub(crate) const INTERVALS: RangeInclusive<Duration> =
        Duration::from_millis(250)..=Duration::from_secs(3600);

    /// The interval of those who name none.
    pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

    /// Bounds of `hold`. Both sides know by its end that the other one is still there.
    const HOLDS: RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_secs(60);

    /// How long those are held who do not say.
    const HOLD: Duration = Duration::from_secs(15);

    /// Reads the fields that are there.
    pub(crate) fn read(fields: &Map<String, Value>) -> Result<Self, RequestError> {
        let mut live = Self::default();
        if let Some(after) = fields.get("after") {
            live.after = after.as_u64().ok_or(RequestError::Value("after", "a whole number"))?;
        }
        live.interval = seconds(fields, "interval", live.interval, &Self::INTERVALS)?;
        live.hold = seconds(fields, "hold", live.hold, &Self::HOLDS)?;
        if let Some(only) = fields.get("clients_only") {
            let only = only.as_bool();
            live.clients_only = only.ok_or(RequestError::Value("clients_only", "true or false"))?;
        }
        Ok(live)
    }
}

impl Default for Live {
    fn default() -> Self {
        Self { after: 0, interval: Self::INTERVAL, hold: Self::HOLD, clients_only: false }
    }
}

/// Why a request is refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    /// The body is no JSON.
    #[error("The request is not valid JSON: {0}")]
    Json(serde_json::Error),
    /// The body is JSON, but no object.
    #[error("The request is no JSON object")]
    NoObject,
    /// A key is missing. The original answers its quoted name, and so do we.
    #[error("'{0}'")]
    Missing(&'static str),
    /// The password is another one.
    #[error("wrong password")]
    Password,
    /// The query is no text.
    #[error("The query is no text")]
    NoText,
    /// A key has a value of the wrong kind.
    #[error("'{0}' is not {1}")]
    Value(&'static str, &'static str),
    /// The query must not reach a child.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl RequestError {
    /// Whether whoever asked has not shown the password.
    pub(crate) fn is_of_stranger(&self) -> bool {
        match self {
            Self::Json(_) | Self::NoObject | Self::Password => true,
            Self::Missing(key) => *key == PASSWORD,
            Self::NoText | Self::Value(..) | Self::Query(_) => false,
        }
    }
}

impl Request {
    /// Reads a request and checks its password, which is compared before anything else is looked
    /// at.
    pub(crate) fn parse(body: &[u8], password: &Password) -> Result<Self, RequestError> {
        let Value::Object(request) = parse_json(body)? else { return Err(RequestError::NoObject) };
        let given = request.get(PASSWORD).ok_or(RequestError::Missing(PASSWORD))?;
        if !password.is(given) {
            return Err(RequestError::Password);
        }
        let keep = request.get("keep") == Some(&Value::Bool(true));
        Ok(Self { keep, kind: kind(&request)? })
    }
}

fn kind(request: &Map<String, Value>) -> Result<Kind, RequestError> {
    let known = match request.get("func").and_then(Value::as_str) {
        Some("monitor_version") => Some(Kind::MonitorVersion),
        Some("client_version") => Some(Kind::ClientVersion),
        Some("server_version") => Some(Kind::ServerVersion),
        Some("batch_list_supported") => Some(Kind::BatchListSupported),
        Some("statistics") => Some(Kind::Statistics),
        // With a query beside it too, so that one request serves older daemons, which run the query.
        Some("live") => Some(Kind::Live(Live::read(request)?)),
        // With a query beside it, an unknown function is none: the query is run.
        Some("status") if !request.contains_key("query") => Some(Kind::Status),
        _ => None,
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let query = request.get("query").ok_or(RequestError::Missing("query"))?;
    let query = Query::parse(query.as_str().ok_or(RequestError::NoText)?)?;
    Ok(Kind::Query { query, cache: request.get("cache").is_none_or(is_true) })
}

/// A number of seconds, or the bound that is next to it.
fn seconds(
    fields: &Map<String, Value>,
    key: &'static str,
    default: Duration,
    bounds: &RangeInclusive<Duration>,
) -> Result<Duration, RequestError> {
    let Some(value) = fields.get(key) else { return Ok(default) };
    let seconds = value.as_f64().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    let seconds = seconds.ok_or(RequestError::Value(key, "a number of seconds"))?;
    Ok(seconds.clamp(*bounds.start(), *bounds.end()))
}

/// Whether Python would take the value for true.
fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => !values.is_empty(),
        Value::Object(values) => !values.is_empty(),
    }
}

/// Reads JSON as Python does, which also takes `NaN` and `Infinity` for numbers.
fn parse_json(body: &[u8]) -> Result<Value, RequestError> {
    match serde_json::from_slice(body) {
        Ok(value) => Ok(value),
        Err(error) => {
            let plain = without_special_numbers(body).ok_or(RequestError::Json(error))?;
            serde_json::from_slice(&plain).map_err(RequestError::Json)
        }
    }
}

/// The same JSON with `null` for each number that only Python knows; `None` if it has none.
fn without_special_numbers(body: &[u8]) -> Option<Vec<u8>> {
    let (mut plain, mut rest) = (Vec::with_capacity(body.len()), body);
    let (mut in_string, mut found) = (false, false);
    while let Some((first, after)) = rest.split_first() {
        let special = [&b"NaN"[..], b"-Infinity", b"Infinity"]
            .iter()
            .find_map(|word| if in_string { None } else { rest.strip_prefix(*word) });
        if let Some(after) = special {
            plain.extend(b"null");
            found = true;
            rest = after;
            continue;
        }
        plain.push(*first);
        rest = after;
        match first {
            b'"' => in_string = !in_string,
            b'\\' if in_string => {
                plain.extend(rest.first());
                rest = rest.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    found.then_some(plain)
}

/// The body of an answer in JSON.
pub(crate) fn json_body(value: &Value) -> Body {
    Body::from(value.to_string().into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> Result<Request, String> {
        let password = Password::new(&Value::from("p"));
        Request::parse(body.as_bytes(), &password).map_err(|error| error.to_string())
    }

    #[test]
    fn requests_of_burp_ui() {
        let request =
            parse(r#"{"query": "c:\n", "timeout": null, "cache": true, "password": "p"}"#);
        let kind = Kind::Query { query: Query::summary(), cache: true };
        assert_eq!(request, Ok(Request { keep: false, kind }));
        let request = parse(r#"{"func":"statistics","args":[],"kwargs":{},"password":"p"}"#);
        assert_eq!(request, Ok(Request { keep: false, kind: Kind::Statistics }));
        let request = parse(r#" {"password":"p","func":"monitor_version","x":NaN,"keep":true} "#);
        assert_eq!(request, Ok(Request { keep: true, kind: Kind::MonitorVersion }));
    }

    #[test]
    fn who_watches_says_what_is_known_and_how_often_to_look() {
        let live = |body: &str| match parse(body).unwrap().kind {
            Kind::Live(live) => live,
            other => panic!("{other:?}"),
        };
        let plain = live(r#"{"password":"p","func":"live","query":"c:"}"#);
        assert_eq!(plain, Live::default());
        let all = r#"{"password":"p","func":"live","after":7,"interval":0,"hold":2.5,
            "clients_only":true}"#;
        let (interval, hold) = (Duration::from_millis(250), Duration::from_millis(2500));
        assert_eq!(live(all), Live { after: 7, interval, hold, clients_only: true });
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        for (body, words) in [
            (r#"{"query":"c:"}"#, "'password'"),
            (r#"{"password":"p"}"#, "'query'"),
            (r#"{"password":"p","func":"unknown"}"#, "'query'"),
            (r#"{"password":"q"}"#, "wrong password"),
            (r#"{"password":null}"#, "wrong password"),
            (r#"{"password":["p"]}"#, "wrong password"),
            (r#"{"password":"p","query":7}"#, "The query is no text"),
            (r#"{"password":"p","query":" "}"#, "The query is empty"),
            ("[]", "The request is no JSON object"),
        ] {
            assert_eq!(parse(body), Err(words.to_owned()), "{body}");
        }
        for (key, words) in [
            (r#""after":-1"#, "'after' is not a whole number"),
            (r#""interval":"x""#, "'interval' is not a number of seconds"),
            (r#""interval":-1"#, "'interval' is not a number of seconds"),
            (r#""clients_only":1"#, "'clients_only' is not true or false"),
        ] {
            let body = format!(r#"{{"password":"p","func":"live",{key}}}"#);
            assert_eq!(parse(&body), Err(words.to_owned()));
        }
        for body in ["", "{", "\u{feff}{}", "{}{}", "NaN,", &"[".repeat(100_000)] {
            assert!(parse(body).is_err_and(|words| words.starts_with("The request is")));
        }
    }

    #[test]
    fn cache_is_true_as_python_has_it() {
        for (value, cached) in [
            ("true", true),
            ("1", true),
            ("\"no\"", true),
            ("[0]", true),
            ("null", false),
            ("0", false),
            ("0.0", false),
            ("\"\"", false),
            ("{}", false),
        ] {
            let request = parse(&format!(r#"{{"password":"p","query":"c:","cache":{value}}}"#));
            let kind = Kind::Query { query: Query::summary(), cache: cached };
            assert_eq!(request.map(|request| request.kind), Ok(kind), "{value}");
        }
    }
}
