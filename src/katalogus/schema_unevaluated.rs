//! The parts of a value that no schema beside has looked at, as the original's library finds them,
//! which differs from the standard in corners.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::collections::HashSet;

use crate::json::{Json, Object};
use crate::schema_draft::Draft;
use crate::schema_flaw::Flaw;
use crate::schema_parts::{list, shown};
use crate::schema_walk::{Site, Walk, Walked};

/// Adds the flaw of `unevaluatedItems`.
pub(crate) fn items<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Json::List(items) = site.instance else { return Ok(()) };
    let mut seen = HashSet::new();
    seen_items(site.walk, site.schema, site.instance, &mut seen)?;
    let rest = items.iter().enumerate().filter(|(place, _)| !seen.contains(place));
    let rest: Vec<&Json> = rest.map(|(_, item)| item).collect();
    if !rest.is_empty() {
        flaws.push(site.flaw(move || {
            let verb = if rest.len() == 1 { "was" } else { "were" };
            let items = shown(rest.iter().copied());
            format!("Unevaluated items are not allowed ({items} {verb} unexpected)")
        }));
    }
    Ok(())
}

/// Adds the flaw of `unevaluatedProperties`.
pub(crate) fn properties<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Json::Object(members) = site.instance else { return Ok(()) };
    let mut seen = HashSet::new();
    seen_members(site.walk, site.schema, site.instance, &mut seen)?;
    let mut rest: Vec<Json> = Vec::new();
    for (name, part) in members.iter().filter(|(name, _)| !seen.contains(*name)) {
        // One that is wrong in several ways is told of as often.
        let many = site.walk.flaws(site.value, part)?.len();
        rest.extend(std::iter::repeat_n(Json::from(name), many));
    }
    if rest.is_empty() {
        return Ok(());
    }
    let none = *site.value == Json::Bool(false);
    if none {
        rest.sort_by_cached_key(Json::dumps);
    }
    flaws.push(site.flaw(move || {
        let (names, verb) = (shown(&rest), if rest.len() == 1 { "was" } else { "were" });
        if none {
            return format!("Unevaluated properties are not allowed ({names} {verb} unexpected)");
        }
        format!(
            "Unevaluated properties are not valid under the given schema \
             ({names} {verb} unevaluated and invalid)"
        )
    }));
    Ok(())
}

/// What a look at the same value by another schema adds.
type Look<'s, T> = fn(&Walk<'s>, &'s Object, &Json, &mut HashSet<T>) -> Walked;

fn seen_items<'s>(
    walk: &Walk<'s>,
    schema: &'s Object,
    instance: &Json,
    seen: &mut HashSet<usize>,
) -> Walked {
    let items = list(instance);
    let mut all = |many: usize| seen.extend(0..many);
    if let Some(schemas) = schema.get("items") {
        let old = walk.draft == Draft::Of2019 && schema.get("additionalItems").is_none();
        match schemas {
            Json::List(schemas) if old => all(schemas.len()),
            _ => {
                all(items.len());
                return Ok(());
            }
        }
    }
    if let Some(schemas) = schema.get("prefixItems").filter(|_| walk.draft == Draft::Of2020) {
        all(list(schemas).len());
    }
    others(walk, schema, instance, seen, seen_items)?;
    for keyword in ["contains", "unevaluatedItems"] {
        let Some(schema) = schema.get(keyword) else { continue };
        for (place, item) in items.iter().enumerate() {
            if walk.is_valid(schema, item)? {
                seen.insert(place);
            }
        }
    }
    Ok(())
}

fn seen_members<'s>(
    walk: &Walk<'s>,
    schema: &'s Object,
    instance: &Json,
    seen: &mut HashSet<String>,
) -> Walked {
    let Json::Object(members) = instance else { return Ok(()) };
    for keyword in ["properties", "additionalProperties", "unevaluatedProperties"] {
        match schema.get(keyword) {
            Some(Json::Bool(true)) => seen.extend(members.iter().map(|(name, _)| name.to_owned())),
            Some(Json::Object(names)) => {
                let names = names.iter().map(|(name, _)| name);
                let present = names.filter(|name| members.get(name).is_some());
                seen.extend(present.map(str::to_owned));
            }
            _ => {}
        }
    }
    if let Some(Json::Object(patterns)) = schema.get("patternProperties") {
        for (pattern, _) in patterns.iter() {
            let names = members.iter().map(|(name, _)| name);
            seen.extend(names.filter(|name| walk.matches(pattern, name)).map(str::to_owned));
        }
    }
    if let Some(Json::Object(schemas)) = schema.get("dependentSchemas") {
        for (name, schema) in schemas.iter() {
            if members.get(name).is_some() {
                look(walk, schema, instance, seen, seen_members)?;
            }
        }
    }
    others(walk, schema, instance, seen, seen_members)
}

/// What other schemas of the same value look at, as far as the value is valid under them.
fn others<'s, T>(
    walk: &Walk<'s>,
    schema: &'s Object,
    instance: &Json,
    seen: &mut HashSet<T>,
    by: Look<'s, T>,
) -> Walked {
    for keyword in ["$ref", "$dynamicRef"] {
        let reference = schema.get(keyword).filter(|_| walk.draft.has(keyword));
        if let Some(schema) = reference.and_then(|reference| walk.target(reference)) {
            look(walk, schema, instance, seen, by)?;
        }
    }
    if schema.get("$recursiveRef").is_some() && walk.draft.has("$recursiveRef") {
        look(walk, walk.root(), instance, seen, by)?;
    }
    if let Some(condition) = schema.get("if") {
        let holds = walk.is_valid(condition, instance)?;
        if holds {
            look(walk, condition, instance, seen, by)?;
        }
        if let Some(schema) = schema.get(if holds { "then" } else { "else" }) {
            look(walk, schema, instance, seen, by)?;
        }
    }
    for keyword in ["allOf", "oneOf", "anyOf"] {
        for schema in schema.get(keyword).map(list).unwrap_or_default() {
            if walk.is_valid(schema, instance)? {
                look(walk, schema, instance, seen, by)?;
            }
        }
    }
    Ok(())
}

fn look<'s, T>(
    walk: &Walk<'s>,
    schema: &'s Json,
    instance: &Json,
    seen: &mut HashSet<T>,
    by: Look<'s, T>,
) -> Walked {
    match schema {
        Json::Object(schema) => walk.guarded(|| by(walk, schema, instance, seen)),
        _ => Ok(()),
    }
}
