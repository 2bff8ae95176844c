//! A value with its type, out of JSON.

use std::cell::Cell;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor,
};
use serde_json::value::RawValue;

use crate::data::{Data, MAX_DEPTH};
use crate::json_content::{Bytes, Content};
use crate::json_error::Malformed;
use crate::json_read::unlimited;
use crate::types::Type;

/// How many objects in one another may have their `data` before its `@data-type`. Such data is read
/// twice, and what lies in it twice as often as that; no known client sends it.
const MAX_REVERSED: usize = 8;

/// One reading of a text.
#[derive(Default)]
pub(crate) struct Reading<'a> {
    /// What went wrong, where serde's errors say it in words alone.
    pub(crate) problem: Cell<Option<Problem>>,
    /// Where the outermost object's topic goes, if it is a message.
    pub(crate) topic: Option<&'a Cell<Option<Vec<u8>>>>,
}

/// What went wrong.
#[derive(Clone, Copy)]
pub(crate) enum Problem {
    Malformed(Malformed),
    Duplicate,
}

impl Reading<'_> {
    /// Notes the problem, and makes an error of it.
    pub(crate) fn fail<E: Error>(&self, problem: Problem) -> E {
        self.problem.set(Some(problem));
        match problem {
            Problem::Malformed(malformed) => E::custom(malformed),
            Problem::Duplicate => E::custom("a set has an element twice, or a table a key"),
        }
    }
}

/// Where an object stands in a text.
#[derive(Clone, Copy)]
pub(crate) struct Position<'a> {
    pub(crate) reading: &'a Reading<'a>,
    /// In how many objects it lies.
    depth: usize,
    /// How many of them have their data before its type.
    reversed: usize,
}

/// An object with `@data-type` and `data`, read into its place: see the binary form for why.
pub(crate) struct Object<'a, 'p> {
    position: Position<'a>,
    place: &'p mut Data,
}

impl<'a, 'p> Object<'a, 'p> {
    /// The object that a text is.
    pub(crate) fn outermost(reading: &'a Reading<'a>, place: &'p mut Data) -> Self {
        Self { position: Position { reading, depth: 0, reversed: 0 }, place }
    }

    /// An object within the one at `outer`.
    pub(crate) fn within(outer: Position<'a>, place: &'p mut Data) -> Self {
        Self { position: Position { depth: outer.depth + 1, ..outer }, place }
    }

    /// Data that came before its type.
    fn reread<E: Error>(self, data_type: Type, raw: &RawValue) -> Result<(), E> {
        let reversed = self.position.reversed + 1;
        if reversed > MAX_REVERSED {
            return Err(E::custom("too many objects in one another have data before @data-type"));
        }
        let content = Content {
            position: Position { reversed, ..self.position },
            data_type,
            place: self.place,
        };
        content.deserialize(&mut unlimited(raw.get())).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Data {
    /// Reads `{"@data-type":T,"data":V}`. In formats other than JSON the fields must have this
    /// order.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut value = Self::None;
        Object::outermost(&Reading::default(), &mut value).deserialize(deserializer)?;
        Ok(value)
    }
}

impl<'de> DeserializeSeed<'de> for Object<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.position.depth >= MAX_DEPTH {
            let problem = Problem::Malformed(Malformed::NestedTooDeeply);
            return Err(self.position.reading.fail(problem));
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with @data-type and data")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        let position = self.position;
        let mut topic = position.reading.topic.filter(|_| position.depth == 0);
        let mut data_type = None;
        let mut is_read = false;
        let mut reversed: Option<Box<RawValue>> = None;
        while let Some(name) = object.next_key_seed(Name)? {
            match (name, data_type) {
                (Field::Type, None) => data_type = Some(object.next_value_seed(TypeName)?),
                (Field::Data, None) if reversed.is_none() => reversed = Some(object.next_value()?),
                (Field::Data, Some(data_type)) if !is_read && reversed.is_none() => {
                    is_read = true;
                    let place = &mut *self.place;
                    object.next_value_seed(Content { position, data_type, place })?;
                }
                (Field::Topic, _) if topic.is_some() => {
                    let bytes = object.next_value_seed(Bytes)?;
                    if let Some(topic) = topic.take() {
                        topic.set(Some(bytes));
                    }
                }
                _ => {
                    object.next_value::<IgnoredAny>()?;
                }
            }
        }
        match (data_type, reversed) {
            (None, _) => Err(A::Error::missing_field("@data-type")),
            (Some(data_type), Some(raw)) => self.reread(data_type, &raw),
            // None needs no data: the place holds it already.
            (Some(Type::None), None) => Ok(()),
            (Some(_), None) if is_read => Ok(()),
            (Some(_), None) => Err(A::Error::missing_field("data")),
        }
    }
}

/// The name of an object's field.
pub(crate) struct Name;

/// The fields that objects and entries of tables have.
pub(crate) enum Field {
    Type,
    Data,
    Topic,
    Key,
    Value,
    Unknown,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Field;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Field, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Field;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Field, E> {
        Ok(match name {
            "@data-type" => Field::Type,
            "data" => Field::Data,
            "topic" => Field::Topic,
            "key" => Field::Key,
            "value" => Field::Value,
            _ => Field::Unknown,
        })
    }
}

/// The name of a type.
struct TypeName;

impl<'de> DeserializeSeed<'de> for TypeName {
    type Value = Type;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Type, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for TypeName {
    type Value = Type;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a type")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Type, E> {
        Type::from_name(name).ok_or_else(|| E::custom("no type has this name"))
    }
}
