//! Numbers, times, sizes and booleans as configuration files write them.
//!
//! Whole numbers are read as Python's `int()` reads them, which the incumbents use: a sign,
//! leading zeros, single underscores between digits and full-width digits are fine.

#![deny(clippy::indexing_slicing, clippy::string_slice, clippy::arithmetic_side_effects)]

use std::time::Duration;

use crate::ini_line::trim;

/// A whole number as Python's `int()` reads it.
pub fn integer(text: &str) -> Option<i128> {
    let text = trim(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut number: i128 = 0;
    let mut after_digit = false;
    for c in digits.chars() {
        if c == '_' {
            // Only one, and only between digits.
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        number = number.checked_mul(10)?.checked_add(digit(c)?)?;
        after_digit = true;
    }
    if after_digit { number.checked_mul(sign) } else { None }
}

/// A decimal digit, ASCII or full width.
fn digit(c: char) -> Option<i128> {
    let ascii = match c {
        '\u{ff10}'..='\u{ff19}' => {
            char::from_u32(u32::from(c).checked_sub(0xff10)?.checked_add(u32::from('0'))?)?
        }
        _ => c,
    };
    ascii.to_digit(10).map(i128::from)
}

/// `true`, `yes`, `on`, `1` or `false`, `no`, `off`, `0`, in any case.
pub fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(trim(text)));
    if is(["true", "yes", "on", "1"]) {
        Some(true)
    } else if is(["false", "no", "off", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// Seconds, whole or with at most nine digits after a decimal point.
pub fn seconds(text: &str) -> Option<Duration> {
    let Some((whole, fraction)) = trim(text).split_once('.') else {
        return u64::try_from(integer(text)?).ok().map(Duration::from_secs);
    };
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos: u32 = format!("{fraction:0<9}").parse().ok()?;
    Some(Duration::new(u64::try_from(integer(whole)?).ok()?, nanos))
}

/// A number of bytes, alone or before `KiB`, `MiB` or `GiB`.
pub(crate) fn bytes(text: &str) -> Option<usize> {
    let text = trim(text);
    let (number, unit) = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)]
        .into_iter()
        .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, size)))?;
    usize::try_from(integer(number)?).ok()?.checked_mul(unit)
}

/// A number of bytes as it would be written: in the largest unit that it is a multiple of.
pub(crate) fn size(bytes: usize) -> String {
    [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)]
        .into_iter()
        .find_map(|(name, unit): (_, usize)| {
            let count = bytes.checked_div(unit).filter(|count| *count > 0)?;
            (count.checked_mul(unit) == Some(bytes)).then(|| format!("{count} {name}"))
        })
        .unwrap_or_else(|| bytes.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_python_reads_them() {
        let numbers = ["011112", "11_112", "+5", "-5", " 7 ", "１１"].map(integer);
        assert_eq!(numbers, [Some(11112), Some(11112), Some(5), Some(-5), Some(7), Some(11)]);
        for wrong in ["", "-", "0x10", "1e3", "1.0", "1__2", "_1", "1_", "- 5", "1;c"] {
            assert_eq!(integer(wrong), None, "{wrong}");
        }
        assert_eq!(integer(&"9".repeat(60)), None);
    }

    #[test]
    fn times_and_sizes_have_their_units() {
        assert_eq!(seconds("15"), Some(Duration::from_secs(15)));
        assert_eq!(seconds("0.25"), Some(Duration::from_millis(250)));
        for wrong in ["-1", "1.", ".5", "1.-5", "1s", ""] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
        let sizes = ["10", "64KiB", "2 MiB", "1GiB"].map(bytes);
        assert_eq!(sizes, [Some(10), Some(65536), Some(2 << 20), Some(1 << 30)]);
        for text in ["0", "10", "64 KiB", "3 MiB", "1024 GiB", "1025"] {
            assert_eq!(bytes(text).map(size).as_deref(), Some(text));
        }
        for wrong in ["-1", "1KB", "KiB", "99999999999999999GiB"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}
