//! The head of a request: what `httparse` reads, and the rules that it leaves to its caller.

use std::borrow::Cow;

use httparse::{EMPTY_HEADER, Header, Status};

use crate::flaw::Flaw;
use crate::limits::MAX_HEADERS;
use crate::{Method, percent};

/// A head whose rules have been checked.
#[derive(Debug)]
pub(crate) struct Head<'a> {
    pub(crate) method: Method,
    /// Decoded; `*` where `OPTIONS` asks about the whole server.
    pub(crate) path: Cow<'a, str>,
    /// As it came, without the question mark.
    pub(crate) query: &'a str,
    pub(crate) headers: Vec<Header<'a>>,
    pub(crate) length: Length,
    /// Whether the client would be told to go on before it sends its body.
    pub(crate) asks_first: bool,
    /// Whether the client may send another request behind this one.
    pub(crate) persistent: bool,
}

/// How the end of the body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    /// So many bytes.
    Sized(u64),
    /// By its last chunk.
    Chunked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    Http10,
    Http11,
}

impl<'a> Head<'a> {
    /// Reads the bytes from the first line to the empty one.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Flaw> {
        let mut headers = [EMPTY_HEADER; MAX_HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(bytes) {
            Ok(Status::Complete(length)) if length == bytes.len() => {}
            Ok(_) => return Err(Flaw::RequestLine),
            Err(error) => return Err(flaw(error, bytes)),
        }
        let (Some(name), Some(target)) = (request.method, request.path) else {
            return Err(Flaw::RequestLine);
        };
        let version = if request.version == Some(1) { Version::Http11 } else { Version::Http10 };
        let method = Method::parse(name).ok_or(Flaw::Method)?;
        let (path, query) = target_parts(method, target).ok_or(Flaw::Target)?;
        let headers = request.headers;
        check_host(headers, version)?;
        let length = length(headers, version)?;
        let asks_first = asks_first(headers, version)?;
        let persistent = version == Version::Http11
            && !tokens(headers, "Connection").any(|token| token.eq_ignore_ascii_case(b"close"));
        let headers = headers.to_vec();
        Ok(Self { method, path, query, headers, length, asks_first, persistent })
    }

    /// Whether the client offers to go on in `protocol` (RFC 9110, section 7.8).
    pub(crate) fn asks_for(&self, protocol: &str) -> bool {
        let has = |name, wanted: &str| {
            tokens(&self.headers, name).any(|token| token.eq_ignore_ascii_case(wanted.as_bytes()))
        };
        self.persistent && has("Connection", "upgrade") && has("Upgrade", protocol)
    }
}

/// Whether these are the headers behind a chunked body, the empty line included. Nobody has
/// asked for any, so nothing else is done with them.
pub(crate) fn check_trailers(bytes: &[u8]) -> Result<(), Flaw> {
    match httparse::parse_headers(bytes, &mut [EMPTY_HEADER; MAX_HEADERS]) {
        Ok(Status::Complete((length, _))) if length == bytes.len() => Ok(()),
        Ok(_) => Err(Flaw::Header),
        Err(error) => Err(flaw(error, bytes)),
    }
}

/// Whether a name may hold this byte.
pub(crate) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn flaw(error: httparse::Error, bytes: &[u8]) -> Flaw {
    match error {
        httparse::Error::TooManyHeaders => Flaw::TooManyHeaders,
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Flaw::Header,
        httparse::Error::NewLine => Flaw::LineEnd,
        httparse::Error::Version if names_a_version(bytes) => Flaw::Version,
        _ => Flaw::RequestLine,
    }
}

