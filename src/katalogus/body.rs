//! The body of a request, as the original's framework reads it: JSON by its media type, anything
//! else a mere text, which is then not what was wanted.

use ostler_http::Request;

use crate::fields::Fields;
use crate::json_parse::FaultKind;
use crate::scalars;
use crate::validation::{Complaint, Problem};
use crate::{Json, Object};

/// Why a body cannot be taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Malformed {
    /// It is not what the endpoint takes.
    Invalid(Vec<Problem>),
    /// It cannot even be read as a text.
    Unreadable,
}

impl From<Problem> for Malformed {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

impl From<Vec<Problem>> for Malformed {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}

/// Reads a body; `None` if there is none, or if it is `null`.
pub fn read(request: &Request<'_>) -> Result<Option<Json>, Malformed> {
    read_bytes(request.body(), is_json(request.header("Content-Type").unwrap_or_default()))
}

/// Reads a body that was kept, whose media type [said](is_json) that it is JSON or not.
pub fn read_bytes(bytes: &[u8], is_json: bool) -> Result<Option<Json>, Malformed> {
    if bytes.is_empty() {
        return Ok(None);
    }
    if !is_json {
        return Ok(Some(Json::Text(String::from_utf8_lossy(bytes).into_owned())));
    }
    match Json::parse_bytes(bytes) {
        Ok(Json::Null) => Ok(None),
        Ok(json) => Ok(Some(json)),
        Err(fault) if fault.kind == FaultKind::Syntax => {
            let character = i64::try_from(fault.offset).unwrap_or(i64::MAX);
            let place = vec!["body".into(), character.into()];
            let complaint = Complaint::NoJson(fault.message);
            Err(Problem { complaint, place, input: Object::new().into() }.into())
        }
        Err(_) => Err(Malformed::Unreadable),
    }
}

/// A body that must be there.
pub fn required(request: &Request<'_>) -> Result<Json, Malformed> {
    read(request)?.ok_or_else(|| {
        let place = vec!["body".into()];
        Problem { complaint: Complaint::Missing, place, input: Json::Null }.into()
    })
}

/// A body that must be an object.
pub fn dictionary(request: &Request<'_>) -> Result<Object, Malformed> {
    match required(request)? {
        Json::Object(object) => Ok(object),
        input => {
            let place = vec!["body".into()];
            Err(Problem { complaint: Complaint::Dictionary, place, input }.into())
        }
    }
}

/// What `read` makes of the members of the body.
pub fn model<T>(
    request: &Request<'_>,
    read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
) -> Result<T, Malformed> {
    let body = required(request)?;
    let mut fields = Fields::of(&body, vec!["body".into()])?;
    let model = read(&mut fields);
    Ok(fields.finish(model)?)
}

/// The truth value called `key` in the body. Without a body, without the key and where it is `null`
/// it is false.
pub fn truth(request: &Request<'_>, key: &str) -> Result<bool, Malformed> {
    let value = match member(request, key)? {
        None | Some(Json::Null) => return Ok(false),
        Some(value) => value,
    };
    scalars::truth(&value).map_err(|unfit| unfit.at(&place_of(key), &value).into())
}

/// The value called `key` in the body, whatever it is.
pub fn value(request: &Request<'_>, key: &str) -> Result<Json, Malformed> {
    member(request, key)?.ok_or_else(|| missing(key))
}

fn member(request: &Request<'_>, key: &str) -> Result<Option<Json>, Malformed> {
    match read(request)? {
        None => Ok(None),
        Some(Json::Object(mut members)) => Ok(members.remove(key)),
        Some(_) => Err(missing(key)),
    }
}

fn missing(key: &str) -> Malformed {
    Problem { complaint: Complaint::Missing, place: place_of(key).to_vec(), input: Json::Null }
        .into()
}

fn place_of(key: &str) -> [Json; 2] {
    ["body".into(), key.into()]
}

/// Whether a body of this media type is read as JSON, as one of no type is.
pub fn is_json(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or_default().trim();
    if media_type.is_empty() {
        return true;
    }
    let Some((kind, subtype)) = name.split_once('/') else { return false };
    let subtype = subtype.trim_end().to_ascii_lowercase();
    kind.eq_ignore_ascii_case("application") && (subtype == "json" || subtype.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_told_by_its_media_type() {
        for json in
            ["", "application/json", "Application/JSON; charset=utf-8", "application/a+json"]
        {
            assert!(is_json(json), "{json}");
        }
        for other in ["text/plain", "text/json", "application/x-www-form-urlencoded", "json", " "] {
            assert!(!is_json(other), "{other}");
        }
    }
}
