//! Points and spans of time as JSON has them: `2022-04-10T07:00:00.000` and `1500ms`.

use std::fmt;

use crate::calendar;
use crate::time::{Timespan, Timestamp};

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Digits of nanoseconds.
const FRACTION_DIGITS: usize = 9;
/// The units of a span, with their nanoseconds. Longer names first, where one ends another.
const UNITS: [(&str, i64); 7] = [
    ("min", 60 * SECOND),
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", SECOND),
    ("h", 3600 * SECOND),
    ("d", DAY),
];

/// A point in time in UTC, without zone: with three digits after the point if milliseconds are
/// exact, else six or nine.
pub(crate) struct Moment(pub(crate) Timestamp);

/// A span in seconds, milliseconds or nanoseconds, whichever is the largest that is exact. Not in
/// microseconds, which Zeek's clients do not read.
pub(crate) struct Span(pub(crate) Timespan);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.nanos();
        let (year, month, day) = calendar::date(nanos.div_euclid(DAY));
        let seconds = nanos.rem_euclid(DAY) / SECOND;
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        match nanos.rem_euclid(SECOND) {
            nanos if nanos % 1_000_000 == 0 => write!(f, ".{:03}", nanos / 1_000_000),
            nanos if nanos % 1_000 == 0 => write!(f, ".{:06}", nanos / 1_000),
            nanos => write!(f, ".{nanos:09}"),
        }
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.nanos() {
            nanos if nanos % SECOND == 0 => write!(f, "{}s", nanos / SECOND),
            nanos if nanos % 1_000_000 == 0 => write!(f, "{}ms", nanos / 1_000_000),
            nanos => write!(f, "{nanos}ns"),
        }
    }
}

/// Reads a point in time: date, `T`, time, up to nine digits after a point, and no zone, `Z`, or an
/// offset like `+02:00`. Without zone it is UTC.
pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    let mut rest = text.as_bytes();
    let year = number(&mut rest, 4)?;
    let month = after(&mut rest, b'-').then(|| number(&mut rest, 2))??;
    let day = after(&mut rest, b'-').then(|| number(&mut rest, 2))??;
    let hour = after(&mut rest, b'T').then(|| number(&mut rest, 2))??;
    let minute = after(&mut rest, b':').then(|| number(&mut rest, 2))??;
    let second = after(&mut rest, b':').then(|| number(&mut rest, 2))??;
    let nanos = if after(&mut rest, b'.') { fraction(&mut rest)? } else { 0 };
    let offset = offset(rest)?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = calendar::days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second;
    // The first seconds of the range begin before it, so the sum needs more room than its result.
    let nanos = i128::from(seconds - offset) * i128::from(SECOND) + i128::from(nanos);
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

/// Takes the byte off the front, if it is there.
fn after(rest: &mut &[u8], byte: u8) -> bool {
    let found = rest.strip_prefix(&[byte]);
    *rest = found.unwrap_or(rest);
    found.is_some()
}

/// Takes a number of so many digits off the front.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, left) = rest.split_at_checked(digits)?;
    *rest = left;
    number.iter().try_fold(0, |number, digit| Some(number * 10 + value(*digit)?))
}

fn value(digit: u8) -> Option<i64> {
    digit.is_ascii_digit().then(|| i64::from(digit - b'0'))
}

/// Takes the digits after a point off the front, as nanoseconds.
fn fraction(rest: &mut &[u8]) -> Option<i64> {
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let missing = FRACTION_DIGITS.checked_sub(digits).filter(|_| digits > 0)?;
    Some((0..missing).fold(number(rest, digits)?, |nanos, _| nanos * 10))
}

/// The seconds that a zone is ahead of UTC.
fn offset(mut zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        [] | b"Z" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    zone = zone.get(1..)?;
    let hours = number(&mut zone, 2)?;
    let minutes = after(&mut zone, b':').then(|| number(&mut zone, 2))??;
    let known = zone.is_empty() && hours <= 23 && minutes <= 59;
    known.then_some(sign * (hours * 3600 + minutes * 60))
}

