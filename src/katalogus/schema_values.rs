//! What a schema asks of one value, without a look into its parts.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::json::{Json, Object};
use crate::json_number::{compare, is_multiple};
use crate::schema_draft::Draft;
use crate::schema_flaw::Flaw;
use crate::schema_walk::Site;

/// Adds the flaws of a keyword; whether it is one of those here.
pub(crate) fn flaws<'i, 's: 'i>(
    keyword: &str,
    site: Site<'_, 's, 'i>,
    flaws: &mut Vec<Flaw<'i>>,
) -> bool {
    match keyword {
        "const" => constant(site, flaws),
        "enum" => enumeration(site, flaws),
        "exclusiveMaximum" => number(site, ABOVE_OR_AT, flaws),
        "exclusiveMinimum" => number(site, BELOW_OR_AT, flaws),
        "maximum" if is_exclusive(site, "exclusiveMaximum") => number(site, ABOVE_OR_AT, flaws),
        "minimum" if is_exclusive(site, "exclusiveMinimum") => number(site, BELOW_OR_AT, flaws),
        "maximum" => number(site, ABOVE, flaws),
        "minimum" => number(site, BELOW, flaws),
        "multipleOf" => multiple(site, flaws),
        "maxItems" | "maxLength" => most(site, length(keyword, site), "is too long", flaws),
        "maxProperties" => most(site, length(keyword, site), "has too many properties", flaws),
        "minItems" | "minLength" => least(site, length(keyword, site), "is too short", flaws),
        "minProperties" => {
            least(site, length(keyword, site), "does not have enough properties", flaws);
        }
        "pattern" => pattern(site, flaws),
        "required" => required(site, flaws),
        "type" => types(site, flaws),
        "uniqueItems" => unique(site, flaws),
        "dependentRequired" => dependencies(site, flaws),
        _ => return false,
    }
    true
}

/// Which numbers are wrong, and what is said of them.
type Bound = (&'static [Ordering], &'static str);

const ABOVE: Bound = (&[Ordering::Greater], "greater than the maximum of");
const BELOW: Bound = (&[Ordering::Less], "less than the minimum of");
const ABOVE_OR_AT: Bound =
    (&[Ordering::Greater, Ordering::Equal], "greater than or equal to the maximum of");
const BELOW_OR_AT: Bound =
    (&[Ordering::Less, Ordering::Equal], "less than or equal to the minimum of");

/// Whether a bound is exclusive as the oldest draft has it: by a flag beside it.
fn is_exclusive(site: Site<'_, '_, '_>, flag: &str) -> bool {
    site.walk.draft == Draft::Four && site.schema.get(flag) == Some(&Json::Bool(true))
}

fn number<'i, 's: 'i>(site: Site<'_, 's, 'i>, (wrong, words): Bound, flaws: &mut Vec<Flaw<'i>>) {
    let (instance, value) = (site.instance, site.value);
    if compare(instance, value).is_some_and(|found| wrong.contains(&found)) {
        flaws.push(site.flaw(move || format!("{} is {words} {}", instance.repr(), value.repr())));
    }
}

fn multiple<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let (instance, value) = (site.instance, site.value);
    if is_multiple(instance, value) == Some(false) {
        flaws.push(
            site.flaw(move || format!("{} is not a multiple of {}", instance.repr(), value.repr())),
        );
    }
}

/// The length that a keyword is about, if the value has it.
fn length(keyword: &str, site: Site<'_, '_, '_>) -> Option<Json> {
    let length = match (keyword, site.instance) {
        ("maxItems" | "minItems", Json::List(items)) => items.len(),
        ("maxLength" | "minLength", Json::Text(text)) => text.chars().count(),
        ("maxProperties" | "minProperties", Json::Object(members)) => members.len(),
        _ => return None,
    };
    Some(Json::Integer(length.to_string().into()))
}

