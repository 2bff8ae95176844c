//! Numbers and spans of time in CAF's configuration.

use crate::caf_value::CafValue;

/// The units of a span of time, with their nanoseconds.
const UNITS: [(&str, i64); 6] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("min", 60 * 1_000_000_000),
    ("h", 3600 * 1_000_000_000),
];

/// A whole number, a number with a point or an exponent, or a span of time.
pub(crate) fn number(word: &str) -> Option<CafValue> {
    let (is_negative, digits) = match word.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, word.strip_prefix('+').unwrap_or(word)),
    };
    let begins = digits.bytes().next().is_some_and(|byte| byte.is_ascii_digit() || byte == b'.');
    if !begins {
        return None;
    }
    if let Some(value) = integer(is_negative, digits) {
        return Some(CafValue::Integer(value));
    }
    for (unit, nanos) in UNITS {
        let count = digits.strip_suffix(unit).and_then(|count| integer(is_negative, count));
        if let Some(nanos) = count.and_then(|count| count.checked_mul(nanos)) {
            return Some(CafValue::Timespan(nanos));
        }
    }
    let is_real =
        digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let has_mark = digits.contains(['.', 'e', 'E']);
    let value =
        word.parse::<f64>().ok().filter(|value| is_real && has_mark && value.is_finite())?;
    Some(CafValue::Real(value))
}

/// A whole number without its sign, as C writes it.
fn integer(is_negative: bool, digits: &str) -> Option<i64> {
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, digits.get(2..)?),
        [b'0', b'b' | b'B', ..] => (2, digits.get(2..)?),
        [b'0', _, ..] => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // A second sign is none.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let value = i128::from(u64::from_str_radix(digits, radix).ok()?);
    i64::try_from(if is_negative { value.checked_neg()? } else { value }).ok()
}
