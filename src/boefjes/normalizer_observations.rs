//! What a normalizer yielded, as it is told to Octopoes.

use katalogus::{Json, Object};
use ostler_runtime::Moment;

use crate::models::NormalizerMeta;
use crate::normalizer_item::{Item, ItemKind};
use crate::rules::{Rule, Version};
use crate::services::Origin;

/// All that is told after one run of a normalizer.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Observations, then declarations, then affirmations, each in the order in which they came.
    pub(crate) said: Vec<(Origin, Json)>,
    /// Scan profiles.
    pub(crate) profiles: Vec<Json>,
    /// How many objects were the input itself, which nobody need be told.
    pub(crate) inputs: usize,
}

/// How it is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// The highest level that the normalizer may set; `None` if it may set none.
    pub(crate) whitelisted: Option<u8>,
    /// Whose rules hold.
    pub(crate) version: Version,
}

/// Items by what they say.
#[derive(Default)]
struct Sorted {
    objects: Vec<Json>,
    /// Sources and results.
    observations: Vec<(Json, Vec<Json>)>,
    declarations: Vec<Object>,
    affirmations: Vec<Object>,
    profiles: Vec<Object>,
}

/// What is told of `items`. An error says what is wrong with them.
pub(crate) fn told(
    meta: &NormalizerMeta,
    items: &[Item],
    checked: bool,
    manner: Manner,
) -> Result<Told, String> {
    let mut sorted = Sorted::default();
    for item in items {
        sorted.add(item.kind, item.read(checked, manner.version)?)?;
    }
    sorted.observe(meta, manner.version)?;
    let mut told = Told::default();
    for (source, mut results) in sorted.observations {
        let count = results.len();
        results.retain(|result| key(result) != Some(&source));
        told.inputs += count - results.len();
        let said = [("source", source), ("result", results.into())];
        told.said.push((Origin::Observation, statement(meta, said, manner)?));
    }
    let declared = sorted.declarations.into_iter().map(|object| (Origin::Declaration, object));
    let affirmed = sorted.affirmations.into_iter().map(|object| (Origin::Affirmation, object));
    for (origin, mut members) in declared.chain(affirmed) {
        let ooi = members.remove("ooi").unwrap_or(Json::Null);
        let end =
            members.remove("end_valid_time").filter(|_| manner.version.has(Rule::EndValidTime));
        let said = [("ooi", ooi)].into_iter().chain(end.map(|end| ("end_valid_time", end)));
        told.said.push((origin, statement(meta, said, manner)?));
    }
    if let Some(highest) = manner.whitelisted {
        told.profiles = sorted.profiles.into_iter().map(|one| cut(one, highest)).collect();
    }
    Ok(told)
}

/// When it was so: when the boefje ended.
pub(crate) fn valid_time(meta: &NormalizerMeta) -> Result<Moment, String> {
    let ended_at = meta.raw_data.boefje_meta.ended_at;
    ended_at.ok_or_else(|| "nobody says when its boefje ended".to_owned())
}

impl Sorted {
    fn add(&mut self, kind: ItemKind, value: Json) -> Result<(), String> {
        let Json::Object(mut members) = value else {
            return Err("an item is no object".to_owned());
        };
        match kind {
            ItemKind::Object => self.objects.push(members.into()),
            ItemKind::Observation => {
                let results = match members.remove("results") {
                    Some(Json::List(results)) => results,
                    _ => Vec::new(),
                };
                let source = members.remove("input_ooi").unwrap_or(Json::Null);
                self.observations.push((source, results));
            }
            ItemKind::Declaration => self.declarations.push(members),
            ItemKind::Affirmation => self.affirmations.push(members),
            ItemKind::ScanProfile => self.profiles.push(members),
        }
        Ok(())
    }

    /// The objects on their own are one observation at the boefje's input, after all others. Without an
    /// input there is none of either.
    fn observe(&mut self, meta: &NormalizerMeta, version: Version) -> Result<(), String> {
        let objects = std::mem::take(&mut self.objects);
        let boefje_meta = &meta.raw_data.boefje_meta;
        let input = boefje_meta.input_ooi.as_deref().filter(|input| !input.is_empty());
        let is_to_forget = version.has(Rule::EmptyObservation)
            && self.observations.is_empty()
            && self.declarations.is_empty()
            && self.affirmations.is_empty();
        match input {
            Some(input) if !objects.is_empty() || is_to_forget => {
                self.observations.push((input.into(), objects));
            }
            None if !objects.is_empty() || !self.observations.is_empty() => {
                return Err("it yields objects, and its boefje had no input object".to_owned());
            }
            _ => {}
        }
        Ok(())
    }
}

