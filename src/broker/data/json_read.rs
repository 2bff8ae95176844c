//! The JSON form, read from a text.

use std::cell::Cell;

use serde::de::{Deserialize, DeserializeSeed, IgnoredAny};
use serde_json::Deserializer;
use serde_json::de::StrRead;
use serde_json::error::Category;

use crate::data::Data;
use crate::json_error::{JsonError, Malformed};
use crate::json_object::{Object, Problem, Reading};

/// What a client sends: a value and its topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The topic, if there is one. It is bytes, like any string.
    pub topic: Option<Vec<u8>>,
    /// The value.
    pub data: Data,
}

/// Reads one value, `{"@data-type":T,"data":V}`, that all of the text is.
pub fn read(text: &str) -> Result<Data, JsonError> {
    object(text, &Reading::default())
}

/// Reads a message: a value with a topic beside. Its field `type` is not looked at, as the original
/// does not either.
pub fn read_message(text: &str) -> Result<Message, JsonError> {
    let topic = Cell::new(None);
    let reading = Reading { topic: Some(&topic), ..Reading::default() };
    let data = object(text, &reading)?;
    Ok(Message { topic: topic.take(), data })
}

/// Reads the value that all of the text is.
fn object(text: &str, reading: &Reading<'_>) -> Result<Data, JsonError> {
    let mut json = unlimited(text);
    let mut data = Data::None;
    let outcome = Object::outermost(reading, &mut data).deserialize(&mut json);
    let error = match outcome {
        Ok(()) => match json.end() {
            Ok(()) => return Ok(data),
            Err(error) => return Err(malformed(Malformed::TrailingCharacter, &error)),
        },
        Err(error) => error,
    };
    let problem = reading.problem.take();
    if let Some(Problem::Malformed(problem)) = problem {
        return Err(malformed(problem, &error));
    }
    // Whether a text is JSON at all is said before what it means.
    syntax(text)?;
    Err(match problem {
        _ if !text.trim_ascii_start().starts_with('{') => JsonError::NotAnObject,
        Some(Problem::Duplicate) => JsonError::Duplicate,
        _ => JsonError::InvalidData(error.to_string()),
    })
}

/// A reader without a limit to how deep objects lie in one another: `Object` has its own, and what
/// is ignored is read without recursion.
pub(crate) fn unlimited(text: &str) -> Deserializer<StrRead<'_>> {
    let mut json = Deserializer::from_str(text);
    json.disable_recursion_limit();
    json
}

/// Whether the text is JSON.
fn syntax(text: &str) -> Result<(), JsonError> {
    let mut json = unlimited(text);
    IgnoredAny::deserialize(&mut json).map_err(|error| {
        let problem = match error.classify() {
            Category::Eof => Malformed::UnexpectedEof,
            _ => Malformed::UnexpectedCharacter,
        };
        malformed(problem, &error)
    })?;
    json.end().map_err(|error| malformed(Malformed::TrailingCharacter, &error))
}

fn malformed(problem: Malformed, error: &serde_json::Error) -> JsonError {
    JsonError::Malformed { problem, line: error.line(), column: error.column() }
}
