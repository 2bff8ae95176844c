//! When a plugin was made, as the original reads it and writes it again.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::fmt::Write;

/// Reads a date, or a date and a time, and writes it as RFC 3339 has it: without a zone if it had
/// none, with `Z` for UTC, with six digits of a second's fraction or none.
pub(crate) fn normalised(text: &str) -> Option<String> {
    let (date, time) = match text.find(['T', 't', ' ', '_']) {
        Some(place) => (text.get(..place)?, text.get(place + 1..)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year == 0 || day == 0 || day > last {
        return None;
    }
    let mut written = format!("{year:04}-{month:02}-{day:02}T");
    let Some(time) = time else { return Some(written + "00:00:00") };
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (time, zone) = (time.get(..zone_at)?, time.get(zone_at..)?);
    let (time, fraction) = match time.split_once(['.', ',']) {
        Some((time, fraction)) => (time, fraction),
        None => (time, "0"),
    };
    let [hour, minute, second] = match time.len() {
        5 => {
            let [hour, minute] = numbers(time, ':', [2, 2])?;
            [hour, minute, 0]
        }
        _ => numbers(time, ':', [2, 2, 2])?,
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let _ = write!(written, "{hour:02}:{minute:02}:{second:02}");
    written += &shown_fraction(fraction)?;
    written += &shown_zone(zone)?;
    Some(written)
}

/// Numbers of so many digits each, with `between` between them.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[u32; N]> {
    let mut found = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in found.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits)?;
        *number = part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())??;
    }
    parts.next().is_none().then_some(found)
}

/// Millionths of a second; what is finer is cut off.
fn shown_fraction(fraction: &str) -> Option<String> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millionths: String = fraction.chars().chain("000000".chars()).take(6).collect();
    Some(if millionths == "000000" { String::new() } else { format!(".{millionths}") })
}

fn shown_zone(zone: &str) -> Option<String> {
    let Some(sign) = zone.chars().next() else { return Some(String::new()) };
    let offset = zone.get(1..)?;
    if matches!(sign, 'Z' | 'z') {
        return offset.is_empty().then(|| "Z".to_owned());
    }
    let [hours, minutes] = match offset.len() {
        5 => numbers(offset, ':', [2, 2])?,
        4 => [numbers(offset.get(..2)?, ':', [2])?[0], numbers(offset.get(2..)?, ':', [2])?[0]],
        _ => return None,
    };
    match (hours, minutes) {
        (0, 0) => Some("Z".to_owned()),
        (0..24, 0..60) => Some(format!("{sign}{hours:02}:{minutes:02}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_written_again() {
        for (text, shown) in [
            ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
            ("2023-05-08T09:55:46", "2023-05-08T09:55:46"),
            ("2023-05-08 09:55:46+00:00", "2023-05-08T09:55:46Z"),
            ("2023-05-08T09:55:46.5+0200", "2023-05-08T09:55:46.500000+02:00"),
            ("2023-05-08T09:55:46.1234567-01:30", "2023-05-08T09:55:46.123456-01:30"),
            ("2023-05-08T09:55:46.000000z", "2023-05-08T09:55:46Z"),
            ("2024-02-29t09:55", "2024-02-29T09:55:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
        ] {
            assert_eq!(normalised(text).as_deref(), Some(shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "yesterday",
            "2023-02-29",
            "2023-13-01",
            "2023-00-01",
            "2023-1-01",
            "2023-01-01T",
            "2023-01-01T24:00:00",
            "2023-01-01T00:60:00",
            "2023-01-01T00:00:00.",
            "2023-01-01T00:00:00+24:00",
            "2023-01-01T00:00:00+1",
            "2023-01-01T00:00:00Zz",
            "2023-01-01T00:00:00:00",
            "+023-01-01",
            "2023-01-01T0é:00:00",
        ] {
            assert_eq!(normalised(text), None, "{text}");
        }
    }
}