/// What is said, with who says it, of when, and why.
fn statement(
    meta: &NormalizerMeta,
    said: impl IntoIterator<Item = (&'static str, Json)>,
    manner: Manner,
) -> Result<Json, String> {
    let mut members = Object::new();
    members.insert("method", meta.normalizer.id.as_str());
    if manner.version.has(Rule::SourceMethod) {
        members.insert("source_method", meta.raw_data.boefje_meta.boefje.id.as_str());
    }
    for (name, value) in said {
        members.insert(name, value);
    }
    members.insert("valid_time", valid_time(meta)?.to_string());
    members.insert("task_id", meta.id.to_string());
    Ok(members.into())
}

/// A scan profile with no higher level than its normalizer may set.
fn cut(mut profile: Object, highest: u8) -> Json {
    let level = match profile.get("level") {
        Some(Json::Integer(level)) => level.parse().unwrap_or(highest),
        _ => highest,
    };
    profile.insert("level", i64::from(level.min(highest)));
    profile.into()
}

fn key(object: &Json) -> Option<&Json> {
    let Json::Object(members) = object else { return None };
    members.get("primary_key")
}

#[cfg(test)]
mod tests {
    use super::*;

    const META: &str = r#"{"id":"0a1f2650-7832-5b9e-976d-bbcb957a9003","normalizer":{"id":"n"},
        "raw_data":{"id":"dbdb91ac-dfd5-4995-85b2-a7afa70d5891","mime_types":[],"boefje_meta":{
            "id":"b445dc20-c030-4bc3-b779-4ed9069a8ca2","organization":"acme","boefje":{"id":"b"},
            "input_ooi":"Network|a","ended_at":"2026-11-25T09:00:05Z"}}}"#;
    const VERSIONS: [Version; 3] = [Version::V1_16, Version::V1_17, Version::V1_18];
    const OBJECT: &str = r#"{"object_type":"Network","name":"b"}"#;

    fn told_of(
        meta: &str,
        items: &[(ItemKind, String)],
        manner: Manner,
    ) -> Result<Vec<String>, String> {
        let meta = NormalizerMeta::from_json(&Json::parse(meta).unwrap()).unwrap();
        let items = items.iter().map(|(kind, json)| Item { kind: *kind, json: json.clone() });
        let told = told(&meta, &items.collect::<Vec<_>>(), false, manner)?;
        let said = told.said.iter().map(|(origin, said)| {
            let Json::Object(members) = said else { panic!() };
            let source = members.get("source").or(members.get("ooi").and_then(key)).unwrap();
            format!("{origin:?} {}", source.python_text())
        });
        let profiles = told.profiles.iter().map(Json::compact);
        Ok(said.chain(profiles).collect())
    }

    /// One item of each kind, affirmations first.
    fn items() -> Vec<(ItemKind, String)> {
        let of = |kind, frame: &str| (kind, frame.replace('@', OBJECT));
        vec![
            of(
                ItemKind::ScanProfile,
                r#"{"scan_profile_type":"declared","reference":"a|b","level":3}"#,
            ),
            of(ItemKind::Affirmation, r#"{"ooi":@}"#),
            of(ItemKind::Declaration, r#"{"ooi":@}"#),
            of(ItemKind::Object, "@"),
            of(ItemKind::Observation, r#"{"input_ooi":"Network|c","results":[@]}"#),
        ]
    }

    #[test]
    fn every_kind_alone_and_all_together_are_told_in_order() {
        let manners = [None, Some(2), Some(4)]
            .into_iter()
            .flat_map(|whitelisted| VERSIONS.map(|version| Manner { whitelisted, version }));
        for manner in manners {
            let profile = manner.whitelisted.map(|highest| {
                let level = highest.min(3);
                format!(r#"{{"scan_profile_type":"declared","reference":"a|b","level":{level}}}"#)
            });
            let forgets = manner.version >= Version::V1_18;
            let empty = forgets.then(|| "Observation Network|a".to_owned());
            let all = items();
            let told = |items: &[_]| told_of(META, items, manner).unwrap();
            let alone = [
                empty.iter().chain(&profile).cloned().collect(),
                vec!["Affirmation Network|b".to_owned()],
                vec!["Declaration Network|b".to_owned()],
                vec!["Observation Network|a".to_owned()],
                vec!["Observation Network|c".to_owned()],
            ];
            for (item, expected) in all.iter().zip(alone) {
                assert_eq!(told(std::slice::from_ref(item)), expected, "{manner:?}");
            }
            assert_eq!(told(&[]), Vec::from_iter(empty), "{manner:?}");
            let mut expected = vec![
                "Observation Network|c".to_owned(),
                "Observation Network|a".to_owned(),
                "Declaration Network|b".to_owned(),
                "Affirmation Network|b".to_owned(),
            ];
            expected.extend(profile);
            assert_eq!(told(&all), expected, "{manner:?}");
        }
    }

    #[test]
    fn without_an_input_there_is_nothing_to_observe_at() {
        let meta = META.replace(r#""Network|a""#, "null");
        let manner = Manner { whitelisted: None, version: Version::V1_20 };
        let is_observed = |kind| matches!(kind, ItemKind::Object | ItemKind::Observation);
        for (kind, json) in items() {
            let told = told_of(&meta, &[(kind, json)], manner);
            assert_eq!(told.is_err(), is_observed(kind), "{kind:?}");
        }
        assert_eq!(told_of(&meta, &[], manner), Ok(Vec::new()));
    }
}
