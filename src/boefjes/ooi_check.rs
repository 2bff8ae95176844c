//! Objects as normalizers yield them: checked against the table of types, and completed to what the
//! object store is sent. For hosts without the `octopoes` package, which does more.

use katalogus::{Json, Object};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use crate::ooi_types::{self, Field, FieldKind, KeyForm, OoiType};
use crate::ooi_values::{scan_profile, sent};
use crate::rules::{Rule, Version};

/// Checks an object. The result has every field of its type in order, missing ones null; an error says
/// what is wrong with it. Its key is the one that it came with or else that its fields make. Fields
/// that the table does not know follow where the version may have them, and are dropped otherwise.
pub(crate) fn complete(object: &Json, version: Version) -> Result<Json, String> {
    let Json::Object(members) = object else {
        return Err("an object is no JSON object".to_owned());
    };
    let Some(Json::Text(name)) = members.get("object_type") else {
        return Err("an object needs an object_type".to_owned());
    };
    let of =
        ooi_types::named(name).ok_or_else(|| format!("there is no object type {name:.100}"))?;
    let mut whole = Object::new();
    whole.insert("object_type", name.as_str());
    let profile = members.get("scan_profile").map_or(Ok(Json::Null), scan_profile);
    whole.insert("scan_profile", profile.map_err(|flaw| format!("{name}.scan_profile: {flaw}"))?);
    whole.insert("primary_key", Json::Null);
    for field in &of.fields {
        let value = value(field, members.get(field.name));
        whole.insert(field.name, value.map_err(|flaw| format!("{name}.{}: {flaw}", field.name))?);
    }
    let key = match members.get("primary_key") {
        Some(Json::Text(key)) if !key.is_empty() => key.clone(),
        None | Some(Json::Text(_)) => primary_key(name, of, &whole),
        Some(_) => return Err(format!("{name}.primary_key: a text is needed")),
    };
    whole.insert("primary_key", key);
    let unknown = members.iter().filter(|_| version.has(Rule::NewerFields));
    for (name, value) in unknown {
        if whole.get(name).is_none() {
            whole.insert(name, value.clone());
        }
    }
    Ok(Json::Object(whole))
}

/// A field's value as it is sent.
fn value(field: &Field, given: Option<&Json>) -> Result<Json, String> {
    if let FieldKind::Literal(literal) = field.kind {
        return match given {
            None => Ok(literal.into()),
            Some(Json::Text(text)) if text == literal => Ok(literal.into()),
            Some(_) => Err(format!("it is {literal}")),
        };
    }
    match given {
        None if field.is_required => Err("it is required".to_owned()),
        None => Ok(Json::Null),
        Some(Json::Null) if field.is_nullable => Ok(Json::Null),
        Some(given) => sent(field.kind, given),
    }
}

fn primary_key(name: &str, of: &OoiType, object: &Object) -> String {
    let mut key = name.to_owned();
    for part in &of.key {
        let is_reference = of
            .fields
            .iter()
            .any(|field| field.name == part.field && matches!(field.kind, FieldKind::Reference(_)));
        key.push('|');
        key.push_str(&match (object.get(part.field), part.form) {
            (Some(Json::Text(text)), KeyForm::Hashed) => hashed(text),
            (Some(Json::Text(text)), KeyForm::Natural) if is_reference => {
                text.split_once('|').map_or_else(String::new, |(_, natural)| natural.to_owned())
            }
            (Some(Json::Text(text)), _) => text.clone(),
            (None | Some(Json::Null), _) => String::new(),
            (Some(value), _) => value.compact(),
        });
    }
    key
}

