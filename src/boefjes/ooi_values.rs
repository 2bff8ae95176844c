//! The values of an object's fields: what is taken for what, as the original's models take it, and as
//! what it is sent.

use std::net::{Ipv4Addr, Ipv6Addr};

use katalogus::scalars::{truth, whole};
use katalogus::{Json, Object};
use url::Url;

use crate::ooi_types::FieldKind;
use crate::python_duration;

/// A value as it is sent. An error says what is needed in its place.
pub(crate) fn sent(kind: FieldKind, given: &Json) -> Result<Json, String> {
    let value = match (kind, given) {
        (FieldKind::Text, Json::Text(_))
        | (FieldKind::Integer, Json::Integer(_))
        | (FieldKind::Mapping, Json::Object(_)) => Some(given.clone()),
        (FieldKind::Integer, _) => whole(given).ok().map(Json::from),
        (FieldKind::Within(least, most), _) => {
            whole(given).ok().filter(|number| (least..=most).contains(number)).map(Json::from)
        }
        (FieldKind::Number, _) => number(given),
        (FieldKind::Truth, _) => truth(given).ok().map(Json::Bool),
        (FieldKind::TextMapping, Json::Object(members)) => {
            members.iter().all(|(_, value)| is_text(value)).then(|| given.clone())
        }
        (FieldKind::Texts, Json::List(items)) => items.iter().all(is_text).then(|| given.clone()),
        (FieldKind::Duration, _) => duration(given).map(Json::Text),
        (FieldKind::IpV4, _) => ipv4(given).map(Json::Text),
        (FieldKind::IpV6, _) => ipv6(given).map(Json::Text),
        (FieldKind::Hostname, Json::Text(name)) => hostname(name).map(Json::Text),
        (FieldKind::Url, Json::Text(text)) => Url::parse(text).ok().map(|url| url.as_str().into()),
        (FieldKind::OneOf(texts), Json::Text(text)) => {
            texts.split(',').any(|one| one == text).then(|| given.clone())
        }
        (FieldKind::Reference(_), Json::Text(key)) => {
            let of = key.split_once('|').map_or(key.as_str(), |(of, _)| of);
            if !kind.takes(of) {
                return Err(format!("it cannot refer to {of:.100}"));
            }
            Some(given.clone())
        }
        _ => None,
    };
    value.ok_or_else(|| format!("{} is needed", needed(kind)))
}

/// What an object may say of how intrusively it is scanned.
pub(crate) fn scan_profile(given: &Json) -> Result<Json, String> {
    let members = match given {
        Json::Null => return Ok(Json::Null),
        Json::Object(members) => members,
        _ => return Err("an object is needed".to_owned()),
    };
    let kind =
        sent(FieldKind::OneOf("empty,inherited,declared"), member(members, "scan_profile_type"));
    let kind = kind.map_err(|_| "its type is empty, inherited or declared".to_owned())?;
    let reference = sent(FieldKind::Reference("*"), member(members, "reference"))?;
    let level = match members.get("level") {
        None if kind == "empty".into() => 0.into(),
        level => sent(FieldKind::Within(0, 4), level.unwrap_or(&Json::Null))
            .map_err(|_| "a level from 0 to 4 is needed".to_owned())?,
    };
    let mut profile = Object::new();
    profile.insert("scan_profile_type", kind);
    profile.insert("reference", reference);
    profile.insert("level", level);
    Ok(profile.into())
}

fn member<'a>(members: &'a Object, name: &str) -> &'a Json {
    members.get(name).unwrap_or(&Json::Null)
}

fn is_text(value: &Json) -> bool {
    matches!(value, Json::Text(_))
}

/// A number with a fraction, even if that is zero.
fn number(given: &Json) -> Option<Json> {
    let number: f64 = match given {
        Json::Float(number) => *number,
        Json::Integer(digits) => digits.parse().ok()?,
        Json::Text(text) => text.trim().parse().ok()?,
        Json::Bool(truth) => f64::from(u8::from(*truth)),
        _ => return None,
    };
    Some(Json::Float(number))
}

/// A span of time: as ISO 8601 has it, or so many seconds.
fn duration(given: &Json) -> Option<String> {
    match given {
        Json::Text(text) => python_duration::normal(text),
        Json::Integer(_) | Json::Float(_) => match number(given)? {
            Json::Float(seconds) => python_duration::of_seconds(seconds),
            _ => None,
        },
        _ => None,
    }
}

fn ipv4(given: &Json) -> Option<String> {
    let address: Ipv4Addr = match given {
        Json::Text(text) => text.parse().ok()?,
        Json::Integer(digits) => digits.parse::<u32>().ok()?.into(),
        _ => return None,
    };
    Some(address.to_string())
}

fn ipv6(given: &Json) -> Option<String> {
    let (address, scope): (Ipv6Addr, _) = match given {
        Json::Text(text) => {
            let (address, scope) = text.split_at(text.find('%').unwrap_or(text.len()));
            (address.parse().ok()?, scope)
        }
        Json::Integer(digits) => (digits.parse::<u128>().ok()?.into(), ""),
        _ => return None,
    };
    if scope == "%" || scope.matches('%').count() > 1 || scope.contains('|') {
        return None;
    }
    // The original has no dots in it.
    Some(match (address.to_ipv4_mapped(), address.segments()) {
        (Some(_), [.., high, low]) => format!("::ffff:{high:x}:{low:x}{scope}"),
        _ => format!("{address}{scope}"),
    })
}

/// Letters of any script, since a name may be internationalised.
fn hostname(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let is_right = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_');
    (!name.ends_with('-') && name.chars().all(is_right)).then_some(name)
}

