//! What a schema asks by other schemas: of the same value, or of its parts.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::cmp::Ordering;

use crate::json::{Json, Object};
use crate::json_number::compare;
use crate::schema_draft::Draft;
use crate::schema_flaw::Flaw;
use crate::schema_values::dependency;
use crate::schema_walk::{Site, Walked};

/// Adds the flaws of a keyword; others than those here ask for nothing.
pub(crate) fn flaws<'i, 's: 'i>(
    keyword: &str,
    site: Site<'_, 's, 'i>,
    flaws: &mut Vec<Flaw<'i>>,
) -> Walked {
    match keyword {
        "allOf" => list(site.value).iter().try_for_each(|schema| site.same(schema, flaws)),
        "anyOf" => any_of(site, flaws),
        "oneOf" => one_of(site, flaws),
        "not" => not(site, flaws),
        "if" => condition(site, flaws),
        "dependencies" | "dependentSchemas" => dependencies(site, flaws),
        "properties" => properties(site, flaws),
        "patternProperties" => pattern_properties(site, flaws),
        "additionalProperties" => additional_properties(site, flaws),
        "propertyNames" => property_names(site, flaws),
        "items" => items(site, flaws),
        "prefixItems" => each_with_its_own(site, flaws),
        "additionalItems" => additional_items(site, flaws),
        "contains" => contains(site, flaws),
        _ => Ok(()),
    }
}

/// The values of a list; none if it is none.
pub(crate) fn list(value: &Json) -> &[Json] {
    if let Json::List(items) = value { items } else { &[] }
}

/// Several values as Python shows them, behind commas.
pub(crate) fn shown<'a>(values: impl IntoIterator<Item = &'a Json>) -> String {
    let shown: Vec<String> = values.into_iter().map(|value| value.repr().to_string()).collect();
    shown.join(", ")
}

/// What is said of a value that fits none of a choice of schemas.
fn no_choice(instance: &Json) -> String {
    format!("{} is not valid under any of the given schemas", instance.repr())
}

fn any_of<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let mut choices = Vec::new();
    for schema in list(site.value) {
        let mut found = site.walk.flaws(schema, site.instance)?;
        if found.is_empty() {
            return Ok(());
        }
        choices.append(&mut found);
    }
    let instance = site.instance;
    flaws.push(site.flaw(move || no_choice(instance)).of_choice(choices));
    Ok(())
}

fn one_of<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let (mut choices, mut valid) = (Vec::new(), Vec::new());
    for schema in list(site.value) {
        let mut found = site.walk.flaws(schema, site.instance)?;
        if found.is_empty() {
            valid.push(schema);
        } else {
            choices.append(&mut found);
        }
    }
    let instance = site.instance;
    match valid.as_slice() {
        [] => flaws.push(site.flaw(move || no_choice(instance)).of_choice(choices)),
        [_] => {}
        _ => {
            // The first that fits is told of last.
            valid.rotate_left(1);
            let flaw = site.flaw(move || {
                let schemas = shown(valid.iter().copied());
                format!("{} is valid under each of {schemas}", instance.repr())
            });
            flaws.push(flaw.of_choice(Vec::new()));
        }
    }
    Ok(())
}

fn not<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let (instance, value) = (site.instance, site.value);
    if site.walk.is_valid(value, instance)? {
        flaws.push(site.flaw(move || {
            format!("{} should not be valid under {}", instance.repr(), value.repr())
        }));
    }
    Ok(())
}

fn condition<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let holds = site.walk.is_valid(site.value, site.instance)?;
    match site.schema.get(if holds { "then" } else { "else" }) {
        Some(schema) => site.same(schema, flaws),
        None => Ok(()),
    }
}

/// What is needed beside a member: names, or that the whole is valid under a schema.
fn dependencies<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let (Json::Object(members), Json::Object(needs)) = (site.instance, site.value) else {
        return Ok(());
    };
    for (name, needs) in needs.iter() {
        if let Json::List(_) = needs {
            dependency(site, name, needs, flaws);
        } else if members.get(name).is_some() {
            site.same(needs, flaws)?;
        }
    }
    Ok(())
}

fn properties<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let (Json::Object(members), Json::Object(schemas)) = (site.instance, site.value) else {
        return Ok(());
    };
    for (name, schema) in schemas.iter() {
        if let Some(part) = members.get(name) {
            site.part(schema, part, flaws)?;
        }
    }
    Ok(())
}

fn pattern_properties<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let (Json::Object(members), Json::Object(schemas)) = (site.instance, site.value) else {
        return Ok(());
    };
    for (pattern, schema) in schemas.iter() {
        for (name, part) in members.iter() {
            if site.walk.matches(pattern, name) {
                site.part(schema, part, flaws)?;
            }
        }
    }
    Ok(())
}

/// The keys of an object in a schema; none if it is none.
fn keys<'s>(schema: &'s Object, keyword: &str) -> Vec<&'s str> {
    match schema.get(keyword) {
        Some(Json::Object(members)) => members.iter().map(|(key, _)| key).collect(),
        _ => Vec::new(),
    }
}

