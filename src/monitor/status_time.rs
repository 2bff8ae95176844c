//! Dates and ages: how long ago something was, and how old it may be.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;

/// The seconds since 1970 now.
pub(crate) fn today() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// `2026-11-22 09:15` in the time zone that is `east` seconds ahead of UTC.
pub(crate) fn date(timestamp: u64, east: i64) -> String {
    let local = timestamp.saturating_add_signed(east);
    let (year, month, day) = civil(local / DAY);
    let (hour, minute) = (local % DAY / HOUR, local % HOUR / MINUTE);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")
}

/// Reads `90s`, `45min` or `45m`, `26h`, `2d` or `1w`.
pub(crate) fn parse_age(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let unit = match unit.trim() {
        "s" => 1,
        "m" | "min" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => WEEK,
        _ => return Err("an age is a number with s, m, h, d or w, such as 26h".to_owned()),
    };
    let number: u64 = number.parse().map_err(|_| "an age begins with a whole number".to_owned())?;
    let seconds = number.checked_mul(unit).ok_or_else(|| "this age is too long".to_owned())?;
    Ok(Duration::from_secs(seconds))
}

/// Year, month and day, `days` after 1970-01-01.
///
/// Years begin in March here, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    const ERA: u64 = 146_097;
    const TO_MARCH_OF_YEAR_0: u64 = 719_468;
    let days = days.saturating_add(TO_MARCH_OF_YEAR_0);
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let year = era * 400 + year + month / 10;
    (year, (month + 2) % 12 + 1, day - (153 * month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(date(0, 0), "1970-01-01 00:00");
        assert_eq!(date(68_255_999, 0), "1972-02-29 23:59");
        assert_eq!(date(68_256_000, 0), "1972-03-01 00:00");
        assert_eq!(date(951_782_400, 0), "2000-02-29 00:00");
        assert_eq!(date(1_795_337_935, 0), "2026-11-22 08:58");
        assert_eq!(date(1_795_337_935, 3600), "2026-11-22 09:58");
        assert_eq!(date(1_767_225_600, -1), "2025-12-31 23:59");
        // Each day has another date than the one before it, and the months their lengths.
        let mut last = civil(0);
        for days in 1..200 * 366 {
            let (year, month, day) = civil(days);
            let next = if day > 1 { (year, month, day - 1) == last } else { last.2 >= 28 };
            assert!(next && (1..=12).contains(&month), "{last:?} {year}-{month}-{day}");
            last = (year, month, day);
        }
    }

    #[test]
    fn ages_are_read_with_their_unit() {
        for (text, seconds) in
            [("90s", 90), ("45m", 2700), ("45 min", 2700), ("26h", 93_600), ("1w", WEEK)]
        {
            assert_eq!(parse_age(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "26", "h", "-1h", "1.5h", "1y", "9999999999999999999d", "é"] {
            assert!(parse_age(text).is_err(), "{text}");
        }
    }
}
