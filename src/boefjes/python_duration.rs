//! Spans of time as ISO 8601 has them, and as Python's `str` shows them.

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Days, as pydantic has it.
const YEAR: i64 = 365;
/// The units of a span before and after its `T`, each with its microseconds, as pydantic has them.
const UNITS: [&[(char, i64)]; 2] = [
    &[('Y', YEAR * DAY), ('M', 30 * DAY), ('W', 7 * DAY), ('D', DAY)],
    &[('H', 3600 * SECOND), ('M', 60 * SECOND), ('S', SECOND)],
];
/// The longest span that Python knows.
const MAX_DAYS: i64 = 999_999_999;

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

/// A span as the pydantic of 1.15 writes it, in years, days and seconds: `PT36H` as `P1DT43200S`;
/// `None` if it is no span.
pub(crate) fn normal(iso: &str) -> Option<String> {
    micros(iso).and_then(iso_text)
}

/// A span of so many seconds; `None` if it is too long.
pub(crate) fn of_seconds(seconds: f64) -> Option<String> {
    let micros = (seconds * 1e6).round();
    // Whatever it is, it is whole, and within what a float and an `i64` both hold.
    let micros = format!("{micros:.0}").parse().ok()?;
    iso_text(micros)
}

fn iso_text(micros: i64) -> Option<String> {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.checked_abs().filter(|micros| micros / DAY <= MAX_DAYS)?;
    let (days, seconds, micros) = (micros / DAY, micros % DAY / SECOND, micros % SECOND);
    let part = |number: i64, unit: &str| {
        if number == 0 { String::new() } else { format!("{number}{unit}") }
    };
    let fraction = if micros == 0 { String::new() } else { format!(".{micros:06}") };
    let time = format!("{seconds}{}", fraction.trim_end_matches('0'));
    let time = if time == "0" { String::new() } else { time + "S" };
    let days = part(days / YEAR, "Y") + &part(days % YEAR, "D");
    Some(match (days.is_empty(), time.is_empty()) {
        (true, true) => "PT0S".to_owned(),
        (_, true) => format!("{sign}P{days}"),
        _ => format!("{sign}P{days}T{time}"),
    })
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
    fn spans_are_written_in_years_days_and_seconds() {
        for (iso, normal_form) in [
            ("P0D", "PT0S"),
            ("PT86400S", "P1D"),
            ("P1Y1M1W", "P1Y37D"),
            ("-PT90M", "-PT5400S"),
            ("P1DT0.5S", "P1DT0.5S"),
            ("PT60S", "PT60S"),
            ("-P782DT14H47M35.187689S", "-P2Y52DT53255.187689S"),
            ("P365D", "P1Y"),
        ] {
            assert_eq!(normal(iso).as_deref(), Some(normal_form), "{iso}");
        }
        assert_eq!(of_seconds(0.000_001).as_deref(), Some("PT0.000001S"));
        for seconds in [1e15, -1e300] {
            assert_eq!(of_seconds(seconds), None, "{seconds}");
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