fn most<'i, 's: 'i>(
    site: Site<'_, 's, 'i>,
    length: Option<Json>,
    words: &'static str,
    flaws: &mut Vec<Flaw<'i>>,
) {
    let Some(length) = length else { return };
    if compare(&length, site.value) == Some(Ordering::Greater) {
        let words = if is(site.value, 0) { "is expected to be empty" } else { words };
        let instance = site.instance;
        flaws.push(site.flaw(move || format!("{} {words}", instance.repr())));
    }
}

fn least<'i, 's: 'i>(
    site: Site<'_, 's, 'i>,
    length: Option<Json>,
    words: &'static str,
    flaws: &mut Vec<Flaw<'i>>,
) {
    let Some(length) = length else { return };
    if compare(&length, site.value) == Some(Ordering::Less) {
        let words = if is(site.value, 1) { "should be non-empty" } else { words };
        let instance = site.instance;
        flaws.push(site.flaw(move || format!("{} {words}", instance.repr())));
    }
}

fn is(value: &Json, number: i64) -> bool {
    compare(value, &number.into()) == Some(Ordering::Equal)
}

fn constant<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let value = site.value;
    if site.walk.canonical(site.instance) != site.walk.canonical(value) {
        flaws.push(site.flaw(move || format!("{} was expected", value.repr())));
    }
}

fn enumeration<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let (instance, value) = (site.instance, site.value);
    let Json::List(options) = value else { return };
    let wanted = site.walk.canonical(instance);
    if !options.iter().any(|option| site.walk.canonical(option) == wanted) {
        flaws
            .push(site.flaw(move || format!("{} is not one of {}", instance.repr(), value.repr())));
    }
}

fn pattern<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let (instance, value) = (site.instance, site.value);
    let (Json::Text(text), Json::Text(pattern)) = (instance, value) else { return };
    if !site.walk.matches(pattern, text) {
        flaws.push(
            site.flaw(move || format!("{} does not match {}", instance.repr(), value.repr())),
        );
    }
}

fn required<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let (Json::Object(members), Json::List(names)) = (site.instance, site.value) else { return };
    for name in missing(members, names) {
        flaws.push(site.flaw(move || format!("{} is a required property", name.repr())));
    }
}

/// What is needed beside a member: a list of names, each with what is missing of it.
fn dependencies<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let Json::Object(dependencies) = site.value else { return };
    for (name, needs) in dependencies.iter() {
        dependency(site, name, needs, flaws);
    }
}

/// Adds what is missing of the names that a member needs beside it.
pub(crate) fn dependency<'i, 's: 'i>(
    site: Site<'_, 's, 'i>,
    name: &'s str,
    needs: &'s Json,
    flaws: &mut Vec<Flaw<'i>>,
) {
    let (Json::Object(members), Json::List(needs)) = (site.instance, needs) else { return };
    if members.get(name).is_none() {
        return;
    }
    for missing in missing(members, needs) {
        flaws.push(site.flaw(move || {
            format!("{} is a dependency of {}", missing.repr(), Json::from(name).repr())
        }));
    }
}

fn missing<'s>(members: &Object, names: &'s [Json]) -> impl Iterator<Item = &'s Json> {
    names.iter().filter(|name| match name {
        Json::Text(name) => members.get(name).is_none(),
        _ => true,
    })
}

fn types<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let (instance, value) = (site.instance, site.value);
    let types = match value {
        Json::List(types) => types.as_slice(),
        one => std::slice::from_ref(one),
    };
    let has =
        |name: &Json| matches!(name, Json::Text(name) if site.walk.draft.is_type(instance, name));
    if !types.iter().any(has) {
        flaws.push(site.flaw(move || {
            let names: Vec<String> = types.iter().map(|name| name.repr().to_string()).collect();
            format!("{} is not of type {}", instance.repr(), names.join(", "))
        }));
    }
}

fn unique<'i, 's: 'i>(site: Site<'_, 's, 'i>, flaws: &mut Vec<Flaw<'i>>) {
    let instance = site.instance;
    let Json::List(items) = instance else { return };
    let mut seen = HashSet::new();
    if *site.value == Json::Bool(true)
        && !items.iter().all(|item| seen.insert(site.walk.canonical(item)))
    {
        flaws.push(site.flaw(move || format!("{} has non-unique elements", instance.repr())));
    }
}
