//! What is wrong with a request, in the words and shapes of Pydantic, which the original uses:
//! `422` with one entry for everything that is wrong.

use std::borrow::Cow;

use crate::{Generation, Json, Object};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// What is wrong with it.
    pub complaint: Complaint,
    /// Where: `body` or `query`, then keys and places of items.
    pub place: Vec<Json>,
    /// What stood there.
    pub input: Json,
}

/// What is wrong with it.
#[derive(Clone, Debug, PartialEq)]
pub enum Complaint {
    /// It is not there.
    Missing,
    /// It is no text.
    Text,
    /// It is no truth value, and not even a text or number that could be one.
    Truth,
    /// It is a text or number that is no truth value.
    TruthParsing,
    /// It is no whole number, and no text.
    Whole,
    /// It is a number with a fraction.
    WholeFraction,
    /// It is a text that is no whole number.
    WholeParsing,
    /// It is over this.
    AtMost(i64),
    /// It is under this.
    AtLeast(i64),
    /// It is no object where any is good.
    Dictionary,
    /// It is no object where one with certain members is needed.
    Model,
    /// It is no array.
    List,
    /// It is no array whose order and number do not count.
    Set,
    /// It is none of these texts, which are worded as `'a' or 'b'`.
    Literal(&'static str),
    /// The same, of an enumeration.
    Enumeration(&'static str),
    /// It is no moment.
    Moment,
    /// It is a text that is no moment, for this reason.
    MomentParsing(&'static str),
    /// It is no text that could be an address.
    Address,
    /// It is no address, for this reason.
    AddressParsing(String),
    /// It is an address of another scheme than HTTP.
    AddressScheme,
    /// It is an address of too many characters.
    AddressTooLong,
    /// It is a text that is no UUID, for this reason.
    UuidParsing(String),
    /// It is no JSON, for this reason.
    NoJson(&'static str),
    /// It is not fit, in words of the original's own.
    Value(Cow<'static, str>),
}

/// Characters of an address that Pydantic reads at most.
pub const MAX_ADDRESS: usize = 2083;

/// Where the meaning of each complaint is explained.
const EXPLAINED: &str = "https://errors.pydantic.dev/2.6/v/";

impl Complaint {
    /// Its name.
    fn kind(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Text => "string_type",
            Self::Truth => "bool_type",
            Self::TruthParsing => "bool_parsing",
            Self::Whole => "int_type",
            Self::WholeFraction => "int_from_float",
            Self::WholeParsing => "int_parsing",
            Self::AtMost(_) => "less_than_equal",
            Self::AtLeast(_) => "greater_than_equal",
            Self::Dictionary => "dict_type",
            Self::Model => "model_attributes_type",
            Self::List => "list_type",
            Self::Set => "set_type",
            Self::Literal(_) => "literal_error",
            Self::Enumeration(_) => "enum",
            Self::Moment => "datetime_type",
            Self::MomentParsing(_) => "datetime_from_date_parsing",
            Self::Address => "url_type",
            Self::AddressParsing(_) => "url_parsing",
            Self::AddressScheme => "url_scheme",
            Self::AddressTooLong => "url_too_long",
            Self::UuidParsing(_) => "uuid_parsing",
            Self::NoJson(_) => "json_invalid",
            Self::Value(_) => "value_error",
        }
    }

    /// What it says.
    pub fn message(&self) -> Cow<'static, str> {
        match self {
            Self::Missing => "Field required".into(),
            Self::Text => "Input should be a valid string".into(),
            Self::Truth => "Input should be a valid boolean".into(),
            Self::TruthParsing => {
                "Input should be a valid boolean, unable to interpret input".into()
            }
            Self::Whole => "Input should be a valid integer".into(),
            Self::WholeFraction => {
                "Input should be a valid integer, got a number with a fractional part".into()
            }
            Self::WholeParsing => {
                "Input should be a valid integer, unable to parse string as an integer".into()
            }
            Self::AtMost(limit) => format!("Input should be less than or equal to {limit}").into(),
            Self::AtLeast(limit) => {
                format!("Input should be greater than or equal to {limit}").into()
            }
            Self::Dictionary => "Input should be a valid dictionary".into(),
            Self::Model => {
                "Input should be a valid dictionary or object to extract fields from".into()
            }
            Self::List => "Input should be a valid list".into(),
            Self::Set => "Input should be a valid set".into(),
            Self::Literal(expected) | Self::Enumeration(expected) => {
                format!("Input should be {expected}").into()
            }
            Self::Moment => "Input should be a valid datetime".into(),
            Self::MomentParsing(why) => {
                format!("Input should be a valid datetime or date, {why}").into()
            }
            Self::Address => "URL input should be a string or URL".into(),
            Self::AddressParsing(why) => format!("Input should be a valid URL, {why}").into(),
            Self::AddressScheme => "URL scheme should be 'http' or 'https'".into(),
            Self::AddressTooLong => {
                format!("URL should have at most {MAX_ADDRESS} characters").into()
            }
            Self::UuidParsing(why) => format!("Input should be a valid UUID, {why}").into(),
            Self::NoJson(_) => "JSON decode error".into(),
            Self::Value(why) => format!("Value error, {why}").into(),
        }
    }

    /// What else a program might want to know.
    fn context(&self) -> Option<(&'static str, Json)> {
        Some(match self {
            Self::AtMost(limit) => ("le", (*limit).into()),
            Self::AtLeast(limit) => ("ge", (*limit).into()),
            Self::Literal(expected) | Self::Enumeration(expected) => {
                ("expected", (*expected).into())
            }
            Self::MomentParsing(why) | Self::NoJson(why) => ("error", (*why).into()),
            Self::AddressParsing(why) | Self::UuidParsing(why) => ("error", why.as_str().into()),
            Self::AddressScheme => ("expected_schemes", "'http' or 'https'".into()),
            Self::AddressTooLong => ("max_length", i64::try_from(MAX_ADDRESS).ok().into()),
            Self::Value(_) => ("error", Object::new().into()),
            _ => return None,
        })
    }
}

impl Problem {
    /// As `generation` shows it.
    fn to_json(&self, generation: Generation) -> Json {
        let kind = self.complaint.kind();
        let mut shown = Object::new();
        shown.insert("type", kind);
        shown.insert("loc", self.place.clone());
        shown.insert("msg", &*self.complaint.message());
        shown.insert("input", self.input.clone());
        if let Some((key, value)) = self.complaint.context() {
            shown.insert("ctx", Object::from_iter([(key.to_owned(), value)]));
        }
        // What the framework or Python itself complains of is explained nowhere.
        let of_pydantic = |complaint: &Complaint| {
            !matches!(complaint, Complaint::NoJson(_) | Complaint::Enumeration(_))
        };
        if generation == Generation::V1_15 && of_pydantic(&self.complaint) {
            shown.insert("url", format!("{EXPLAINED}{kind}"));
        }
        shown.into()
    }
}

/// The body of the answer that tells of all that is wrong.
pub fn detail(problems: &[Problem], generation: Generation) -> Json {
    let shown: Vec<Json> = problems.iter().map(|problem| problem.to_json(generation)).collect();
    Object::from_iter([("detail".to_owned(), shown.into())]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(
        complaint: Complaint,
        place: Vec<Json>,
        input: Json,
        generation: Generation,
    ) -> String {
        detail(&[Problem { complaint, place, input }], generation).compact()
    }

    #[test]
    fn a_problem_is_shown_as_its_generation_does() {
        let missing = |generation| {
            let place = vec!["body".into(), "name".into()];
            shown(Complaint::Missing, place, Object::new().into(), generation)
        };
        assert_eq!(
            missing(Generation::V1_20),
            r#"{"detail":[{"type":"missing","loc":["body","name"],"msg":"Field required","input":{}}]}"#
        );
        assert!(
            missing(Generation::V1_15)
                .ends_with(r#","input":{},"url":"https://errors.pydantic.dev/2.6/v/missing"}]}"#)
        );
    }

    #[test]
    fn what_a_program_might_want_to_know_comes_before_the_explanation() {
        let literal = Complaint::Literal("'a' or 'b'");
        assert_eq!(
            shown(literal, vec!["query".into(), "x".into()], "c".into(), Generation::V1_15),
            r#"{"detail":[{"type":"literal_error","loc":["query","x"],"msg":"Input should be 'a' or 'b'","input":"c","ctx":{"expected":"'a' or 'b'"},"url":"https://errors.pydantic.dev/2.6/v/literal_error"}]}"#
        );
        let place = vec!["body".into(), 1.into()];
        assert_eq!(
            shown(
                Complaint::NoJson("Expecting value"),
                place,
                Object::new().into(),
                Generation::V1_15
            ),
            r#"{"detail":[{"type":"json_invalid","loc":["body",1],"msg":"JSON decode error","input":{},"ctx":{"error":"Expecting value"}}]}"#
        );
    }
}
