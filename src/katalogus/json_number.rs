//! JSON's numbers as Python counts with them, and equality as JSON schema has it.
//!
//! Whole numbers have any size; one is compared with a float exactly, not by making it one.
#![cfg_attr(
    not(test),
    deny(clippy::arithmetic_side_effects, clippy::indexing_slicing, clippy::string_slice)
)]

use std::cmp::Ordering;

use crate::json::Json;

/// Which of two numbers is greater; `None` if one is no number.
pub(crate) fn compare(one: &Json, other: &Json) -> Option<Ordering> {
    match (one, other) {
        (Json::Integer(one), Json::Integer(other)) => Some(compare_digits(one, other)),
        (Json::Float(one), Json::Float(other)) => one.partial_cmp(other),
        (Json::Integer(one), Json::Float(other)) => Some(compare_mixed(one, *other)),
        (Json::Float(one), Json::Integer(other)) => Some(compare_mixed(other, *one).reverse()),
        _ => None,
    }
}

fn compare_digits(one: &str, other: &str) -> Ordering {
    let size = |digits: &str| (digits.len(), digits.to_owned());
    match (one.strip_prefix('-'), other.strip_prefix('-')) {
        (Some(one), Some(other)) => size(other).cmp(&size(one)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => size(one).cmp(&size(other)),
    }
}

fn compare_mixed(integer: &str, float: f64) -> Ordering {
    let by_fraction = || 0.0.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal);
    compare_digits(integer, &whole(float.trunc())).then_with(by_fraction)
}

/// The digits of a float without fraction.
fn whole(float: f64) -> String {
    let digits = format!("{float:.0}");
    if digits == "-0" { "0".to_owned() } else { digits }
}

/// The number as a float; infinite if it is too large for one.
pub(crate) fn float(number: &Json) -> Option<f64> {
    match number {
        Json::Integer(digits) => digits.parse().ok(),
        Json::Float(float) => Some(*float),
        _ => None,
    }
}

/// Whether a number is a multiple of another, as Python's library finds it: exactly between whole
/// numbers, by division of floats if the divisor is a float.
pub(crate) fn is_multiple(number: &Json, divisor: &Json) -> Option<bool> {
    let whole_divisor = match divisor {
        Json::Integer(digits) => digits.parse::<u32>().ok(),
        _ => None,
    };
    if let (Json::Integer(digits), Some(divisor)) = (number, whole_divisor) {
        return Some(remainder(digits, divisor)? == 0);
    }
    let (number, by) = (float(number)?, float(divisor)?);
    let quotient = number / by;
    Some(match divisor {
        Json::Integer(_) => number % by == 0.0,
        _ if quotient.is_finite() => quotient.fract() == 0.0,
        _ => is_binary_multiple(number, by),
    })
}

fn remainder(digits: &str, divisor: u32) -> Option<u64> {
    let divisor = u64::from(divisor);
    digits.trim_start_matches('-').bytes().try_fold(0_u64, |rest, digit| {
        let digit = u64::from(digit.wrapping_sub(b'0'));
        rest.checked_mul(10)?.checked_add(digit)?.checked_rem(divisor)
    })
}

/// The same of floats whose quotient is too large for one: the odd part of the divisor divides that
/// of the number, and the power of two is no smaller.
fn is_binary_multiple(number: f64, by: f64) -> bool {
    let (odd, power) = parts(number);
    let (by_odd, by_power) = parts(by);
    power >= by_power && odd.checked_rem(by_odd) == Some(0)
}

/// A float as an odd number and the power of two that it is multiplied with.
fn parts(float: f64) -> (u64, i32) {
    let bits = float.to_bits();
    let exponent = i32::try_from(bits >> 52 & 0x7ff).unwrap_or_default();
    let fraction = bits & 0xf_ffff_ffff_ffff;
    // Floats next to zero have the exponent of the smallest others, and no leading one.
    let mantissa = if exponent == 0 { fraction } else { fraction | 0x10_0000_0000_0000 };
    let zeros = mantissa.trailing_zeros();
    let power = exponent.max(1).saturating_add(i32::try_from(zeros).unwrap_or_default());
    (mantissa.checked_shr(zeros).unwrap_or_default(), power)
}

/// A text that equal values have, and no others: 1 is 1.0 but not true, and the order of members is
/// nothing.
pub(crate) fn canonical(value: &Json) -> String {
    let mut text = String::new();
    add(value, &mut text);
    text
}

fn add(value: &Json, out: &mut String) {
    match value {
        Json::Float(float) if float.fract() == 0.0 => out.push_str(&whole(*float)),
        Json::List(items) => {
            out.push('[');
            for item in items {
                add(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Json::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            out.push('{');
            for (key, value) in sorted {
                add(&Json::from(key), out);
                add(value, out);
                out.push(',');
            }
            out.push('}');
        }
        other => out.push_str(&other.compact()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_compared_exactly() {
        let sorted = [
            "-1e300",
            "-100000000000000000001",
            "-1e20",
            "-2",
            "-1.5",
            "-1",
            "-0.5",
            "0",
            "0.5",
            "1",
            "1.5",
            "9007199254740992.0",
            "9007199254740993",
            "1e20",
            "100000000000000000001",
            "1e300",
        ];
        for (place, one) in sorted.iter().enumerate() {
            for (other_place, other) in sorted.iter().enumerate() {
                let found = compare(&json(one), &json(other));
                assert_eq!(found, Some(place.cmp(&other_place)), "{one} and {other}");
            }
        }
        assert_eq!(compare(&json("-0.0"), &json("0")), Some(Ordering::Equal));
        assert_eq!(compare(&json("true"), &json("1")), None);
    }

    #[test]
    fn multiples_are_found_as_python_finds_them() {
        for (number, by, is) in [
            ("9", "3", true),
            ("10", "3", false),
            ("-9", "3", true),
            ("4.5", "1.5", true),
            ("0.3", "0.1", false),
            ("7.5", "2", false),
            ("8.0", "2", true),
            ("123456789012345678901234567890", "10", true),
            ("123456789012345678901234567891", "10", false),
            ("1e308", "0.123456789", false),
            ("1e308", "0.5", true),
            ("0", "7", true),
        ] {
            assert_eq!(is_multiple(&json(number), &json(by)), Some(is), "{number} by {by}");
        }
    }

    #[test]
    fn equality_is_that_of_json_schema() {
        for (one, other, is) in [
            ("1", "1.0", true),
            ("1", "true", false),
            ("0", "-0.0", true),
            ("0", "false", false),
            ("[1, {\"a\": 1, \"b\": [2]}]", "[1.0, {\"b\": [2.0], \"a\": 1}]", true),
            ("[1, 2]", "[2, 1]", false),
            ("\"1\"", "1", false),
            ("100000000000000000000", "1e20", true),
            ("[[1], 2]", "[[1, 2]]", false),
        ] {
            assert_eq!(canonical(&json(one)) == canonical(&json(other)), is, "{one} and {other}");
        }
    }
}
