//! Values as Pydantic reads them: what it takes for what, and what it says of the rest.

use url::Url;

use crate::Json;
use crate::validation::{Complaint, MAX_ADDRESS, Problem};

/// Why a value is not what it should be.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfit {
    /// It is of another kind, or has another value.
    Itself(Complaint),
    /// Something within it is not, and lies at places that count from here.
    Within(Vec<Problem>),
}

impl From<Complaint> for Unfit {
    fn from(complaint: Complaint) -> Self {
        Self::Itself(complaint)
    }
}

impl From<Vec<Problem>> for Unfit {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Within(problems)
    }
}

impl From<Problem> for Unfit {
    fn from(problem: Problem) -> Self {
        Self::Within(vec![problem])
    }
}

impl Unfit {
    /// All that is wrong with `value`, which lies at `place`.
    pub fn at(self, place: &[Json], value: &Json) -> Vec<Problem> {
        match self {
            Self::Itself(complaint) => {
                vec![Problem { complaint, place: place.to_vec(), input: value.clone() }]
            }
            Self::Within(problems) => {
                let below = |problem: Problem| {
                    let place = [place, &problem.place].concat();
                    Problem { place, ..problem }
                };
                problems.into_iter().map(below).collect()
            }
        }
    }
}

/// A text.
pub fn text(value: &Json) -> Result<String, Unfit> {
    match value {
        Json::Text(text) => Ok(text.clone()),
        _ => Err(Complaint::Text.into()),
    }
}

/// A truth value, or a number or text that stands for one.
pub fn truth(value: &Json) -> Result<bool, Unfit> {
    let truth = match value {
        Json::Bool(truth) => return Ok(*truth),
        Json::Text(text) => truth_of(text),
        Json::Integer(digits) => number_truth(digits),
        Json::Float(number) if number.fract() == 0.0 => {
            // Zero has a sign, too.
            number_truth(&(number + 0.0).to_string())
        }
        _ => return Err(Complaint::Truth.into()),
    };
    truth.ok_or(Complaint::TruthParsing.into())
}

/// A text that stands for a truth value.
pub fn truth_of(text: &str) -> Option<bool> {
    let is = |word: &&&str| text.eq_ignore_ascii_case(word);
    if ["true", "t", "yes", "y", "on", "1"].iter().find(is).is_some() {
        return Some(true);
    }
    ["false", "f", "no", "n", "off", "0"].iter().find(is).map(|_| false)
}

