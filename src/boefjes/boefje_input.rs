//! The input object as boefjes find it: its fields in their order, references taken apart, and what
//! is neither a number nor a list as Python's `str` has it.
//!
//! ```text
//! "address": "IPAddressV4|internet|10.0.0.1"   ─▶ {"network": {"name": "internet"}, "address": "10.0.0.1"}
//! ```

use std::str::Split;

use katalogus::{Json, Object};

use crate::ooi_types::{self, FieldKind, OoiType};
use crate::python_duration;

/// Fields that objects of every type have, before their own.
const COMMON: [&str; 3] = ["object_type", "scan_profile", "primary_key"];

/// The fields of scan profiles.
const SCAN_PROFILE: [&str; 3] = ["scan_profile_type", "reference", "level"];

/// Expands an object as Octopoes has it. An error says what is wrong with it.
pub(crate) fn expand(object: &Json) -> Result<Object, String> {
    let Json::Object(members) = object else {
        return Err("the object is no JSON object".to_owned());
    };
    let Some(Json::Text(name)) = members.get("object_type") else {
        return Err("the object has no object_type".to_owned());
    };
    let mut expanded = Object::new();
    for name in COMMON {
        let value = members.get(name).unwrap_or(&Json::Null);
        let is_profile = name == "scan_profile";
        expanded.insert(name, if is_profile { scan_profile(value) } else { plain(value) });
    }
    // Of a type that is newer than the table nothing more is known.
    for field in ooi_types::named(name).map_or(&[][..], |of| &of.fields) {
        let value = match (field.kind, members.get(field.name)) {
            (FieldKind::Literal(value), None) => value.into(),
            (FieldKind::Reference(_), Some(Json::Text(key))) => reference(key)?,
            (FieldKind::Number, Some(Json::Integer(digits))) => {
                Json::Float(digits.parse().unwrap_or_default())
            }
            (FieldKind::Duration, Some(Json::Text(span))) => {
                python_duration::python_text(span).unwrap_or_else(|| span.clone()).into()
            }
            (_, value) => plain(value.unwrap_or(&Json::Null)),
        };
        expanded.insert(field.name, value);
    }
    for (name, value) in members.iter() {
        if expanded.get(name).is_none() {
            expanded.insert(name, plain(value));
        }
    }
    Ok(expanded)
}

/// A value that is no reference.
fn plain(value: &Json) -> Json {
    match value {
        Json::Bool(_) | Json::Integer(_) | Json::Float(_) => value.clone(),
        Json::List(items) => Json::List(items.iter().map(plain).collect()),
        Json::Null | Json::Text(_) | Json::Object(_) => value.python_text().into(),
    }
}

/// As pydantic shows a model, whose fields have an order.
fn scan_profile(value: &Json) -> Json {
    let Json::Object(members) = value else { return plain(value) };
    let place = |name| SCAN_PROFILE.iter().position(|known| *known == name);
    let mut members: Vec<(&str, &Json)> = members.iter().collect();
    members.sort_by_key(|(name, _)| place(*name).unwrap_or(SCAN_PROFILE.len()));
    let shown = members.into_iter().map(|(name, value)| match (name, value) {
        ("reference", Json::Text(_)) => format!("{name}=Reference({})", value.repr()),
        ("level", Json::Integer(level)) => format!("{name}=<ScanLevel.L{level}: {level}>"),
        _ => format!("{name}={}", value.repr()),
    });
    Json::Text(shown.collect::<Vec<_>>().join(" "))
}

/// The natural key of a reference, by the fields that it is made of. The type is that which the
/// reference names; of a type that is newer than the table it stays as it is.
fn reference(key: &str) -> Result<Json, String> {
    let Some((name, natural)) = key.split_once('|') else { return Ok(key.into()) };
    let Some(of) = ooi_types::named(name) else { return Ok(key.into()) };
    tree(of, &mut natural.split('|'))
        .ok_or_else(|| format!("{key:.200} is no reference: it has too few parts"))
}

/// Each field of a natural key with its part, or with those of the type that it refers to; `None` if
/// there are not enough.
fn tree(of: &OoiType, parts: &mut Split<'_, char>) -> Option<Json> {
    let mut object = Object::new();
    if of.key.iter().any(|part| target(of, part.field) == Some("*")) {
        // Where an object of any type may stand nobody can tell how many parts it has.
        return Some(object.into());
    }
    for part in &of.key {
        // Of several types the first: their keys have as many parts.
        let target = target(of, part.field).and_then(|types| types.split('|').next());
        let value = match target.and_then(ooi_types::named) {
            Some(inner) => tree(inner, parts)?,
            None => parts.next()?.into(),
        };
        object.insert(part.field, value);
    }
    Some(object.into())
}