fn needed(kind: FieldKind) -> String {
    let what = match kind {
        FieldKind::Text | FieldKind::Literal(_) => "a text",
        FieldKind::Duration => "a span of time",
        FieldKind::Integer => "a whole number",
        FieldKind::Within(least, most) => {
            return format!("a whole number from {least} to {most}");
        }
        FieldKind::Number => "a number",
        FieldKind::Truth => "true or false",
        FieldKind::Mapping => "an object",
        FieldKind::TextMapping => "an object of texts",
        FieldKind::Texts => "a list of texts",
        FieldKind::IpV4 => "an IPv4 address",
        FieldKind::IpV6 => "an IPv6 address",
        FieldKind::Hostname => "a hostname",
        FieldKind::Url => "a URL",
        FieldKind::OneOf(texts) => return format!("one of {}", texts.replace(',', ", ")),
        FieldKind::Reference(_) => "a reference",
    };
    what.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_as_the_original_takes_them_and_sent_as_it_sends_them() {
        const STATES: FieldKind = FieldKind::OneOf("open,open|filtered");
        const PORT: FieldKind = FieldKind::Within(1, 65535);
        for (kind, given, value) in [
            (PORT, "80.0", "80"),
            (PORT, r#"" 80 ""#, "80"),
            (FieldKind::Integer, "123456789012345678901", "123456789012345678901"),
            (FieldKind::Integer, "true", "1"),
            (FieldKind::Number, r#""5.5""#, "5.5"),
            (FieldKind::Number, "5", "5.0"),
            (FieldKind::Truth, r#""yes""#, "true"),
            (FieldKind::Duration, "86400", r#""P1D""#),
            (FieldKind::Duration, "-1.5", r#""-PT1.5S""#),
            (FieldKind::Duration, r#""PT36H""#, r#""P1DT43200S""#),
            (FieldKind::Duration, r#""P1W""#, r#""P7D""#),
            (FieldKind::IpV4, "3221225985", r#""192.0.2.1""#),
            (FieldKind::IpV6, r#""2001:DB8:0::1""#, r#""2001:db8::1""#),
            (FieldKind::IpV6, r#""::ffff:192.0.2.1""#, r#""::ffff:c000:201""#),
            (FieldKind::IpV6, r#""fe80::1%eth0""#, r#""fe80::1%eth0""#),
            (FieldKind::Hostname, r#""_DMARC.A-b.example""#, r#""_dmarc.a-b.example""#),
            (FieldKind::Url, r#""HTTPS://A.example""#, r#""https://a.example/""#),
            (STATES, r#""open|filtered""#, r#""open|filtered""#),
            (FieldKind::Texts, r#"["a"]"#, r#"["a"]"#),
            (FieldKind::TextMapping, r#"{"a":"b"}"#, r#"{"a":"b"}"#),
        ] {
            let sent = |json: &Json| sent(kind, json).map(|value| value.compact());
            let first = sent(&Json::parse(given).unwrap());
            assert_eq!(first.as_deref(), Ok(value), "{kind:?}");
            assert_eq!(sent(&Json::parse(value).unwrap()).as_deref(), Ok(value), "{kind:?}");
        }
    }

    #[test]
    fn what_is_something_else_is_refused() {
        for (kind, given) in [
            (FieldKind::Within(1, 65535), "0"),
            (FieldKind::Within(1, 65535), "99999"),
            (FieldKind::Integer, "80.5"),
            (FieldKind::Number, r#""much""#),
            (FieldKind::Number, "[]"),
            (FieldKind::Truth, "2"),
            (FieldKind::Duration, r#""86400""#),
            (FieldKind::Duration, "1e300"),
            (FieldKind::IpV4, r#""999.1.1.1""#),
            (FieldKind::IpV4, r#""::1""#),
            (FieldKind::IpV6, r#""192.0.2.1""#),
            (FieldKind::IpV6, r#""fe80::1%""#),
            (FieldKind::Hostname, r#""a|b""#),
            (FieldKind::Hostname, r#""a-""#),
            (FieldKind::Url, r#""a.example""#),
            (FieldKind::OneOf("tcp,udp"), r#""nonsense""#),
            (FieldKind::OneOf("tcp,udp"), r#""tcp,udp""#),
            (FieldKind::Texts, "[1]"),
            (FieldKind::TextMapping, r#"{"a":1}"#),
            (FieldKind::Text, "1"),
        ] {
            let told = sent(kind, &Json::parse(given).unwrap()).unwrap_err();
            assert!(told.ends_with(" is needed"), "{given}: {told}");
        }
    }

    #[test]
    fn scan_profiles_are_whole_or_refused() {
        let read = |text: &str| scan_profile(&Json::parse(text).unwrap()).map(|one| one.compact());
        let whole = r#"{"scan_profile_type":"inherited","reference":"Network|a","level":2}"#;
        let mixed =
            r#"{"level":2,"user_id":5,"reference":"Network|a","scan_profile_type":"inherited"}"#;
        assert_eq!(read(mixed).as_deref(), Ok(whole));
        let empty = r#"{"scan_profile_type":"empty","reference":"Network|a"}"#;
        assert!(read(empty).unwrap().ends_with(r#""level":0}"#));
        assert_eq!(read("null").as_deref(), Ok("null"));
        for wrong in [
            r#""junk""#,
            "{}",
            r#"{"scan_profile_type":"odd","reference":"Network|a","level":2}"#,
            r#"{"scan_profile_type":"declared","reference":5,"level":2}"#,
            r#"{"scan_profile_type":"declared","reference":"Network|a","level":5}"#,
            r#"{"scan_profile_type":"declared","reference":"Network|a"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
