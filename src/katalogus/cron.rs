//! Whether a text is a schedule as `croniter`, which the original asks, takes it, and what it says
//! of the rest.
//!
//! Five columns (minute, hour, day of the month, month, day of the week), perhaps a sixth with
//! seconds and a seventh with years. What croniter takes only now and then (hashed and random
//! values) is not taken here.

use std::borrow::Cow;

/// What a column may hold.
struct Column {
    least: u32,
    most: u32,
    names: &'static [&'static str],
    /// Whether `L`, the last one, has a meaning.
    last: bool,
    /// Whether `?` and `#` have one.
    day: bool,
}

const MONTHS: &[&str] =
    &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

const COLUMNS: [Column; 7] = [
    Column { least: 0, most: 59, names: &[], last: false, day: false },
    Column { least: 0, most: 23, names: &[], last: false, day: false },
    Column { least: 1, most: 31, names: &[], last: true, day: true },
    Column { least: 1, most: 12, names: MONTHS, last: false, day: false },
    Column { least: 0, most: 7, names: WEEKDAYS, last: true, day: true },
    Column { least: 0, most: 59, names: &[], last: false, day: false },
    Column { least: 1970, most: 2099, names: &[], last: false, day: false },
];

/// Schedules that have names.
const NAMED: [&str; 7] =
    ["@annually", "@daily", "@hourly", "@midnight", "@monthly", "@weekly", "@yearly"];

/// Checks a schedule.
pub(crate) fn check(text: &str) -> Result<(), Cow<'static, str>> {
    let text = text.trim().to_lowercase();
    if NAMED.contains(&text.as_str()) {
        return Ok(());
    }
    let columns: Vec<&str> = text.split_whitespace().collect();
    if !(5..=7).contains(&columns.len()) {
        return Err("Exactly 5, 6 or 7 columns has to be specified for iterator expression.".into());
    }
    for (text, column) in columns.iter().zip(&COLUMNS) {
        for part in text.split(',') {
            match column.takes(part) {
                Taken::Yes => {}
                Taken::OutOfRange => {
                    return Err(
                        format!("[{}] is not acceptable, out of range", columns.join(" ")).into()
                    );
                }
                Taken::No => {
                    return Err(format!("[{}] is not acceptable", columns.join(" ")).into());
                }
            }
        }
    }
    Ok(())
}

/// What is thought of a part of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Yes,
    OutOfRange,
    No,
}

impl Column {
    /// One of the parts between commas: `*`, `5`, `1-5`, each perhaps with `/2` behind it.
    fn takes(&self, part: &str) -> Taken {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step)),
            None => (part, None),
        };
        if step.is_some_and(|step| !matches!(step.parse::<u32>(), Ok(1..))) {
            return Taken::No;
        }
        if range == "*" || self.day && range == "?" {
            return Taken::Yes;
        }
        if self.last && step.is_none() && range == "l" {
            return Taken::Yes;
        }
        if self.day && step.is_none() {
            // The second Friday, or the last one.
            let ordinal = match range.split_once('#') {
                Some((day, "1" | "2" | "3" | "4" | "5")) => Some(day),
                _ => range.strip_prefix('l'),
            };
            if let Some(day) = ordinal {
                return if self.names.is_empty() { Taken::No } else { self.value(day).1 };
            }
        }
        let Some((first, last)) = range.split_once('-') else { return self.value(range).1 };
        let ((from, first), (to, last)) = (self.value(first), self.value(last));
        match (first, last) {
            (Taken::Yes, Taken::Yes) if from <= to || !self.names.is_empty() => Taken::Yes,
            (Taken::No, _) | (_, Taken::No) => Taken::No,
            _ => Taken::OutOfRange,
        }
    }

    /// A number or name, and whether it is one that the column has.
    fn value(&self, text: &str) -> (u32, Taken) {
        let named = self.names.iter().position(|name| *name == text);
        if let Some(place) = named.and_then(|place| u32::try_from(place).ok()) {
            return (place.saturating_add(self.least), Taken::Yes);
        }
        match text.parse() {
            Ok(number) if (self.least..=self.most).contains(&number) => (number, Taken::Yes),
            Ok(number) => (number, Taken::OutOfRange),
            Err(_) => (0, Taken::No),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_taken() {
        for text in [
            "* * * * *",
            "*/5 * * * *",
            "0 0 1 jan sun",
            "1,2-4,*/10 0-23/2 L * 1-5",
            "0 0 ? * fri#2",
            "0 0 * * L5",
            "0 22 * * fri-mon",
            "0 0 * * * 30",
            "0 0 * * * 30 2030-2040",
            "  0 0 * * *  ",
            "@Daily",
        ] {
            assert_eq!(check(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_said_so() {
        let columns = "Exactly 5, 6 or 7 columns has to be specified for iterator expression.";
        for text in ["", "zzz", "* * * *", "* * * * * * * *", "@never"] {
            assert_eq!(check(text).unwrap_err(), columns, "{text}");
        }
        for text in
            ["60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8", "5-1 * * * *"]
        {
            assert!(check(text).unwrap_err().ends_with("out of range"), "{text}");
        }
        for text in
            ["a * * * *", "*/0 * * * *", "*/x * * * *", "1- * * * *", ", * * * *", "* * 2#3 * *"]
        {
            assert!(check(text).unwrap_err().ends_with("is not acceptable"), "{text}");
        }
    }
}
