//! An item of a normalizer, and what it is once it has been read and checked.

use katalogus::{Json, Object};

use crate::ooi_check::complete;

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
    /// here. An error says what is wrong with it.
    pub fn read(&self, checked: bool) -> Result<Json, String> {
        let mut value = Json::parse(&self.json).map_err(|fault| format!("an item: {fault}"))?;
        match (self.kind, &mut value) {
            (ItemKind::Object, object) if !checked => complete(object),
            (ItemKind::Observation, Json::Object(members)) => {
                reference(members, "input_ooi")?;
                let Some(Json::List(results)) = members.get("results") else {
                    return Err("an observation needs a list of results".to_owned());
                };
                if !checked {
                    let results: Result<Vec<Json>, String> = results.iter().map(complete).collect();
                    members.insert("results", results?);
                }
                Ok(value)
            }
            (ItemKind::Declaration | ItemKind::Affirmation, Json::Object(members)) if !checked => {
                let object = complete(members.get("ooi").unwrap_or(&Json::Null))?;
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
        item.read(checked).map(|value| value.compact())
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