fn additional_properties<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Json::Object(members) = site.instance else { return Ok(()) };
    let known = |name: &str| match site.schema.get("properties") {
        Some(Json::Object(properties)) => properties.get(name).is_some(),
        _ => false,
    };
    let patterns = keys(site.schema, "patternProperties");
    let is_extra = |name: &str| {
        !known(name) && !patterns.iter().any(|pattern| site.walk.matches(pattern, name))
    };
    let extras = members.iter().filter(|(name, _)| is_extra(name));
    if let Json::Object(_) = site.value {
        return extras.into_iter().try_for_each(|(_, part)| site.part(site.value, part, flaws));
    }
    let mut names: Vec<Json> = extras.map(|(name, _)| name.into()).collect();
    names.sort_by(|one, other| text(one).cmp(text(other)));
    if *site.value != Json::Bool(false) || names.is_empty() {
        return Ok(());
    }
    let has_patterns = site.schema.get("patternProperties").is_some();
    flaws.push(site.flaw(move || {
        let one = names.len() == 1;
        let names = shown(&names);
        if !has_patterns {
            let verb = if one { "was" } else { "were" };
            return format!("Additional properties are not allowed ({names} {verb} unexpected)");
        }
        let mut patterns = patterns.clone();
        patterns.sort_unstable();
        let patterns: Vec<Json> = patterns.into_iter().map(Json::from).collect();
        let verb = if one { "does" } else { "do" };
        format!("{names} {verb} not match any of the regexes: {}", shown(&patterns))
    }));
    Ok(())
}

fn text(value: &Json) -> &str {
    if let Json::Text(text) = value { text } else { "" }
}

fn property_names<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Json::Object(members) = site.instance else { return Ok(()) };
    for (name, _) in members.iter() {
        let name = Json::from(name);
        let found = site.walk.flaws(site.value, &name)?;
        flaws.extend(found.into_iter().map(|flaw| -> Flaw<'i> { flaw.settled() }));
    }
    Ok(())
}

fn items<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Json::List(items) = site.instance else { return Ok(()) };
    if site.walk.draft < Draft::Of2020 {
        return match site.value {
            Json::List(_) => each_with_its_own(site, flaws),
            schema => items.iter().try_for_each(|item| site.part(schema, item, flaws)),
        };
    }
    let prefix = site.schema.get("prefixItems").map_or(0, |schemas| list(schemas).len());
    let rest = items.get(prefix..).unwrap_or_default();
    if *site.value != Json::Bool(false) {
        return rest.iter().try_for_each(|item| site.part(site.value, item, flaws));
    }
    if !rest.is_empty() {
        flaws.push(site.flaw(move || {
            let word = if prefix == 1 { "item" } else { "items" };
            let shown = match rest {
                [one] => one.repr().to_string(),
                _ => format!("[{}]", shown(rest)),
            };
            format!("Expected at most {prefix} {word} but found {} extra: {shown}", rest.len())
        }));
    }
    Ok(())
}

/// Each item under the schema that stands at its place.
fn each_with_its_own<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let mut pairs = list(site.instance).iter().zip(list(site.value));
    pairs.try_for_each(|(item, schema)| site.part(schema, item, flaws))
}

fn additional_items<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let Some(Json::List(schemas)) = site.schema.get("items") else { return Ok(()) };
    let rest = list(site.instance).get(schemas.len()..).unwrap_or_default();
    if let Json::Object(_) = site.value {
        return rest.iter().try_for_each(|item| site.part(site.value, item, flaws));
    }
    if *site.value == Json::Bool(false) && !rest.is_empty() {
        flaws.push(site.flaw(move || {
            let verb = if rest.len() == 1 { "was" } else { "were" };
            format!("Additional items are not allowed ({} {verb} unexpected)", shown(rest))
        }));
    }
    Ok(())
}

fn contains<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) -> Walked {
    let instance = site.instance;
    let Json::List(items) = instance else { return Ok(()) };
    let counts = site.walk.draft >= Draft::Of2019;
    let most = site.schema.get("maxContains").filter(|_| counts);
    let mut matches = 0_i64;
    for item in items {
        if site.walk.is_valid(site.value, item)? {
            matches = matches.saturating_add(1);
            if let Some(most) = most.filter(|most| exceeds(matches, most)) {
                flaws.push(site.flaw(move || {
                    let limit = most.repr();
                    format!("Too many items match the given schema (expected at most {limit})")
                }));
                return Ok(());
            }
        }
    }
    let one = Json::from(1);
    let least = site.schema.get("minContains").filter(|_| counts);
    if !falls_short(matches, least.unwrap_or(&one)) {
        return Ok(());
    }
    flaws.push(site.flaw(move || match least {
        _ if !counts => format!("None of {} are valid under the given schema", instance.repr()),
        Some(least) if matches > 0 => format!(
            "Too few items match the given schema (expected at least {} but only {matches} matched)",
            least.repr()
        ),
        _ => format!("{} does not contain items matching the given schema", instance.repr()),
    }));
    Ok(())
}

fn exceeds(count: i64, limit: &Json) -> bool {
    compare(&count.into(), limit) == Some(Ordering::Greater)
}

fn falls_short(count: i64, limit: &Json) -> bool {
    compare(&count.into(), limit) == Some(Ordering::Less)
}
