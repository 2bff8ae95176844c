//! The drafts of JSON schema: which keywords and types each has, and where its references lead.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use ostler_http::percent;

use crate::json::Json;

/// A draft, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Draft {
    Four,
    Six,
    Seven,
    Of2019,
    Of2020,
}

impl Draft {
    /// The draft that a schema names; the newest if it names none that is known, and `None` for
    /// the one that is too old.
    pub(crate) fn of(schema: &Json) -> Option<Self> {
        let Json::Object(members) = schema else { return Some(Self::Of2020) };
        let Some(Json::Text(name)) = members.get("$schema") else { return Some(Self::Of2020) };
        Some(match name.trim_end_matches('#') {
            "http://json-schema.org/draft-03/schema" => return None,
            "http://json-schema.org/draft-04/schema" => Self::Four,
            "http://json-schema.org/draft-06/schema" => Self::Six,
            "http://json-schema.org/draft-07/schema" => Self::Seven,
            "https://json-schema.org/draft/2019-09/schema" => Self::Of2019,
            _ => Self::Of2020,
        })
    }

    /// The same as the library has it.
    pub(crate) fn library(self) -> jsonschema::Draft {
        match self {
            Self::Four => jsonschema::Draft::Draft4,
            Self::Six => jsonschema::Draft::Draft6,
            Self::Seven => jsonschema::Draft::Draft7,
            Self::Of2019 => jsonschema::Draft::Draft201909,
            Self::Of2020 => jsonschema::Draft::Draft202012,
        }
    }

    /// Whether it knows a keyword that came or went.
    pub(crate) fn has(self, keyword: &str) -> bool {
        match keyword {
            "const" | "contains" | "exclusiveMaximum" | "exclusiveMinimum" | "propertyNames" => {
                self >= Self::Six
            }
            "if" => self >= Self::Seven,
            "dependencies" => self <= Self::Seven,
            "dependentRequired"
            | "dependentSchemas"
            | "unevaluatedItems"
            | "unevaluatedProperties" => self >= Self::Of2019,
            "$recursiveRef" => self == Self::Of2019,
            "additionalItems" => self <= Self::Of2019,
            "$dynamicRef" | "prefixItems" => self == Self::Of2020,
            _ => true,
        }
    }

    /// Whether nothing counts that stands beside a reference.
    pub(crate) fn ignores_beside_references(self) -> bool {
        self <= Self::Seven
    }

    /// Whether a value has a type.
    pub(crate) fn is_type(self, value: &Json, name: &str) -> bool {
        match value {
            Json::Null => name == "null",
            Json::Bool(_) => name == "boolean",
            Json::Integer(_) => name == "integer" || name == "number",
            Json::Float(number) => {
                let whole = self >= Self::Six && number.fract() == 0.0;
                name == "number" || whole && name == "integer"
            }
            Json::Text(_) => name == "string",
            Json::List(_) => name == "array",
            Json::Object(_) => name == "object",
        }
    }

    /// What a reference within a document leads to; `None` if it leads elsewhere.
    pub(crate) fn target<'s>(self, root: &'s Json, reference: &str) -> Option<&'s Json> {
        let (document, place) = reference.split_once('#').unwrap_or((reference, ""));
        let id = self.id(root).unwrap_or_default();
        if !document.is_empty() && document != id.trim_end_matches('#') {
            return None;
        }
        let place = percent::decode(place)?;
        if place.is_empty() {
            return Some(root);
        }
        if !place.starts_with('/') {
            return self.anchored(root, &place);
        }
        let mut target = root;
        for step in place.split('/').skip(1) {
            let step = step.replace("~1", "/").replace("~0", "~");
            target = match target {
                Json::Object(members) => members.get(&step)?,
                Json::List(items) => items.get(step.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(target)
    }

    fn id(self, schema: &Json) -> Option<&str> {
        let Json::Object(members) = schema else { return None };
        match members.get(if self == Self::Four { "id" } else { "$id" }) {
            Some(Json::Text(id)) => Some(id),
            _ => None,
        }
    }

    /// Whether something in a document is a document of its own.
    pub(crate) fn embeds(self, value: &Json) -> bool {
        let named = |part| self.id(part).is_some_and(|id| !id.starts_with('#'));
        parts(value).any(|part| named(part) || self.embeds(part))
    }

    /// The first reference in a document that leads elsewhere or nowhere.
    pub(crate) fn lost_reference(self, root: &Json) -> Option<&str> {
        self.lost_in(root, root)
    }

    fn lost_in<'s>(self, root: &Json, value: &'s Json) -> Option<&'s str> {
        if let Json::Object(members) = value {
            for keyword in ["$ref", "$dynamicRef"] {
                if let Some(Json::Text(reference)) = members.get(keyword) {
                    if self.target(root, reference).is_none() {
                        return Some(reference);
                    }
                }
            }
        }
        parts(value).find_map(|part| self.lost_in(root, part))
    }

    /// The part of a document with an anchor.
    fn anchored<'s>(self, value: &'s Json, name: &str) -> Option<&'s Json> {
        if let Json::Object(members) = value {
            let anchor =
                |key| matches!(members.get(key), Some(Json::Text(anchor)) if anchor == name);
            let old = self.id(value).and_then(|id| id.strip_prefix('#')) == Some(name);
            if (self >= Self::Of2019 && (anchor("$anchor") || anchor("$dynamicAnchor")))
                || (self <= Self::Seven && old)
            {
                return Some(value);
            }
        }
        parts(value).find_map(|part| self.anchored(part, name))
    }
}

/// What lies directly in a value.
fn parts(value: &Json) -> Box<dyn Iterator<Item = &Json> + '_> {
    match value {
        Json::Object(members) => Box::new(members.iter().map(|(_, part)| part)),
        Json::List(items) => Box::new(items.iter()),
        _ => Box::new(std::iter::empty()),
    }
}
