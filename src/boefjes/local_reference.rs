//! Objects that are known by their reference only: `Hostname|internet|example.com` says all that
//! this hostname must have.
//!
//! The parts of a key are those of its type's fields, one after the other; those of a field that
//! refers to another object are the parts of that object's key. Of two pairs of types a field that is
//! no part of the key follows from it; those that need more than this cannot be built.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use katalogus::{Json, Object};

use crate::ooi_check::complete;
use crate::ooi_types::{self, Field, FieldKind, KeyForm, OoiType};
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
    for field in &of.fields {
        if field.is_required && object.get(field.name).is_none() {
            if let Some(implied) = implied(name, field, &object) {
                object.insert(field.name, implied);
            }
        }
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

/// What a required field refers to that is no part of the key, where the key tells it nevertheless: a
/// URL is in the network of its host, and the value of an address record is the address.
fn implied(name: &str, field: &Field, object: &Object) -> Option<String> {
    match (name, field.name) {
        ("HostnameHTTPURL" | "IPAddressHTTPURL", "network") => {
            Some(format!("Network|{}", network(object, "netloc")?))
        }
        ("DNSARecord" | "DNSAAAARecord", "address") => {
            let FieldKind::Reference(target) = field.kind else { return None };
            let address = text(object, "value")?;
            plausible(target, "address", address).ok()?;
            Some(format!("{target}|{}|{address}", network(object, "hostname")?))
        }
        _ => None,
    }
}

/// The name of the network in which a host or an address is that a field refers to.
fn network<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    text(object, name)?.split('|').nth(1)
}

fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    let Some(Json::Text(text)) = object.get(name) else { return None };
    Some(text)
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