/// The types that a field refers to, if it does.
fn target(of: &OoiType, field: &str) -> Option<&'static str> {
    let field = of.fields.iter().find(|known| known.name == field)?;
    let FieldKind::Reference(types) = field.kind else { return None };
    Some(types)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expanded(text: &str) -> String {
        Json::from(expand(&Json::parse(text).unwrap()).unwrap()).compact()
    }

    #[test]
    fn references_are_taken_apart_and_what_is_missing_is_the_text_none() {
        assert_eq!(
            expanded(
                r#"{"object_type":"IPPort","primary_key":"IPPort|internet|10.0.0.1|tcp|80","address":"IPAddressV4|internet|10.0.0.1","protocol":"tcp","port":80,"state":null}"#
            ),
            r#"{"object_type":"IPPort","scan_profile":"None","primary_key":"IPPort|internet|10.0.0.1|tcp|80","address":{"network":{"name":"internet"},"address":"10.0.0.1"},"protocol":"tcp","port":80,"state":"None"}"#
        );
        assert_eq!(
            expanded(
                r#"{"object_type":"IPService","ip_port":"IPPort|n|::1|tcp|80","service":"Service|http"}"#
            ),
            r#"{"object_type":"IPService","scan_profile":"None","primary_key":"None","ip_port":{"address":{"network":{"name":"n"},"address":"::1"},"protocol":"tcp","port":"80"},"service":{"name":"http"}}"#
        );
    }

    #[test]
    fn what_is_no_number_and_no_list_is_as_python_shows_it() {
        assert_eq!(
            expanded(
                r#"{"object_type":"ReportData","scan_profile":{"user_id":null,"level":3,"reference":"ReportData|it's","scan_profile_type":"declared"},"primary_key":"ReportData|it's","organization_code":"it's","organization_tags":["a",null],"data":{"a":[1,2.5,true,null,"b"]}}"#
            ),
            r#"{"object_type":"ReportData","scan_profile":"scan_profile_type='declared' reference=Reference(\"ReportData|it's\") level=<ScanLevel.L3: 3> user_id=None","primary_key":"ReportData|it's","organization_code":"it's","organization_name":"None","organization_tags":["a","None"],"data":"{'a': [1, 2.5, True, None, 'b']}"}"#
        );
        let of_numbers = r#"{"object_type":"KATFindingType","risk_score":5,"new":false}"#;
        let of_numbers = expanded(of_numbers);
        assert!(of_numbers.contains(r#""risk_score":5.0,"#), "{of_numbers}");
        assert!(of_numbers.ends_with(r#""new":false}"#), "{of_numbers}");
        let span = expanded(r#"{"object_type":"X509Certificate","expires_in":"P30DT1H"}"#);
        assert!(span.ends_with(r#""expires_in":"30 days, 1:00:00"}"#), "{span}");
        assert!(expanded(r#"{"object_type":"DNSARecord"}"#).contains(r#""dns_record_type":"A""#));
    }

    #[test]
    fn a_reference_names_its_own_type() {
        let url = |reference: &str| {
            let text = format!(r#"{{"object_type":"RESTAPI","api_url":"{reference}"}}"#);
            let object = expand(&Json::parse(&text).unwrap())?;
            Ok::<_, String>(object.get("api_url").unwrap().compact())
        };
        for (reference, parts) in [
            (
                "HostnameHTTPURL|https|n|a.b|443|/",
                r#"{"scheme":"https","netloc":{"network":{"name":"n"},"name":"a.b"},"port":"443","path":"/"}"#,
            ),
            (
                "IPAddressHTTPURL|https|n|::1|443|/|?",
                r#"{"scheme":"https","netloc":{"network":{"name":"n"},"address":"::1"},"port":"443","path":"/"}"#,
            ),
            ("Finding|Network|a|KAT-1", "{}"),
            ("MutedFinding|Network|a|KAT-1", r#"{"finding":{}}"#),
            ("NewURL|https|a", r#""NewURL|https|a""#),
            ("nothing", r#""nothing""#),
        ] {
            assert_eq!(url(reference).as_deref(), Ok(parts));
        }
        assert_eq!(
            url("HostnameHTTPURL|https|n|a.b|443").unwrap_err(),
            "HostnameHTTPURL|https|n|a.b|443 is no reference: it has too few parts"
        );
    }

    fn leaves(json: &Json, found: &mut Vec<String>) {
        match json {
            Json::Object(members) => members.iter().for_each(|(_, value)| leaves(value, found)),
            leaf => found.push(leaf.python_text()),
        }
    }

    #[test]
    fn every_type_has_its_parts_in_order_and_wants_them_all() {
        let table = include_str!("ooi_types.txt").lines();
        let names = table.filter(|line| !line.starts_with(['#', ' ']));
        let names: Vec<&str> = names.filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(names.len(), 64);
        let mut without_parts = Vec::new();
        for name in names {
            let parts: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
            let key = |count: usize| format!("{name}|{}", parts[..count].join("|"));
            let mut found = Vec::new();
            leaves(&reference(&key(parts.len())).unwrap(), &mut found);
            assert_eq!(found, parts[..found.len()], "{name}");
            match found.len() {
                0 => without_parts.push(name),
                1 => {}
                all => assert!(reference(&key(all - 1)).is_err(), "{name}"),
            }
            // Whatever is missing is there.
            let object = format!(r#"{{"object_type":"{name}"}}"#);
            let object = expand(&Json::parse(&object).unwrap()).unwrap();
            let fields = &ooi_types::named(name).unwrap().fields;
            assert_eq!(object.len(), COMMON.len() + fields.len(), "{name}");
        }
        let of_any = ["Config", "Finding", "MutedFinding", "Question", "SoftwareInstance"];
        assert_eq!(without_parts, of_any);
    }

    #[test]
    fn what_is_no_object_is_told() {
        for (text, words) in [("[]", "no JSON object"), ("{}", "no object_type")] {
            assert!(expand(&Json::parse(text).unwrap()).unwrap_err().contains(words));
        }
        let newer = r#"{"object_type":"Newer","primary_key":"Newer|1","of":"Network|a","n":1}"#;
        assert_eq!(expanded(newer), newer.replace(r#""pri"#, r#""scan_profile":"None","pri"#));
    }
}
