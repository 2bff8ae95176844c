//! Objects that are known by their reference only: `Hostname|internet|example.com` says all that
//! this hostname must have.
//!
//! The parts of a key are those of its type's fields, one after the other; those of a field that
//! refers to another object are the parts of that object's key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use katalogus::{Json, Object};

use crate::ooi_check::complete;
use crate::ooi_types::{self, FieldKind, KeyForm, OoiType};
use crate::rules::Version;

/// Types whose keys are an id that begins with the type's own name.
const FINDING_TYPE: &str = "FindingType";

/// How deep references lead from one type to the next; none of the table's leads so far.
const MAX_DEPTH: usize = 16;

/// The object of a reference. An error says why there is none.
pub(crate) fn built(reference: &str) -> Result<Object, String> {
    let mut parts = reference.split('|');
    let name = parts.next().unwrap_or_default();
    let of =
        ooi_types::named(name).ok_or_else(|| format!("there is no object type {name:.100}"))?;
    let mut key = Key { parts: parts.collect() };
    let mut object = Object::new();
    object.insert("object_type", name);
    for (place, part) in of.key.iter().enumerate() {
        let is_last = place.saturating_add(1) == of.key.len();
        let text = key.part(name, of, place, is_last, MAX_DEPTH)?;
        object.insert(part.field, value(of, part.field, &text)?);
    }
    if !key.parts.is_empty() {
        return Err(format!("{} parts of the key are too many", key.parts.len()));
    }
    let Json::Object(whole) = complete(&object.into(), Version::default())? else {
        return Err("it is no object".to_owned());
    };
    match whole.get("primary_key") {
        Some(Json::Text(own)) if own == reference => Ok(whole),
        Some(Json::Text(own)) => Err(format!("its key would be {own:.200}")),
        _ => Err("it would have no key".to_owned()),
    }
}

/// What is left of a key.
#[derive(Clone)]
struct Key<'a> {
    parts: Vec<&'a str>,
}

impl<'a> Key<'a> {
    /// Takes the part of one field off the front: a text, or a whole reference.
    fn part(
        &mut self,
        name: &str,
        of: &OoiType,
        place: usize,
        is_last: bool,
        depth: usize,
    ) -> Result<String, String> {
        let Some(part) = of.key.get(place) else { return Err("it has no such key".to_owned()) };
        let field = of.fields.iter().find(|field| field.name == part.field);
        let kind = field.map_or(FieldKind::Text, |field| field.kind);
        match (part.form, kind) {
            (KeyForm::Hashed, _) => {
                Err(format!("of {name}.{} the key has no more than a hash", part.field))
            }
            (KeyForm::Whole, _) => {
                let target = self.next(name, part.field)?;
                if !kind.takes(target) {
                    return Err(format!("{name}.{} cannot refer to {target:.100}", part.field));
                }
                Ok(format!("{target}|{}", self.natural(target, is_last, depth)?))
            }
            (KeyForm::Natural, FieldKind::Reference(targets)) => {
                self.reference(name, part.field, targets, is_last, depth)
            }
            (KeyForm::Natural, _) => {
                let text = if is_last {
                    // Only the last part may have the separator in it.
                    let text = self.parts.join("|");
                    if std::mem::take(&mut self.parts).is_empty() {
                        return Err(missing(name, part.field));
                    }
                    text
                } else {
                    self.next(name, part.field)?.to_owned()
                };
                plausible(name, part.field, &text).map(|()| text)
            }
        }
    }

    /// The natural key of a type.
    fn natural(&mut self, name: &str, is_last: bool, depth: usize) -> Result<String, String> {
        let of =
            ooi_types::named(name).ok_or_else(|| format!("there is no object type {name:.100}"))?;
        let depth = depth.checked_sub(1).ok_or("its references lead too far")?;
        let mut key = Vec::new();
        for place in 0..of.key.len() {
            let ends = is_last && place.saturating_add(1) == of.key.len();
            let text = self.part(name, of, place, ends, depth)?;
            let is_natural_reference = of
                .key
                .get(place)
                .is_some_and(|part| part.form == KeyForm::Natural && is_reference(of, part.field));
            // Of a reference in a key what follows the type.
            key.push(match text.split_once('|') {
                Some((_, rest)) if is_natural_reference => rest.to_owned(),
                _ => text,
            });
        }
        Ok(key.join("|"))
    }

    /// A reference whose type the key does not say: the first type that what follows can belong to.
    fn reference(
        &mut self,
        name: &str,
        field: &str,
        targets: &str,
        is_last: bool,
        depth: usize,
    ) -> Result<String, String> {
        let mut flaw = format!("of {name}.{field} the key does not say which type it refers to");
        for target in targets.split('|') {
            let target = match target.strip_prefix('*') {
                None => target.to_owned(),
                Some(FINDING_TYPE) => match self.finding_type() {
                    Some(found) => found,
                    None => continue,
                },
                Some(_) => continue,
            };
            let mut rest = self.clone();
            match rest.natural(&target, is_last, depth) {
                Ok(key) => {
                    *self = rest;
                    return Ok(format!("{target}|{key}"));
                }
                Err(why) => flaw = why,
            }
        }
        Err(flaw)
    }

    /// `KAT-…` is a `KATFindingType`, and so on.
    fn finding_type(&self) -> Option<String> {
        let (prefix, _) = self.parts.first()?.split_once('-')?;
        ooi_types::names()
            .filter_map(|name| Some((name, name.strip_suffix(FINDING_TYPE)?)))
            .find(|(_, own)| own.eq_ignore_ascii_case(prefix))
            .map(|(name, _)| name.to_owned())
    }

