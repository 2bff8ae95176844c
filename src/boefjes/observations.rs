//! What a normalizer yielded, as it is told to Octopoes.

use katalogus::{Json, Object};
use ostler_runtime::Moment;

use crate::item::{Item, ItemKind};
use crate::models::{NormalizerMeta, object};
use crate::services::Origin;

/// All that is told after one run of a normalizer.
#[derive(Debug, Default, PartialEq)]
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
    /// As generations since 1.18 do: with the boefje's id, and an empty observation where nothing was
    /// found, so that what was found before is forgotten.
    pub(crate) is_newer: bool,
}

/// What is told of `items`. An error says what is wrong with them.
pub(crate) fn told(
    meta: &NormalizerMeta,
    items: &[Item],
    checked: bool,
    manner: Manner,
) -> Result<Told, String> {
    let mut told = Told::default();
    let (mut observed, mut declared, mut affirmed) = (Vec::new(), Vec::new(), Vec::new());
    let mut objects = Vec::new();
    for item in items {
        let Json::Object(mut members) = item.read(checked)? else {
            return Err("an item is no object".to_owned());
        };
        match item.kind {
            ItemKind::Object => objects.push(members.into()),
            ItemKind::Observation => {
                let results = members.remove("results").unwrap_or(Json::Null);
                let Json::List(results) = results else { continue };
                observed.push((members.remove("input_ooi").unwrap_or(Json::Null), results));
            }
            ItemKind::Declaration => declared.push(members),
            ItemKind::Affirmation => affirmed.push(members),
            ItemKind::ScanProfile => told.profiles.extend(profile(members, manner.whitelisted)),
        }
    }
    let input = meta.raw_data.boefje_meta.input_ooi.as_deref().filter(|input| !input.is_empty());
    if !objects.is_empty() {
        let input = input.ok_or("it yields objects, and its boefje had no input object")?;
        observed.push((input.into(), objects));
    }
    let is_nothing = observed.is_empty() && declared.is_empty() && affirmed.is_empty();
    if let (Some(input), true, true) = (input, is_nothing, manner.is_newer) {
        observed.push((input.into(), Vec::new()));
    }
    for (source, results) in observed {
        let count = results.len();
        let results: Vec<Json> =
            results.into_iter().filter(|result| key(result) != Some(&source)).collect();
        told.inputs += count - results.len();
        told.said.push((Origin::Observation, observation(meta, source, results, manner)?));
    }
    for (origin, all) in [(Origin::Declaration, declared), (Origin::Affirmation, affirmed)] {
        for mut members in all {
            let ooi = members.remove("ooi").unwrap_or(Json::Null);
            let end = members.remove("end_valid_time");
            told.said.push((origin, statement(meta, ooi, end, manner)?));
        }
    }
    Ok(told)
}

/// When it was so: when the boefje ended.
pub(crate) fn valid_time(meta: &NormalizerMeta) -> Result<Moment, String> {
    let ended_at = meta.raw_data.boefje_meta.ended_at;
    ended_at.ok_or_else(|| "nobody says when its boefje ended".to_owned())
}

fn observation(
    meta: &NormalizerMeta,
    source: Json,
    results: Vec<Json>,
    manner: Manner,
) -> Result<Json, String> {
    let valid_time = valid_time(meta)?.to_string();
    let whole = object([
        ("method", meta.normalizer.id.as_str().into()),
        ("source", source),
        ("source_method", meta.raw_data.boefje_meta.boefje.id.as_str().into()),
        ("result", results.into()),
        ("valid_time", valid_time.into()),
        ("task_id", meta.id.to_string().into()),
    ]);
    Ok(of_generation(whole, manner))
}

fn statement(
    meta: &NormalizerMeta,
    ooi: Json,
    end: Option<Json>,
    manner: Manner,
) -> Result<Json, String> {
    let valid_time = valid_time(meta)?.to_string();
    let whole = object([
        ("ooi", ooi),
        ("valid_time", valid_time.into()),
        ("end_valid_time", end.into()),
        ("method", meta.normalizer.id.as_str().into()),
        ("source_method", meta.raw_data.boefje_meta.boefje.id.as_str().into()),
        ("task_id", meta.id.to_string().into()),
    ]);
    Ok(of_generation(whole, manner))
}

/// Without what the older ones do not know.
fn of_generation(whole: Json, manner: Manner) -> Json {
    let Json::Object(members) = whole else { return whole };
    let is_known = |name: &str, value: &Json| match name {
        "source_method" => manner.is_newer,
        "end_valid_time" => manner.is_newer && *value != Json::Null,
        _ => true,
    };
    let members = members.iter().filter(|(name, value)| is_known(name, value));
    members.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Object>().into()
}

/// A scan profile with no higher level than its normalizer may set.
fn profile(mut members: Object, whitelisted: Option<u8>) -> Option<Json> {
    let highest = whitelisted?;
    let Some(Json::Integer(level)) = members.get("level") else { return None };
    let level = level.parse::<u8>().ok()?.min(highest);
    members.insert("level", i64::from(level));
    Some(members.into())
}

fn key(object: &Json) -> Option<&Json> {
    let Json::Object(members) = object else { return None };
    members.get("primary_key")
}
