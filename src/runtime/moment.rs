//! Moments as other programs exchange them: RFC 3339, in UTC, to the microsecond.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::fmt;

use crate::utc::{civil, unix_micros};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// Days from 0000-03-01, from which whole Gregorian centuries are counted, to 1970-01-01.
const EPOCH: i64 = 719_468;

/// A moment of the system's clock, between the years 1 and 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// Microseconds since 1970.
    micros: i64,
}

impl Moment {
    /// The moment now.
    pub fn now() -> Self {
        Self { micros: unix_micros() }
    }

    /// So many microseconds after 1970 began, or before.
    pub fn from_unix_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// Microseconds since 1970.
    pub fn unix_micros(self) -> i64 {
        self.micros
    }

    /// Reads RFC 3339, or what is near it: a blank instead of the `T`, any number of digits of a
    /// second, of which six count. The zone must be there.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once(['T', 't', ' '])?;
        let mut date = date.split('-');
        let (year, month, day) = (date.next()?, date.next()?, date.next()?);
        let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
        let zone_at = time.find(['Z', 'z', '+', '-'])?;
        let (clock, zone) = time.split_at_checked(zone_at)?;
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let mut clock = clock.split(':');
        let (hour, minute) = (number(clock.next()?, 2)?, number(clock.next()?, 2)?);
        let second = clock.next().map_or(Some(0), |second| number(second, 2))?;
        let is_date = date.next().is_none()
            && (1..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=month_days(year, month)).contains(&day);
        if !is_date || clock.next().is_some() || hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let days = days(year, month, day);
        let seconds = (hour * 60 + minute) * 60 + second - offset(zone)?;
        let micros = days * DAY + seconds * SECOND + fraction_micros(fraction)?;
        // A zone may lead out of the years that can be written.
        let years = self::days(1, 1, 1) * DAY..self::days(10_000, 1, 1) * DAY;
        years.contains(&micros).then_some(Self { micros })
    }

    /// The moment with the offset written out and a blank in the middle, as Python's `str` has it:
    /// `2026-11-22 08:59:30.404676+00:00`.
    pub fn python(self) -> String {
        self.to_string().replacen('T', " ", 1).replace('Z', "+00:00")
    }
}

/// As pydantic has it: `2026-11-22T08:59:30.404676Z`, without a fraction that is zero.
impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // 400 years have 146 097 days; moments before 1970 are shown five times as many later.
        let shifted = self.micros.div_euclid(DAY) + 5 * 146_097;
        let (year, month, day) = civil(u64::try_from(shifted).unwrap_or(0));
        let of_day = self.micros.rem_euclid(DAY);
        let (seconds, micros) = (of_day / SECOND, of_day % SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let year = year.saturating_sub(2000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

/// A number of just so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970 of a date, counted in years that begin in March.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (153 * month + 2) / 5 + day - 1 - EPOCH
}

/// Seconds that a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone == "Z" || zone == "z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone.get(1..)?.split(':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let (hours, minutes) = (number(hours, 2)?, number(minutes, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

fn fraction_micros(fraction: &str) -> Option<i64> {
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let six: String = fraction.chars().chain("000000".chars()).take(6).collect();
    six.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_shown() {
        for (text, shown) in [
            ("2026-11-22T08:59:30.404676Z", "2026-11-22T08:59:30.404676Z"),
            ("2026-11-22 08:59:30.404676+00:00", "2026-11-22T08:59:30.404676Z"),
            ("2024-02-29t23:59:59.5-00:30", "2024-03-01T00:29:59.500000Z"),
            ("2024-01-01T00:00+0100", "2023-12-31T23:00:00Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("0001-01-01T00:00:00z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.1234567Z", "9999-12-31T23:59:59.123456Z"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), shown, "{text}");
        }
        let moment = Moment::from_unix_micros(1_000_000);
        assert_eq!(moment.to_string(), "1970-01-01T00:00:01Z");
        assert_eq!(moment.python(), "1970-01-01 00:00:01+00:00");
        let now = Moment::now();
        assert_eq!(Moment::parse(&now.to_string()), Some(now));
    }

    #[test]
    fn every_day_of_eight_centuries_is_read_as_it_is_shown() {
        for day in -400 * 365..400 * 365 {
            let moment = Moment::from_unix_micros(day * DAY + 1);
            assert_eq!(Moment::parse(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "2026-11-22",
            "2026-11-22T08:59:30",
            "2026-02-29T08:59:30Z",
            "2026-13-01T08:59:30Z",
            "2026-1-01T08:59:30Z",
            "0000-01-01T00:00:00Z",
            "0001-01-01T00:59:59+01:00",
            "9999-12-31T23:59:59-00:01",
            "2026-11-22T24:59:30Z",
            "2026-11-22T08:59:30.Z",
            "2026-11-22T08:59:30Zz",
            "2026-11-22T08:59:30+1",
            "2026-11-22T08:59:30+24:00",
            "2026-11-22T08:59:30:00Z",
            "+026-11-22T08:59:30Z",
            "2026-11-22T08:5é:30Z",
        ] {
            assert_eq!(Moment::parse(text), None, "{text}");
        }
    }
}
