//! The shapes of values in an OpenAPI document, as JSON schema.

use crate::json::{Json, Object};

/// The shape of a value.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Whatever JSON has.
    Any,
    /// `null`, which is what a change is answered with.
    Null,
    /// A text.
    Text,
    /// A text that is not empty.
    Name,
    /// A URL.
    Url,
    /// The id of a task or a raw file.
    Uuid,
    /// Bytes in base64.
    Base64,
    /// A date with a time.
    Date,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Truth,
    /// An object with any members.
    Object,
    /// One of these texts.
    Choice(&'static [&'static str]),
    /// This text.
    Fixed(&'static str),
    /// A list of texts.
    Texts,
    /// Texts of which none is twice.
    Set,
    /// One of the schemas that have names.
    Named(&'static str),
    /// One of these.
    Either(&'static [Shape]),
    /// A list of values like this.
    List(&'static Shape),
    /// An object whose values are like this.
    Map(&'static Shape),
    /// This or `null`.
    Maybe(&'static Shape),
}

/// A member of an object: its name, its shape, and whether and as what it may be left out.
pub type Member = (&'static str, Shape, Need);

/// Whether a member must be there.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// It must.
    Must,
    /// It may be left out.
    May,
    /// It may be left out, and is then this JSON.
    Else(&'static str),
}

/// What is wrong with a part of a request, as all services say it with status 422: `ValidationError`.
pub const PROBLEM: &[Member] = &[
    ("type", Shape::Text, Need::Must),
    ("loc", Shape::List(&Shape::Either(&[Shape::Text, Shape::Integer])), Need::Must),
    ("msg", Shape::Text, Need::Must),
    ("input", Shape::Any, Need::May),
    ("ctx", Shape::Map(&Shape::Any), Need::May),
    ("url", Shape::Text, Need::May),
];

impl Shape {
    /// Its JSON schema.
    pub fn schema(self) -> Json {
        match self {
            Self::Any => object([]),
            Self::Null => of_type("null"),
            Self::Text => of_type("string"),
            Self::Name => object([("type", "string".into()), ("minLength", 1.into())]),
            Self::Url => object([("type", "string".into()), ("format", "uri".into())]),
            Self::Uuid => object([("type", "string".into()), ("format", "uuid".into())]),
            Self::Base64 => {
                object([("type", "string".into()), ("contentEncoding", "base64".into())])
            }
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

/// The schema of an object that has these members, whose name is `title`.
pub fn schema(title: &str, parts: &[&[Member]]) -> Json {
    let members = || parts.iter().copied().flatten();
    let properties = members().map(|(name, shape, need)| {
        let mut schema = shape.schema();
        if let (Json::Object(schema), Need::Else(json)) = (&mut schema, need) {
            schema.insert("default", Json::parse(json).unwrap_or_default());
        }
        ((*name).to_owned(), schema)
    });
    let required = members().filter(|(_, _, need)| matches!(need, Need::Must));
    let required: Vec<&str> = required.map(|(name, _, _)| *name).collect();
    object([
        ("title", title.into()),
        ("type", "object".into()),
        ("properties", Json::Object(properties.collect())),
        ("required", list(&required)),
    ])
}

/// An object with these members.
pub fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    let members = members.into_iter().map(|(key, value)| (key.to_owned(), value));
    Json::Object(members.collect::<Object>())
}

/// A list of these texts.
pub fn list(texts: &[&str]) -> Json {
    texts.iter().map(|text| Json::from(*text)).collect::<Vec<Json>>().into()
}

fn of_type(name: &str) -> Json {
    object([("type", name.into())])
}
