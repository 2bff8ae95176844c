//! Days as years, months and days of the Gregorian calendar.
//!
//! Years are counted from March, so that the leap day is a year's last; 400 such years, an era,
//! have always the same number of days.

/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;
/// Days from the first of March of the year 0 to the first of January of 1970.
const EPOCH: i64 = 719_468;
/// What precedes each month in a year from March on.
const DAYS_BEFORE: [i64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

/// Days from the beginning of 1970 to a date; none if no such day exists.
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || day < 1 || day > month_days(year, month) {
        return None;
    }
    let shifted = year - i64::from(month < 3);
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let before = DAYS_BEFORE.get(usize::try_from((month + 9) % 12).ok()?)?;
    let leaps = of_era / 4 - of_era / 100;
    Some(era * ERA_DAYS + of_era * 365 + leaps + before + day - 1 - EPOCH)
}

/// The date, as year, month and day, so many days after the beginning of 1970.
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, of_era) = (days.div_euclid(ERA_DAYS), days.rem_euclid(ERA_DAYS));
    // Without the leap days before it, each year would have 365 days: 1460 is the first leap day,
    // 36 524 the day that a century lacks, and the era's last day its own.
    let plain = of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA_DAYS - 1);
    let year = plain / 365;
    let of_year = of_era - (year * 365 + year / 4 - year / 100);
    let month = DAYS_BEFORE.iter().rposition(|&before| before <= of_year).unwrap_or(0);
    let day = of_year - DAYS_BEFORE.get(month).copied().unwrap_or(0) + 1;
    let month = i64::try_from((month + 2) % 12 + 1).unwrap_or(1);
    (era * 400 + year + i64::from(month < 3), month, day)
}

/// How many days a month has.
fn month_days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_of_a_thousand_years_is_the_one_after_the_day_before() {
        let first = days(1600, 1, 1).unwrap();
        let mut before = date(first);
        assert_eq!(before, (1600, 1, 1));
        for day in first + 1..days(2600, 12, 31).unwrap() {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
            let next_day = (before.0, before.1, before.2 + 1);
            let next_month = (before.0, before.1 + 1, 1);
            let next_year = (before.0 + 1, 1, 1);
            let expected = if days(next_day.0, next_day.1, next_day.2).is_some() {
                next_day
            } else if before.1 < 12 {
                next_month
            } else {
                next_year
            };
            assert_eq!((year, month, of_month), expected);
            before = expected;
        }
    }

    #[test]
    fn known_days_and_days_that_do_not_exist() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 2, 29), Some(11_016));
        assert_eq!(days(1900, 3, 1), Some(-25_508));
        for (year, month, day) in [(2022, 2, 30), (2022, 13, 1), (2022, 0, 1), (1900, 2, 29)] {
            assert_eq!(days(year, month, day), None);
        }
    }
}
