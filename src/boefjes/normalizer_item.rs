//! An item of a normalizer, and what it is once it has been read and checked.

use katalogus::{Json, Object};

use crate::ooi_check::complete;
use crate::rules::Version;

/// One item of a normalizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it says.
    pub kind: ItemKind,
    /// Its JSON.
    pub json: String,
}

/// What an item of a normalizer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// There is this object.
    Object,
    /// At that object there are these.
    Observation,
    /// There is this object, whatever is observed.
    Declaration,
    /// This object is what a type of finding means.
    Affirmation,
    /// An object may be scanned so intrusively.
    ScanProfile,
}

impl ItemKind {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "object" => Self::Object,
            "observation" => Self::Observation,
            "declaration" => Self::Declaration,
            "affirmation" => Self::Affirmation,
            "scan_profile" => Self::ScanProfile,
            _ => return None,
        })
    }
}

impl Item {
    /// The item's value. Objects that no `octopoes` package has `checked` are checked and completed
    /// here, as those of that version. What is no finite number is null, as pydantic writes it. An
    /// error says what is wrong with it.
    pub fn read(&self, checked: bool, version: Version) -> Result<Json, String> {
        let value = Json::parse_any_number(self.json.as_bytes());
        let value = value.map_err(|fault| format!("an item: {fault}"))?;
        self.whole(value, checked, version).map(finite)
    }

    fn whole(&self, mut value: Json, checked: bool, version: Version) -> Result<Json, String> {
        match (self.kind, &mut value) {
            (ItemKind::Object, object) if !checked => complete(object, version),
            (ItemKind::Observation, Json::Object(members)) => {
                reference(members, "input_ooi")?;
                let Some(Json::List(results)) = members.get("results") else {
                    return Err("an observation needs a list of results".to_owned());
                };
                if !checked {
                    let results: Result<Vec<Json>, String> =
                        results.iter().map(|one| complete(one, version)).collect();
                    members.insert("results", results?);
                }
                Ok(value)
            }
            (ItemKind::Declaration | ItemKind::Affirmation, Json::Object(members)) if !checked => {
                let object = complete(members.get("ooi").unwrap_or(&Json::Null), version)?;
                members.insert("ooi", object);
                Ok(value)
            }
            (ItemKind::ScanProfile, Json::Object(members)) => {
                reference(members, "reference")?;
                if members.get("scan_profile_type") != Some(&"declared".into()) {
                    return Err("a normalizer's scan profiles are declared".to_owned());
                }
                match members.get("level") {
                    Some(Json::Integer(level))
                        if matches!(&**level, "0" | "1" | "2" | "3" | "4") =>
                    {
                        Ok(value)
                    }
                    _ => Err("a scan profile needs a level from 0 to 4".to_owned()),
                }
            }
            _ => Ok(value),
        }
    }
}

/// The value without the numbers that JSON does not have.
fn finite(value: Json) -> Json {
    match value {
        Json::Float(number) if !number.is_finite() => Json::Null,
        Json::List(items) => Json::List(items.into_iter().map(finite).collect()),
        Json::Object(members) => {
            let members =
                members.iter().map(|(name, value)| (name.to_owned(), finite(value.clone())));
            Json::Object(members.collect())
        }
        other => other,
    }
}

fn reference(members: &Object, name: &str) -> Result<(), String> {
    match members.get(name) {
        Some(Json::Text(_)) => Ok(()),
        _ => Err(format!("{name} is no reference")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: ItemKind, json: &str, checked: bool) -> Result<String, String> {
        let item = Item { kind, json: json.to_owned() };
        item.read(checked, Version::V1_15).map(|value| value.compact())
    }

    #[test]
    fn objects_within_items_are_completed_unless_they_were_checked() {
        let network = r#"{"object_type":"Network","name":"a"}"#;
        let whole =
            r#"{"object_type":"Network","scan_profile":null,"primary_key":"Network|a","name":"a"}"#;
        for (kind, frame) in [
            (ItemKind::Object, "@"),
            (ItemKind::Observation, r#"{"type":"observation","input_ooi":"a|b","results":[@]}"#),
            (ItemKind::Declaration, r#"{"type":"declaration","ooi":@}"#),
            (ItemKind::Affirmation, r#"{"type":"affirmation","ooi":@}"#),
        ] {
            let (given, sent) = (frame.replace('@', network), frame.replace('@', whole));
            assert_eq!(read(kind, &given, false), Ok(sent));
            assert_eq!(read(kind, &given, true), Ok(given));
        }
    }

    #[test]
    fn numbers_that_json_does_not_have_are_null() {
        let given = r#"{"object_type":"ImageMetadata","resource":"HTTPResource|a","image_info":{"a":[NaN,-Infinity,1e999,1.5]}}"#;
        for checked in [true, false] {
            let sent = read(ItemKind::Object, given, checked).unwrap();
            assert!(sent.ends_with(r#""image_info":{"a":[null,null,null,1.5]}}"#), "{sent}");
        }
        for (given, sent) in [
            (r#""KATFindingType","id":"a","risk_score":NaN"#, Some(r#""risk_score":null"#)),
            (r#""KATFindingType","id":"a","risk_score":"inf""#, Some(r#""risk_score":null"#)),
            (r#""KATFindingType","id":"a","description":NaN"#, None),
            (r#""AutonomousSystem","number":"1","name":Infinity"#, None),
            (r#""DNSTXTRecord","hostname":"Hostname|a|b","value":"c","ttl":Infinity"#, None),
        ] {
            let told = read(ItemKind::Object, &format!(r#"{{"object_type":{given}}}"#), false);
            match sent {
                Some(part) => assert!(told.clone().unwrap().contains(part), "{told:?}"),
                None => assert!(told.is_err(), "{told:?}"),
            }
        }
    }

    #[test]
    fn what_is_wrong_with_an_item_is_told() {
        let profile = |level: &str| {
            format!(r#"{{"scan_profile_type":"declared","reference":"a|b","level":{level}}}"#)
        };
        assert!(read(ItemKind::ScanProfile, &profile("4"), false).is_ok());
        for (kind, json) in [
            (ItemKind::ScanProfile, profile("5").as_str()),
            (ItemKind::ScanProfile, r#"{"scan_profile_type":"declared","level":1}"#),
            (
                ItemKind::ScanProfile,
                r#"{"scan_profile_type":"inherited","reference":"a|b","level":1}"#,
            ),
            (ItemKind::Observation, r#"{"input_ooi":5,"results":[]}"#),
            (ItemKind::Observation, r#"{"input_ooi":"a|b","results":5}"#),
            (ItemKind::Declaration, "{}"),
            (ItemKind::Object, "nonsense"),
        ] {
            assert!(read(kind, json, false).is_err(), "{json}");
        }
    }
}