/// Whether the first line ends with a version of HTTP, of whatever number.
fn names_a_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let word = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    matches!(word.strip_prefix(b"HTTP/"), Some([major, b'.', minor])
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

/// The path, decoded, and the query of a request's target (RFC 9112, section 3.2).
fn target_parts(method: Method, target: &str) -> Option<(Cow<'_, str>, &str)> {
    if target == "*" {
        return (method == Method::Options).then_some((Cow::Borrowed("*"), ""));
    }
    let local = if target.starts_with('/') { target } else { behind_authority(target)? };
    if local.contains('#') {
        return None;
    }
    let (path, query) = local.split_once('?').unwrap_or((local, ""));
    let path = if path.is_empty() { "/" } else { path };
    let path = percent::decode(path)?;
    // No file, log or terminal is served well by them.
    (!path.contains(char::is_control)).then_some((path, query))
}

/// What follows the host in a target that is a whole address, as proxies are sent.
fn behind_authority(target: &str) -> Option<&str> {
    let (scheme, rest) = target.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, local) = rest.split_at_checked(end)?;
    (!authority.is_empty() && is_host(authority.as_bytes())).then_some(local)
}

/// The values of all headers with this name.
fn values<'h>(headers: &'h [Header<'_>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    headers
        .iter()
        .filter(move |header| header.name.eq_ignore_ascii_case(name))
        .map(|header| header.value)
}

/// The members of the lists that all headers with this name hold together.
fn tokens<'h>(headers: &'h [Header<'_>], name: &'h str) -> impl Iterator<Item = &'h [u8]> {
    values(headers, name)
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|token| !token.is_empty())
}

fn check_host(headers: &[Header<'_>], version: Version) -> Result<(), Flaw> {
    let mut hosts = values(headers, "Host");
    let first = hosts.next();
    if first.is_none() && version == Version::Http11 || hosts.next().is_some() {
        return Err(Flaw::Host);
    }
    if first.is_some_and(|host| !is_host(host)) { Err(Flaw::Host) } else { Ok(()) }
}

/// Whether all of this may stand in a host and its port (RFC 3986, section 3.2.2).
fn is_host(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%[]".contains(byte))
}

/// How long the body is (RFC 9112, section 6.3). Whatever two servers might understand
/// differently is refused.
fn length(headers: &[Header<'_>], version: Version) -> Result<Length, Flaw> {
    let mut lengths = values(headers, "Content-Length");
    let length = lengths.next();
    if lengths.next().is_some() {
        return Err(Flaw::ContentLength);
    }
    if values(headers, "Transfer-Encoding").next().is_some() {
        return match (length, version) {
            (Some(_), _) => Err(Flaw::TwoLengths),
            (None, Version::Http10) => Err(Flaw::TransferEncoding),
            (None, Version::Http11) => chunked(headers),
        };
    }
    length.map_or(Ok(Length::Sized(0)), |digits| number(digits).map(Length::Sized))
}

fn chunked(headers: &[Header<'_>]) -> Result<Length, Flaw> {
    let (mut known, mut unknown) = (0_usize, 0_usize);
    let mut last_is_known = false;
    for coding in tokens(headers, "Transfer-Encoding") {
        last_is_known = coding.eq_ignore_ascii_case(b"chunked");
        let count = if last_is_known { &mut known } else { &mut unknown };
        *count = count.saturating_add(1);
    }
    match (known, unknown) {
        (1, 0) => Ok(Length::Chunked),
        (0, 1..) => Err(Flaw::UnknownCoding),
        (1, _) if last_is_known => Err(Flaw::UnknownCoding),
        // Nobody could tell where the body ends.
        _ => Err(Flaw::TransferEncoding),
    }
}

/// Digits and nothing else; what no number holds is the largest.
fn number(digits: &[u8]) -> Result<u64, Flaw> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(Flaw::ContentLength);
    }
    Ok(digits.iter().fold(0_u64, |number, digit| {
        number.saturating_mul(10).saturating_add(u64::from(digit.saturating_sub(b'0')))
    }))
}

/// Whether the client asks before it sends its body. Nothing else can be expected.
fn asks_first(headers: &[Header<'_>], version: Version) -> Result<bool, Flaw> {
    if version == Version::Http10 {
        return Ok(false);
    }
    let mut expected = tokens(headers, "Expect").peekable();
    let asks = expected.peek().is_some();
    let known = expected.all(|token| token.eq_ignore_ascii_case(b"100-continue"));
    if known { Ok(asks) } else { Err(Flaw::Expectation) }
}
