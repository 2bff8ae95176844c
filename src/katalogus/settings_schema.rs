//! The check of settings against a plugin's `schema.json`, with the original's verdicts and
//! messages (Python's `jsonschema` 4.21.1).
//!
//! The draft is that of `$schema`, else 2020-12; `format` asserts nothing. Nothing is fetched: a
//! reference that leads out of the schema makes it invalid, and so does a document within it.
//!
//! Verdict and message come of a walk over the schema as it is written, because the order of its
//! keywords decides which of several flaws is told, and because the Rust library of the same name
//! judges some values otherwise (multiples of floats, large numbers in the oldest draft). It finds
//! what is wrong with a schema, and patterns in texts.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::fmt;

use jsonschema::{PatternOptions, ValidationOptions, Validator};
use serde_json::{Number, Value, json};
use thiserror::Error;

use crate::json::Json;
use crate::schema_draft::Draft;
use crate::schema_flaw::best;
use crate::schema_walk::{TooMuch, Walk};

/// How deep a schema may be nested.
pub const MAX_SCHEMA_DEPTH: usize = 64;

/// How many schemas may be applied to values in one check, so that a schema whose parts refer to
/// each other over and over ends.
pub const MAX_CHECK_STEPS: usize = 100_000;

/// How deep schemas may be applied within each other in one check.
pub const MAX_CHECK_DEPTH: usize = 200;

/// How often a pattern may go back in one text, so that none takes for ever.
pub const MAX_PATTERN_STEPS: usize = 100_000;

/// How many bytes a compiled pattern may have.
pub const MAX_PATTERN_BYTES: usize = 1 << 20;

/// A schema that settings are checked against.
pub struct SettingsSchema {
    draft: Draft,
    schema: Json,
}

/// Why a schema cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SchemaError {
    /// It is neither an object nor true or false.
    #[error("a schema is an object, true or false")]
    NoSchema,
    /// It is of a draft that is too old.
    #[error("schemas of draft 3 are not supported")]
    OldDraft,
    /// It is nested too deeply.
    #[error("the schema is nested more than {MAX_SCHEMA_DEPTH} deep")]
    TooDeep,
    /// A part of it is a document of its own.
    #[error("parts of a schema with an $id of their own are not supported")]
    Embedded,
    /// It refers to what is not in it.
    #[error("the reference {0} leads out of the schema, or nowhere")]
    Reference(String),
    /// It is against the rules of its draft.
    #[error("{0}")]
    Invalid(String),
}

impl SettingsSchema {
    /// Prepares a schema.
    pub fn compile(schema: &Json) -> Result<Self, SchemaError> {
        if !matches!(schema, Json::Object(_) | Json::Bool(_)) {
            return Err(SchemaError::NoSchema);
        }
        let draft = Draft::of(schema).ok_or(SchemaError::OldDraft)?;
        if !is_shallow(schema, MAX_SCHEMA_DEPTH) {
            return Err(SchemaError::TooDeep);
        }
        if draft.embeds(schema) {
            return Err(SchemaError::Embedded);
        }
        if let Some(reference) = draft.lost_reference(schema) {
            return Err(SchemaError::Reference(Json::from(reference).compact()));
        }
        let mut value = value(schema);
        if let Value::Object(members) = &mut value {
            // The draft is decided, and one that nobody knows is no reason to fail.
            members.remove("$schema");
        }
        options(draft).build(&value).map_err(|error| {
            SchemaError::Invalid(format!("{error} (at {})", place(error.instance_path().as_str())))
        })?;
        Ok(Self { draft, schema: schema.clone() })
    }

    /// Checks settings; the message is that of the flaw which says most.
    pub fn check(&self, settings: &Json) -> Result<(), String> {
        let flaws = Walk::new(self.draft, &self.schema).flaws(&self.schema, settings);
        match flaws {
            Ok(flaws) => best(&flaws).map_or(Ok(()), Err),
            Err(TooMuch) => Err("the settings take too many steps to be checked".to_owned()),
        }
    }
}

impl fmt::Debug for SettingsSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingsSchema").field("draft", &self.draft).finish_non_exhaustive()
    }
}

/// A place in the schema, for people.
fn place(pointer: &str) -> &str {
    if pointer.is_empty() { "the top" } else { pointer }
}

fn options(draft: Draft) -> ValidationOptions<'static> {
    let patterns = PatternOptions::fancy_regex()
        .backtrack_limit(MAX_PATTERN_STEPS)
        .size_limit(MAX_PATTERN_BYTES)
        .dfa_size_limit(MAX_PATTERN_BYTES);
    jsonschema::options()
        .with_draft(draft.library())
        .with_pattern_options(patterns)
        .should_validate_formats(false)
        .offline()
}

/// What finds a pattern in a text, as the library does it; `None` if it is none.
pub(crate) fn matcher(pattern: &str) -> Option<Validator> {
    options(Draft::Of2020).build(&json!({ "pattern": pattern })).ok()
}

fn is_shallow(value: &Json, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return false };
    match value {
        Json::List(items) => items.iter().all(|item| is_shallow(item, below)),
        Json::Object(members) => members.iter().all(|(_, value)| is_shallow(value, below)),
        _ => true,
    }
}

/// The same value for the library. Numbers become floats where they are too large for 64 bits, and
/// the largest there is where they are too large for those.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Integer(digits) => number(digits),
        Json::Float(float) => Number::from_f64(*float).map_or(Value::Null, Value::Number),
        Json::Text(text) => Value::String(text.clone()),
        Json::List(items) => Value::Array(items.iter().map(value).collect()),
        Json::Object(members) => {
            Value::Object(members.iter().map(|(key, json)| (key.to_owned(), value(json))).collect())
        }
    }
}

fn number(digits: &str) -> Value {
    if let Ok(number) = digits.parse::<i64>() {
        return number.into();
    }
    if let Ok(number) = digits.parse::<u64>() {
        return number.into();
    }
    digits.parse::<f64>().unwrap_or_default().clamp(f64::MIN, f64::MAX).into()
}