    fn next(&mut self, name: &str, field: &str) -> Result<&'a str, String> {
        if self.parts.is_empty() {
            return Err(missing(name, field));
        }
        Ok(self.parts.remove(0))
    }
}

fn missing(name: &str, field: &str) -> String {
    format!("the key ends before {name}.{field}")
}

fn is_reference(of: &OoiType, name: &str) -> bool {
    of.fields
        .iter()
        .any(|field| field.name == name && matches!(field.kind, FieldKind::Reference(_)))
}

/// Whether a text can be an address, or a name that is none.
fn plausible(name: &str, field: &str, text: &str) -> Result<(), String> {
    let (is_right, what) = match (name, field) {
        ("IPAddressV4", "address") => (text.parse::<Ipv4Addr>().is_ok(), "an IPv4 address"),
        ("IPAddressV6", "address") => (text.parse::<Ipv6Addr>().is_ok(), "an IPv6 address"),
        ("Hostname", "name") => (text.parse::<IpAddr>().is_err(), "a name"),
        _ => (true, ""),
    };
    if is_right { Ok(()) } else { Err(format!("{text:.100} is not {what}")) }
}

/// A field's value as its part of the key has it.
fn value(of: &OoiType, name: &str, text: &str) -> Result<Json, String> {
    let Some(field) = of.fields.iter().find(|field| field.name == name) else {
        return Err(format!("it has no field {name}"));
    };
    match field.kind {
        _ if text.is_empty() && field.is_nullable => Ok(Json::Null),
        FieldKind::Integer | FieldKind::Within(..) => match text.parse::<i64>() {
            Ok(number) => Ok(number.into()),
            Err(_) => Err(format!("{text:.100} is no whole number")),
        },
        _ => Ok(text.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_built_with_all_that_its_key_says() {
        for (reference, members) in [
            ("Network|internet", r#""name":"internet""#),
            (
                "Hostname|internet|example.com",
                r#""network":"Network|internet","name":"example.com","dns_zone":null,"registered_domain":null"#,
            ),
            (
                "IPAddressV6|internet|2001:db8::1",
                r#""address":"2001:db8::1","network":"Network|internet","netblock":null"#,
            ),
            (
                "IPPort|internet|192.0.2.1|tcp|80",
                r#""address":"IPAddressV4|internet|192.0.2.1","protocol":"tcp","port":80,"state":null"#,
            ),
            (
                "IPService|internet|2001:db8::1|tcp|443|https",
                r#""ip_port":"IPPort|internet|2001:db8::1|tcp|443","service":"Service|https""#,
            ),
            (
                "Website|internet|192.0.2.1|tcp|443|https|internet|a.b",
                r#""ip_service":"IPService|internet|192.0.2.1|tcp|443|https","hostname":"Hostname|internet|a.b","certificate":null"#,
            ),
            (
                "HTTPResource|internet|192.0.2.1|tcp|80|http|internet|a.b|http|internet|a.b|80|/",
                r#""website":"Website|internet|192.0.2.1|tcp|80|http|internet|a.b","web_url":"HostnameHTTPURL|http|internet|a.b|80|/","redirects_to":null"#,
            ),
            (
                "URL|internet|https://a.b/c|d",
                r#""network":"Network|internet","raw":"https://a.b/c|d","web_url":null"#,
            ),
            ("Software|lodash|1.1.0|", r#""name":"lodash","version":"1.1.0","cpe":null"#),
            (
                "SoftwareInstance|Hostname|internet|a.b|Software|wordpress|6|",
                r#""ooi":"Hostname|internet|a.b","software":"Software|wordpress|6|""#,
            ),
            (
                "Finding|Hostname|internet|a.b|KAT-NO-SPF",
                r#""finding_type":"KATFindingType|KAT-NO-SPF","ooi":"Hostname|internet|a.b","proof":null,"description":null,"reproduce":null"#,
            ),
        ] {
            let name = reference.split('|').next().unwrap();
            let whole = format!(
                r#"{{"object_type":"{name}","scan_profile":null,"primary_key":"{reference}",{members}}}"#
            );
            assert_eq!(built(reference).map(|object| Json::from(object).compact()), Ok(whole));
        }
    }

    #[test]
    fn why_an_object_cannot_be_built_is_told() {
        for (reference, words) in [
            ("", "there is no object type"),
            ("Nothing|a", "there is no object type Nothing"),
            ("Hostname", "the key ends before Network.name"),
            ("Hostname|internet", "the key ends before Hostname.name"),
            ("IPPort|internet|192.0.2.1|tcp|http", "http is no whole number"),
            ("IPPort|internet|192.0.2.1|tcp|080", "its key would be"),
            ("IPPort|internet|nonsense|tcp|80", "nonsense is not an IPv6 address"),
            ("DNSTXTRecord|internet|a.b|0123", "no more than a hash"),
            ("DNSARecord|internet|a.b|192.0.2.1", "DNSARecord.address: it is required"),
            ("Question|internet|a", "does not say which type"),
            ("Finding|Hostname|internet|a.b|odd", "does not say which type"),
            ("SoftwareInstance|Nothing|a", "there is no object type Nothing"),
        ] {
            let told = built(reference).unwrap_err();
            assert!(told.contains(words), "{reference}: {told}");
        }
    }
}
