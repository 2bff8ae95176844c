//! What `broker-throughput` sends, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};

use broker_data::{Data, EnumValue, Port, Timespan, Timestamp};
use ostler_runtime::Moment;

/// Where events go.
pub(crate) const EVENTS: &str = "/benchmark/events";
/// Where the server tells how many have come.
pub(crate) const STATS: &str = "/benchmark/stats";
/// Whoever publishes here ends the server.
pub(crate) const TERMINATE: &str = "/benchmark/terminate";

/// What words are made of.
const LETTERS: &[u8; 36] = b"0123456789abcdefghijklmnopqrstuvwxyz";

/// What an event holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventType {
    /// A count and a string.
    #[default]
    Vector,
    /// An entry of Zeek's conn.log: a record of 21 fields.
    Connection,
    /// A table of 100 strings, each with a set of ten others.
    Table,
}

impl EventType {
    /// The type with this number.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "1" => Ok(Self::Vector),
            "2" => Ok(Self::Connection),
            "3" => Ok(Self::Table),
            _ => Err("is none of 1, 2 and 3".to_owned()),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Vector => "event_1",
            Self::Connection => "event_2",
            Self::Table => "event_3",
        }
    }

    /// An event of this type: the `number`-th, so that no two are the same.
    pub(crate) fn event(self, number: u64) -> Data {
        let arguments = match self {
            Self::Vector => vec![Data::Count(number), text("test")],
            Self::Connection => vec![now(), Data::Vector(connection(number))],
            Self::Table => vec![now(), Data::Table(table(number))],
        };
        event(self.name(), arguments)
    }
}

/// An event of Zeek's.
pub(crate) fn event(name: &str, arguments: Vec<Data>) -> Data {
    let content = Data::Vector(vec![text(name), Data::Vector(arguments)]);
    Data::Vector(vec![Data::Count(1), Data::Count(1), content])
}

fn now() -> Data {
    let nanos = Moment::now().unix_micros().saturating_mul(1_000);
    Data::Timestamp(Timestamp::from_nanos(nanos))
}

fn text(text: &str) -> Data {
    Data::String(text.as_bytes().to_vec())
}

/// The fields of one connection, in the order of the log.
fn connection(number: u64) -> Vec<Data> {
    let host = |last| Data::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)));
    let port = |number| Data::Port(Port::tcp(number));
    let ephemeral = u16::try_from(number % 28_000).unwrap_or(0).saturating_add(32_768);
    vec![
        now(),
        text("CHhAvVGS1DHFjwGM9"),
        Data::Vector(vec![host(7), port(ephemeral), host(53), port(443)]),
        Data::Enum(EnumValue::new("tcp")),
        text("ssl"),
        Data::Timespan(Timespan::from_nanos(1_234_567_890)),
        Data::Count(1_517),
        Data::Count(30_412),
        text("SF"),
        Data::Boolean(true),
        Data::Boolean(false),
        Data::Count(0),
        text("ShADadFf"),
        Data::Count(17),
        Data::Count(2_413),
        Data::Count(26),
        Data::Count(31_780),
        Data::Vector(Vec::new()),
        text("de"),
        Data::None,
        Data::Count(number),
    ]
}

/// Keys of fifteen letters and digits, each with ten words of five.
fn table(number: u64) -> BTreeMap<Data, Data> {
    let mut words = Words(number);
    let mut table = BTreeMap::new();
    while table.len() < 100 {
        let key = words.next(15);
        let mut set = BTreeSet::new();
        while set.len() < 10 {
            set.insert(words.next(5));
        }
        table.insert(key, Data::Set(set));
    }
    table
}

/// Words that look like none that came before, the same from each number on.
struct Words(u64);

impl Words {
    fn next(&mut self, letters: usize) -> Data {
        let word: Vec<u8> = (0..letters).filter_map(|_| self.letter()).collect();
        Data::String(word)
    }

    fn letter(&mut self) -> Option<u8> {
        // The linear congruential generator of MMIX; its upper bits are the better ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = usize::try_from(self.0 >> 33).ok()?.checked_rem(LETTERS.len())?;
        LETTERS.get(place).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_100_keys_with_ten_words_each_and_no_other_has_them() {
        let tables: Vec<_> = (0..50).map(table).collect();
        for table in &tables {
            assert_eq!(table.len(), 100);
            for (key, set) in table {
                let (Data::String(key), Data::Set(set)) = (key, set) else {
                    panic!("{key}: {set}")
                };
                assert_eq!((key.len(), set.len()), (15, 10));
                assert!(
                    set.iter().all(|word| matches!(word, Data::String(word) if word.len() == 5))
                );
            }
        }
        assert!(tables.windows(2).all(|pair| pair[0].keys().ne(pair[1].keys())));
    }
}
