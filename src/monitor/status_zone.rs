//! The time zone of this machine, from its compiled file (RFC 9636), so that dates look as
//! burp's own monitor shows them. Without a file that can be read it is UTC.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::arithmetic_side_effects))]

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

const LOCAL: &str = "/etc/localtime";
const ZONES: &str = "/usr/share/zoneinfo";
/// The longest file that is read, in bytes; the real ones have a few thousand.
const MAX_FILE: u64 = 256 * 1024;
/// The counts at the beginning: magic, version, fifteen unused bytes, six numbers.
const HEADER: usize = 44;

/// The changes of a zone's distance from UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Zone {
    /// Before the first change, in seconds east of UTC.
    first: i64,
    /// From this moment on this many seconds east of UTC, in the order of time.
    changes: Vec<(i64, i64)>,
}

impl Zone {
    /// No zone at all.
    #[cfg(test)]
    pub(crate) const UTC: Self = Self { first: 0, changes: Vec::new() };

    /// What `TZ` names, or the machine's own zone.
    pub(crate) fn local(tz: Option<&str>) -> Self {
        let path = match tz.map(|name| name.trim_start_matches(':')) {
            None => PathBuf::from(LOCAL),
            // An absolute name stands for itself.
            Some(name) => Path::new(ZONES).join(if name.is_empty() { "UTC" } else { name }),
        };
        let mut bytes = Vec::new();
        let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_end(&mut bytes));
        read.ok().and_then(|_| Self::parse(&bytes)).unwrap_or_default()
    }

    /// Seconds east of UTC at this moment.
    pub(crate) fn east(&self, timestamp: u64) -> i64 {
        let moment = i64::try_from(timestamp).unwrap_or(i64::MAX);
        let before = self.changes.partition_point(|(at, _)| *at <= moment);
        let last = before.checked_sub(1).and_then(|index| self.changes.get(index));
        last.map_or(self.first, |(_, east)| *east)
    }

    /// Reads the file's part with 64-bit times. Its closing rule for the far future is not read:
    /// compiled files list the changes up to 2037.
    fn parse(bytes: &[u8]) -> Option<Self> {
        let first = Counts::parse(bytes)?;
        let rest = bytes.get(first.size(4)?..)?;
        let counts = Counts::parse(rest)?;
        let (times, rest) = rest.get(HEADER..)?.split_at_checked(counts.times.checked_mul(8)?)?;
        let (kinds, rest) = rest.split_at_checked(counts.times)?;
        let kind = |index: usize| {
            let east = rest.get(index.checked_mul(6)?..)?.first_chunk()?;
            (index < counts.kinds).then(|| i64::from(i32::from_be_bytes(*east)))
        };
        let changes = times.chunks_exact(8).zip(kinds).map(|(time, index)| {
            let at = i64::from_be_bytes(time.try_into().ok()?);
            Some((at, kind(usize::from(*index))?))
        });
        let changes = changes.collect::<Option<Vec<_>>>()?;
        changes.is_sorted().then_some(Self { first: kind(0)?, changes })
    }
}

/// How many of each thing follow a header.
struct Counts {
    flags: usize,
    leaps: usize,
    times: usize,
    kinds: usize,
    letters: usize,
}

impl Counts {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let header = bytes.get(..HEADER).filter(|header| header.starts_with(b"TZif"))?;
        // Version 1 has no part with 64-bit times.
        header.get(4).filter(|version| **version >= b'2')?;
        let count = |index: usize| {
            let number = header.get(index.checked_mul(4)?.checked_add(20)?..)?.first_chunk()?;
            usize::try_from(u32::from_be_bytes(*number)).ok()
        };
        let flags = count(0)?.checked_add(count(1)?)?;
        let (leaps, times, kinds) = (count(2)?, count(3)?, count(4)?);
        Some(Self { flags, leaps, times, kinds, letters: count(5)? })
    }

    /// The size of header and data, with times of `width` bytes.
    fn size(&self, width: usize) -> Option<usize> {
        let times = self.times.checked_mul(width.checked_add(1)?)?;
        let leaps = self.leaps.checked_mul(width.checked_add(4)?)?;
        let kinds = self.kinds.checked_mul(6)?;
        [times, leaps, kinds, self.letters, self.flags]
            .iter()
            .try_fold(HEADER, |sum: usize, part| sum.checked_add(*part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with these changes, the first kind being `first`.
    fn file(first: i32, changes: &[(i64, i32)]) -> Vec<u8> {
        let count = u8::try_from(changes.len()).unwrap();
        let header = |times: u8, kinds: u8| {
            let mut bytes = b"TZif2".to_vec();
            bytes.extend([0; 15]);
            for count in [0, 0, 0, times, kinds, 4] {
                bytes.extend(u32::from(count).to_be_bytes());
            }
            bytes
        };
        let mut bytes = header(0, 1);
        bytes.extend(*b"\0\0\0\0\0\0UTC\0");
        bytes.extend(header(count, count + 1));
        bytes.extend(changes.iter().flat_map(|(at, _)| at.to_be_bytes()));
        bytes.extend(1..=count);
        for east in std::iter::once(first).chain(changes.iter().map(|(_, east)| *east)) {
            bytes.extend(east.to_be_bytes());
            bytes.extend([0, 0]);
        }
        bytes.extend(*b"XYZ\0\n<+01>-1\n");
        bytes
    }

    #[test]
    fn the_last_change_before_a_moment_counts() {
        let zone = Zone::parse(&file(-60, &[(1000, 3600), (2000, 7200)])).unwrap();
        let east = [0, 999, 1000, 1999, 2000, u64::MAX].map(|moment| zone.east(moment));
        assert_eq!(east, [-60, -60, 3600, 3600, 7200, 7200]);
        assert_eq!(Zone::parse(&file(0, &[])).unwrap(), Zone::UTC);
    }

    #[test]
    fn a_broken_file_is_refused() {
        let whole = file(0, &[(1000, 3600), (2000, 7200)]);
        // Only the last line, which is not read, may be missing.
        let needed = whole.len() - b"XYZ\0\n<+01>-1\n".len() - 2;
        for end in 0..needed {
            assert_eq!(Zone::parse(&whole[..end]), None, "{end}");
        }
        assert_eq!(Zone::parse(&file(0, &[(2000, 1), (1000, 2)])), None);
        assert_eq!(Zone::local(Some("No/Such")), Zone::UTC);
        for byte in 0..whole.len() {
            let mut broken = whole.clone();
            broken[byte] = 0xff;
            // Whatever it says, reading it does no harm.
            let _ = Zone::parse(&broken).map(|zone| zone.east(1500));
        }
    }
}
