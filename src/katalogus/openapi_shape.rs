//! The shapes of values in the OpenAPI document, as JSON schema.

use crate::json::{Json, Object};

/// The shape of a value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Whatever JSON has.
    Any,
    /// `null`, which is what a change is answered with.
    Null,
    Text,
    Url,
    /// A date with a time.
    Date,
    Integer,
    Truth,
    /// An object with any members.
    Object,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// This text.
    Fixed(&'static str),
    Texts,
    /// Texts of which none is twice.
    Set,
    /// One of the schemas that have names.
    Named(&'static str),
    /// A plugin of any kind.
    Plugin,
    /// One of these.
    Either(&'static [Shape]),
    List(&'static Shape),
    /// An object whose values are like this.
    Map(&'static Shape),
    /// This or `null`.
    Maybe(&'static Shape),
}

/// The kinds of plugins, by the names of their schemas.
const PLUGIN: Shape =
    Shape::Either(&[Shape::Named("Boefje"), Shape::Named("Normalizer"), Shape::Named("Bit")]);

impl Shape {
    /// Its JSON schema.
    pub(crate) fn schema(self) -> Json {
        match self {
            Self::Any => object([]),
            Self::Null => of_type("null"),
            Self::Text => of_type("string"),
            Self::Url => object([("type", "string".into()), ("format", "uri".into())]),
            Self::Date => object([("type", "string".into()), ("format", "date-time".into())]),
            Self::Integer => of_type("integer"),
            Self::Truth => of_type("boolean"),
            Self::Object => of_type("object"),
            Self::Choice(texts) => object([("type", "string".into()), ("enum", list(texts))]),
            Self::Fixed(text) => object([("type", "string".into()), ("const", text.into())]),
            Self::Texts => Self::List(&Self::Text).schema(),
            Self::Set => object([
                ("type", "array".into()),
                ("items", Self::Text.schema()),
                ("uniqueItems", true.into()),
            ]),
            Self::Named(name) => object([("$ref", format!("#/components/schemas/{name}").into())]),
            Self::Plugin => PLUGIN.schema(),
            Self::Either(shapes) => {
                let schemas: Vec<Json> = shapes.iter().map(|shape| shape.schema()).collect();
                object([("anyOf", schemas.into())])
            }
            Self::List(item) => object([("type", "array".into()), ("items", item.schema())]),
            Self::Map(value) => {
                object([("type", "object".into()), ("additionalProperties", value.schema())])
            }
            Self::Maybe(shape) => {
                object([("anyOf", vec![shape.schema(), Self::Null.schema()].into())])
            }
        }
    }
}

/// An object with these members.
pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
    Json::Object(members.collect::<Object>())
}

/// A list of these texts.
pub(crate) fn list(texts: &[&str]) -> Json {
    texts.iter().map(|text| Json::from(*text)).collect::<Vec<Json>>().into()
}

fn of_type(name: &str) -> Json {
    object([("type", name.into())])
}
