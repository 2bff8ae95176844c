//! Spans of time as ISO 8601 has them, and as Python's `str` shows them.

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The units of a span before and after its `T`, each with its microseconds.
const UNITS: [&[(char, i64)]; 2] =
    [&[('D', DAY)], &[('H', 3600 * SECOND), ('M', 60 * SECOND), ('S', SECOND)]];

/// `P1DT2H` as `1 day, 2:00:00`; `None` if it is no span.
pub(crate) fn python_text(iso: &str) -> Option<String> {
    let micros = micros(iso)?;
    let (days, rest) = (micros.div_euclid(DAY), micros.rem_euclid(DAY));
    let (seconds, micros) = (rest / SECOND, rest % SECOND);
    let days = match days {
        0 => String::new(),
        1 | -1 => format!("{days} day, "),
        _ => format!("{days} days, "),
    };
    let micros = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    Some(format!("{days}{hours}:{minutes:02}:{seconds:02}{micros}"))
}

fn micros(iso: &str) -> Option<i64> {
    let (sign, span) = iso.strip_prefix('-').map_or((1, iso), |span| (-1, span));
    let span = span.strip_prefix('P').filter(|span| !span.is_empty())?;
    let (date, time) = span.split_once('T').map_or((span, None), |(d, t)| (d, Some(t)));
    let mut all = 0_i64;
    for (part, units) in [Some(date), time].into_iter().zip(UNITS) {
        let mut rest = part.unwrap_or_default();
        let mut units = units.iter();
        while !rest.is_empty() {
            let (number, after) = rest.split_at(rest.find(|c: char| c.is_ascii_uppercase())?);
            let unit = after.chars().next()?;
            // Each once, in this order.
            let (_, size) = units.find(|(known, _)| *known == unit)?;
            all = all.checked_add(amount(number, *size)?)?;
            rest = after.get(1..)?;
        }
    }
    Some(sign * all)
}

/// So many of a unit; a second may have a fraction.
fn amount(number: &str, size: i64) -> Option<i64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let part = if fraction.is_empty() { 0 } else { six.parse::<i64>().ok()? };
    let part = if size == SECOND { part } else { 0 };
    whole.parse::<i64>().ok()?.checked_mul(size)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_shown_as_python_does() {
        for (iso, shown) in [
            ("P0D", "0:00:00"),
            ("PT0S", "0:00:00"),
            ("P1D", "1 day, 0:00:00"),
            ("P90DT2H3M4.5S", "90 days, 2:03:04.500000"),
            ("PT36H", "1 day, 12:00:00"),
            ("-PT1H", "-1 day, 23:00:00"),
            ("-P2D", "-2 days, 0:00:00"),
            ("PT0.000001S", "0:00:00.000001"),
        ] {
            assert_eq!(python_text(iso).as_deref(), Some(shown), "{iso}");
        }
    }

    #[test]
    fn what_is_no_span_is_none() {
        for text in [
            "",
            "P",
            "-",
            "1D",
            "P1",
            "PD",
            "P1H",
            "PT1D",
            "PT1S1M",
            "P-1D",
            "PT1.x5S",
            "P1Dé",
            "P99999999999999D",
        ] {
            assert_eq!(python_text(text), None, "{text}");
        }
    }
}