/// Reads a span: a number, perhaps with a sign and a point, and its unit: `ns`, `us`, `ms`, `s`,
/// `min`, `h` or `d`. What is less than a nanosecond is dropped.
pub(crate) fn span(text: &str) -> Option<Timespan> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(name, nanos)| text.strip_suffix(name).map(|number| (number, *nanos)))?;
    let (sign, number) = match number.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, number.strip_prefix('+').unwrap_or(number)),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && part.is_empty() {
        return None;
    }
    let mut nanos = whole.bytes().try_fold(0_i128, |sum, digit| {
        sum.checked_mul(10)?.checked_add(i128::from(value(digit)?))
    })?;
    nanos = nanos.checked_mul(i128::from(unit))?;
    let mut place = i128::from(unit);
    for digit in part.bytes() {
        // Places beyond nanoseconds still must be digits.
        let digit = i128::from(value(digit)?);
        nanos = nanos.checked_add(digit * place / 10)?;
        place /= 10;
    }
    i64::try_from(sign * nanos).ok().map(Timespan::from_nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_and_written_in_the_largest_exact_unit() {
        for (text, written) in [
            ("1500ms", "1500ms"),
            ("-1500ms", "-1500ms"),
            ("1.5s", "1500ms"),
            ("-.5s", "-500ms"),
            ("3h", "10800s"),
            ("4min", "240s"),
            ("2d", "172800s"),
            ("5us", "5000ns"),
            ("1500000001ns", "1500000001ns"),
            ("0ns", "0s"),
            ("0.0000000019s", "1ns"),
            ("9223372036.854775807s", "9223372036854775807ns"),
            ("-9223372036.854775808s", "-9223372036854775808ns"),
        ] {
            assert_eq!(Span(span(text).unwrap()).to_string(), written, "{text}");
        }
        for text in [
            "10",
            "7 s",
            "1h30min",
            "",
            "s",
            ".s",
            "-s",
            "--1s",
            "1.s.",
            "1.-5s",
            "1e3s",
            "5 ",
            "9223372036.854775808s",
            "99999999999999999999999999999999999999999d",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn moments_are_read_and_written_with_the_digits_that_they_need() {
        for (text, written) in [
            ("2022-04-10T07:00:00.000", "2022-04-10T07:00:00.000"),
            ("2022-04-10T07:00:00", "2022-04-10T07:00:00.000"),
            ("2022-04-10T07:00:00Z", "2022-04-10T07:00:00.000"),
            ("2022-04-10T07:00:00+02:00", "2022-04-10T05:00:00.000"),
            ("2022-04-10T07:00:00.5-00:30", "2022-04-10T07:30:00.500"),
            ("2022-04-10T07:00:00.1234", "2022-04-10T07:00:00.123400"),
            ("2022-04-10T07:00:00.123456789", "2022-04-10T07:00:00.123456789"),
            ("1969-12-31T23:59:58.500", "1969-12-31T23:59:58.500"),
            ("1677-09-21T00:12:43.145224192", "1677-09-21T00:12:43.145224192"),
            ("2262-04-11T23:47:16.854775807", "2262-04-11T23:47:16.854775807"),
        ] {
            assert_eq!(Moment(moment(text).unwrap()).to_string(), written, "{text}");
        }
        for text in [
            "2022-04-10",
            "2022-04-10 07:00:00",
            "2022-13-10T07:00:00",
            "2022-02-30T07:00:00",
            "2022-04-10T24:00:00",
            "2022-04-10T07:60:00",
            "2022-04-10T07:00:60",
            "2022-04-10T07:00",
            "2022-04-10T07:00:00.",
            "2022-04-10T07:00:00.1234567891",
            "2022-04-10T07:00:00+0200",
            "2022-04-10T07:00:00ZZ",
            "1677-09-21T00:12:43.145224191",
            "2262-04-11T23:47:16.854775808",
            "+022-04-10T07:00:00",
            "",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
