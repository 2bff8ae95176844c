//! Points and spans of time, both in nanoseconds.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::convert_error::ConvertError;

/// A point in time: nanoseconds since 1970 in UTC, from the year 1677 to 2262.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

/// A span of time in nanoseconds, which may be negative; at most 292 years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timespan(i64);

impl Timestamp {
    /// The point so many nanoseconds after the beginning of 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the beginning of 1970.
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl Timespan {
    /// A span of so many nanoseconds.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// The span in nanoseconds.
    pub const fn nanos(self) -> i64 {
        self.0
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = ConvertError;

    fn try_from(time: SystemTime) -> Result<Self, ConvertError> {
        let nanos = match time.duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_nanos()).ok(),
            Err(before) => negated(before.duration()),
        };
        nanos.map(Self).ok_or(ConvertError::Range)
    }
}

impl TryFrom<Timestamp> for SystemTime {
    type Error = ConvertError;

    fn try_from(Timestamp(nanos): Timestamp) -> Result<Self, ConvertError> {
        let distance = Duration::from_nanos(nanos.unsigned_abs());
        let time = if nanos < 0 {
            UNIX_EPOCH.checked_sub(distance)
        } else {
            UNIX_EPOCH.checked_add(distance)
        };
        time.ok_or(ConvertError::Range)
    }
}

impl TryFrom<Duration> for Timespan {
    type Error = ConvertError;

    fn try_from(duration: Duration) -> Result<Self, ConvertError> {
        i64::try_from(duration.as_nanos()).map(Self).map_err(|_| ConvertError::Range)
    }
}

impl TryFrom<Timespan> for Duration {
    type Error = ConvertError;

    /// A negative span is no duration.
    fn try_from(Timespan(nanos): Timespan) -> Result<Self, ConvertError> {
        u64::try_from(nanos).map(Self::from_nanos).map_err(|_| ConvertError::Range)
    }
}

/// The nanoseconds of a duration, negative.
fn negated(duration: Duration) -> Option<i64> {
    let nanos = i128::try_from(duration.as_nanos()).ok()?;
    i64::try_from(-nanos).ok()
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}

impl fmt::Display for Timespan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ns", self.0)
    }
}