fn hashed(text: &str) -> String {
    let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes());
    digest.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(text: &str) -> String {
        complete(&Json::parse(text).unwrap(), Version::V1_20).unwrap().compact()
    }

    #[test]
    fn an_object_gets_its_key_its_missing_fields_and_its_order() {
        for (given, sent) in [
            (
                r#"{"name":"a.b","network":"Network|internet","object_type":"Hostname"}"#,
                r#"{"object_type":"Hostname","scan_profile":null,"primary_key":"Hostname|internet|a.b","network":"Network|internet","name":"a.b","dns_zone":null,"registered_domain":null}"#,
            ),
            (
                r#"{"object_type":"IPPort","address":"IPAddressV4|internet|1.2.3.4","protocol":"tcp","port":"80","new":[]}"#,
                r#"{"object_type":"IPPort","scan_profile":null,"primary_key":"IPPort|internet|1.2.3.4|tcp|80","address":"IPAddressV4|internet|1.2.3.4","protocol":"tcp","port":80,"state":null,"new":[]}"#,
            ),
            (
                r#"{"object_type":"Software","name":"lodash","version":"1.1.0"}"#,
                r#"{"object_type":"Software","scan_profile":null,"primary_key":"Software|lodash|1.1.0|","name":"lodash","version":"1.1.0","cpe":null}"#,
            ),
        ] {
            assert_eq!(completed(given), sent);
        }
    }

    #[test]
    fn keys_of_every_form_are_the_originals() {
        let key = |text: &str| {
            let whole = complete(&Json::parse(text).unwrap(), Version::V1_15).unwrap();
            let Json::Object(whole) = whole else { panic!() };
            whole.get("primary_key").cloned().unwrap()
        };
        let txt = r#"{"object_type":"DNSTXTRecord","hostname":"Hostname|internet|example.com","value":"v=spf1 -all"}"#;
        let hash = "d2b1e35921ca5499e137cdbf735817cf89874cd3";
        assert_eq!(key(txt), format!("DNSTXTRecord|internet|example.com|{hash}").into());
        let finding = r#"{"object_type":"Finding","finding_type":"SnykFindingType|SNYK-JS-1","ooi":"Software|lodash|1.1.0|"}"#;
        assert_eq!(key(finding), "Finding|Software|lodash|1.1.0||SNYK-JS-1".into());
        let other = r#"{"object_type":"Network","name":"a","primary_key":"Network|b"}"#;
        assert_eq!(key(other), "Network|b".into(), "it has one");
        let none = r#"{"object_type":"Network","name":"a","primary_key":""}"#;
        assert_eq!(key(none), "Network|a".into());
        let host = r#"{"object_type":"Hostname","name":"A.b","network":"Network|a"}"#;
        assert_eq!(key(host), "Hostname|a|a.b".into());
    }

    #[test]
    fn fields_that_are_not_known_are_those_of_newer_versions() {
        let given = Json::parse(r#"{"object_type":"Network","name":"a","new":[]}"#).unwrap();
        for (version, end) in [(Version::V1_15, r#""a"}"#), (Version::V1_16, r#""new":[]}"#)] {
            let whole = complete(&given, version).unwrap().compact();
            assert!(whole.ends_with(end), "{whole}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_object_is_told() {
        for (given, flaw) in [
            ("[]", "no JSON object"),
            ("{}", "needs an object_type"),
            (r#"{"object_type":"Nowork"}"#, "there is no object type Nowork"),
            (r#"{"object_type":"Network"}"#, "Network.name: it is required"),
            (r#"{"object_type":"Network","name":null}"#, "Network.name: a text is needed"),
            (
                r#"{"object_type":"Network","name":"a","primary_key":1}"#,
                "Network.primary_key: a text is needed",
            ),
            (
                r#"{"object_type":"Hostname","name":"a","network":"Service|a"}"#,
                "Hostname.network: it cannot refer to Service",
            ),
            (
                r#"{"object_type":"IPPort","address":"IPAddressV4|a|1","protocol":"tcp","port":"x"}"#,
                "IPPort.port: a whole number from 1 to 65535 is needed",
            ),
            (
                r#"{"object_type":"Network","name":"a","primary_key":null}"#,
                "Network.primary_key: a text is needed",
            ),
            (
                r#"{"object_type":"Network","name":"a","scan_profile":"junk"}"#,
                "Network.scan_profile: ",
            ),
            (
                r#"{"object_type":"DNSARecord","hostname":"Hostname|a|b","dns_record_type":"AAAA","value":"v","address":"IPAddressV4|a|1"}"#,
                "DNSARecord.dns_record_type: it is A",
            ),
        ] {
            let told = complete(&Json::parse(given).unwrap(), Version::V1_20).unwrap_err();
            assert!(told.contains(flaw), "{given}: {told}");
        }
    }
}