fn number_truth(digits: &str) -> Option<bool> {
    match digits {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

/// A whole number, or a text that is one. One of any size is read, and brought within what an `i64`
/// holds.
pub fn whole(value: &Json) -> Result<i64, Unfit> {
    match value {
        Json::Bool(truth) => Ok(i64::from(*truth)),
        Json::Integer(digits) => whole_of(digits).ok_or(Complaint::Whole.into()),
        Json::Float(number) if number.fract() == 0.0 => {
            whole_of(&format!("{number:.0}")).ok_or(Complaint::Whole.into())
        }
        Json::Float(_) => Err(Complaint::WholeFraction.into()),
        Json::Text(text) => whole_of(text).ok_or(Complaint::WholeParsing.into()),
        _ => Err(Complaint::Whole.into()),
    }
}

/// A text that is a whole number: blanks around it, a sign, underscores between its digits and a
/// fraction of nothing but zeros do not matter.
pub fn whole_of(text: &str) -> Option<i64> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = match digits.split_once('.') {
        Some((digits, zeros)) if zeros.bytes().all(|zero| zero == b'0') => digits,
        Some(_) => return None,
        None => digits,
    };
    let mut groups = digits.split('_');
    if !groups.all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let number = digits.bytes().filter(u8::is_ascii_digit).fold(0_i64, |number, digit| {
        number.saturating_mul(10).saturating_add(i64::from(digit.saturating_sub(b'0')))
    });
    Some(if negative { number.saturating_neg() } else { number })
}

/// An object of whatever members.
pub fn dictionary(value: &Json) -> Result<Json, Unfit> {
    match value {
        Json::Object(_) => Ok(value.clone()),
        _ => Err(Complaint::Dictionary.into()),
    }
}

/// An array of texts.
pub fn texts(value: &Json) -> Result<Vec<String>, Unfit> {
    items(value, Complaint::List, text)
}

/// An array of texts whose order and number do not count.
pub fn text_set(value: &Json) -> Result<Vec<String>, Unfit> {
    let mut texts: Vec<String> = items(value, Complaint::Set, text)?;
    let mut known = std::collections::HashSet::new();
    texts.retain(|text| known.insert(text.clone()));
    Ok(texts)
}

/// An array of what `read` reads.
pub fn items<T>(
    value: &Json,
    otherwise: Complaint,
    read: impl Fn(&Json) -> Result<T, Unfit>,
) -> Result<Vec<T>, Unfit> {
    let Json::List(items) = value else { return Err(otherwise.into()) };
    let mut fit = Vec::with_capacity(items.len());
    let mut unfit = Vec::new();
    for (place, item) in (0_i64..).zip(items) {
        match read(item) {
            Ok(item) => fit.push(item),
            Err(why) => unfit.extend(why.at(&[place.into()], item)),
        }
    }
    if unfit.is_empty() { Ok(fit) } else { Err(Unfit::Within(unfit)) }
}

/// An address of HTTP, normalised.
pub fn address(value: &Json) -> Result<String, Unfit> {
    let Json::Text(text) = value else { return Err(Complaint::Address.into()) };
    if text.is_empty() {
        return Err(Complaint::AddressParsing("input is empty".to_owned()).into());
    }
    if text.chars().count() > MAX_ADDRESS {
        return Err(Complaint::AddressTooLong.into());
    }
    let url = Url::parse(text).map_err(|error| Complaint::AddressParsing(error.to_string()))?;
    match url.scheme() {
        "http" | "https" => Ok(url.into()),
        _ => Err(Complaint::AddressScheme.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read<T>(read: impl Fn(&Json) -> Result<T, Unfit>, text: &str) -> Result<T, Complaint> {
        read(&Json::parse(text).unwrap()).map_err(|unfit| match unfit {
            Unfit::Itself(complaint) => complaint,
            Unfit::Within(problems) => problems[0].complaint.clone(),
        })
    }

    #[test]
    fn truth_values_have_many_forms() {
        for text in ["true", "1", "1.0", r#""tRUE""#, r#""t""#, r#""Yes""#, r#""y""#, r#""on""#] {
            assert_eq!(read(truth, text), Ok(true), "{text}");
        }
        for text in ["false", "0", "-0.0", r#""f""#, r#""NO""#, r#""n""#, r#""off""#, r#""0""#] {
            assert_eq!(read(truth, text), Ok(false), "{text}");
        }
        for text in ["2", "-1", "2.0", "-1.0", r#""""#, r#""maybe""#, r#"" true""#] {
            assert_eq!(read(truth, text), Err(Complaint::TruthParsing), "{text}");
        }
        for text in ["null", "0.5", "[]", "{}"] {
            assert_eq!(read(truth, text), Err(Complaint::Truth), "{text}");
        }
    }

    #[test]
    fn whole_numbers_have_many_forms() {
        for (text, number) in [
            ("12", 12),
            ("-12", -12),
            ("3.0", 3),
            ("true", 1),
            (r#""12""#, 12),
            (r#"" +1_2.00 ""#, 12),
            ("99999999999999999999", i64::MAX),
            (r#""-99999999999999999999""#, -i64::MAX),
        ] {
            assert_eq!(read(whole, text), Ok(number), "{text}");
        }
        for (text, complaint) in [
            ("1.5", Complaint::WholeFraction),
            (r#""1.5""#, Complaint::WholeParsing),
            (r#""""#, Complaint::WholeParsing),
            (r#""abc""#, Complaint::WholeParsing),
            (r#""1__2""#, Complaint::WholeParsing),
            (r#""--1""#, Complaint::WholeParsing),
            ("null", Complaint::Whole),
            ("[]", Complaint::Whole),
        ] {
            assert_eq!(read(whole, text), Err(complaint), "{text}");
        }
    }

    #[test]
    fn a_set_has_each_text_once_and_an_item_that_is_none_has_its_place() {
        assert_eq!(read(text_set, r#"["b", "a", "b"]"#), Ok(vec!["b".to_owned(), "a".to_owned()]));
        let unfit = texts(&Json::parse(r#"["a", 1, "b", null]"#).unwrap()).unwrap_err();
        let problem = |place: i64, input: Json| Problem {
            complaint: Complaint::Text,
            place: vec![place.into()],
            input,
        };
        assert_eq!(unfit, Unfit::Within(vec![problem(1, 1.into()), problem(3, Json::Null)]));
        assert_eq!(read(texts, "{}"), Err(Complaint::List));
        assert_eq!(read(text_set, "{}"), Err(Complaint::Set));
    }

    #[test]
    fn an_address_is_normalised_or_refused() {
        for (text, normal) in [
            ("HTTP://ExAmple.com", "http://example.com/"),
            ("https://h:443/a b", "https://h/a%20b"),
        ] {
            assert_eq!(address(&text.into()), Ok(normal.to_owned()), "{text}");
        }
        let relative = Complaint::AddressParsing("relative URL without a base".into());
        assert_eq!(address(&"not a url".into()), Err(relative.into()));
        let empty = Complaint::AddressParsing("input is empty".into());
        assert_eq!(address(&"".into()), Err(empty.into()));
        assert_eq!(address(&"ftp://x/".into()), Err(Complaint::AddressScheme.into()));
        let long = format!("http://h/{}", "x".repeat(MAX_ADDRESS));
        assert_eq!(address(&long.into()), Err(Complaint::AddressTooLong.into()));
        assert_eq!(address(&Json::Null), Err(Complaint::Address.into()));
    }
}
