//! Storage of a store's master in every way there is, and changes for it that a seed gives.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use broker_data::{Data, EnumValue, Port, Protocol, Subnet, Timespan, Timestamp};
use broker_store::{Backend, BackendError, BackendKind, BackendOptions, Change, Entry, open};

use crate::random::Random;

/// A kind of storage with options.
#[derive(Clone, Copy, Debug)]
pub struct Way {
    /// The kind.
    pub kind: BackendKind,
    /// Options, as in `synchronous=FULL`.
    pub options: &'static [&'static str],
}

/// Every way to keep what outlasts the process.
pub const KEEPING: &[Way] = &[
    Way { kind: BackendKind::Sqlite, options: &[] },
    Way { kind: BackendKind::Sqlite, options: &["synchronous=NORMAL", "journal_mode=WAL"] },
    Way { kind: BackendKind::Fjall, options: &[] },
    Way { kind: BackendKind::Fjall, options: &["synchronous=OFF"] },
    #[cfg(feature = "rocksdb")]
    Way { kind: BackendKind::RocksDb, options: &[] },
    #[cfg(feature = "rocksdb")]
    Way { kind: BackendKind::RocksDb, options: &["synchronous=OFF"] },
];

impl Way {
    /// Every way there is.
    pub fn all() -> impl Iterator<Item = Self> {
        let memory = Self { kind: BackendKind::Memory, options: &[] };
        std::iter::once(memory).chain(KEEPING.iter().copied())
    }

    /// Opens what is at `path`.
    pub fn open(self, path: &Path) -> Result<Box<dyn Backend>, BackendError> {
        let mut options = options(self.options);
        if self.kind != BackendKind::Memory {
            options.insert("path".into(), path.to_str().unwrap().into());
        }
        open(self.kind, &options)
    }
}

/// `synchronous=FULL` and the like, as the original has them.
pub fn options(named: &[&str]) -> BackendOptions {
    let option = |named: &&str| {
        let (name, value) = named.split_once('=').unwrap();
        let label = format!("Broker::SQLITE_{}_{value}", name.to_uppercase());
        (name.to_owned(), Data::Enum(EnumValue::new(label)))
    };
    named.iter().map(option).collect()
}

/// What there should be.
pub type Model = BTreeMap<Data, Entry>;

/// Makes changes in a model.
pub fn play(model: &mut Model, changes: &[Change]) {
    for change in changes {
        match change.clone() {
            Change::Put { key, entry } => drop(model.insert(key, entry)),
            Change::Erase { key } => drop(model.remove(&key)),
            Change::Clear => model.clear(),
        }
    }
}

/// What there is.
pub fn kept(backend: &dyn Backend) -> Model {
    let entries = backend.entries().unwrap();
    let count = entries.len();
    let model: Model = entries.into_iter().collect();
    assert_eq!(model.len(), count, "a key is there twice");
    model
}

/// A change that stores a value.
pub fn put(key: impl Into<Data>, value: impl Into<Data>) -> Change {
    Change::Put { key: key.into(), entry: Entry { value: value.into(), expiry: None } }
}

/// The `number`th value of some type; all fifteen are among fifteen in a row.
pub fn value(number: u64) -> Data {
    let signed = i64::try_from(number).unwrap();
    let address = || IpAddr::from(Ipv4Addr::from_bits(u32::try_from(number).unwrap()));
    let vector = || vec![Data::Count(number), Data::None];
    match number % 15 {
        0 => Data::None,
        1 => Data::Boolean(number % 2 == 0),
        2 => Data::Count(number),
        3 => Data::Integer(-signed),
        4 => Data::Real(f64::from_bits(number << 40)),
        5 => Data::from(format!("text {number}")),
        6 => Data::Address(address()),
        7 => Data::Subnet(Subnet::new(address(), 32).unwrap()),
        8 => Data::Port(Port::new(u16::try_from(number).unwrap(), Protocol::Tcp)),
        9 => Data::Timestamp(Timestamp::from_nanos(signed)),
        10 => Data::Timespan(Timespan::from_nanos(-signed)),
        11 => Data::Enum(EnumValue::new(format!("Log::{number}"))),
        12 => Data::Set(vector().into_iter().collect()),
        13 => Data::Table([(Data::Count(number), Data::None)].into()),
        _ => Data::Vector(vector()),
    }
}

/// The key that holds the number of the last batch.
pub const LAST: &str = "number of the last batch";

/// The `number`th batch of a seed, with values of up to so many bytes. Its number is among what it
/// stores.
pub fn batch(seed: u64, number: u64, max_bytes: usize) -> Vec<Change> {
    let mut random = Random::new(seed ^ (number << 32));
    let mut changes: Vec<Change> = (0..random.below(60))
        .map(|_| {
            let key = value(random.number() % 300);
            if random.one_in(300) {
                return Change::Clear;
            }
            if random.one_in(5) {
                return Change::Erase { key };
            }
            let length = random.below(max_bytes);
            let expiry = i64::try_from(random.number() >> 1).unwrap();
            let expiry = random.one_in(4).then(|| Timestamp::from_nanos(expiry));
            // Eight bytes at a time, since that is most of what a test has to do.
            let words = (0..=length / 8).flat_map(|_| random.number().to_le_bytes());
            let value = Data::String(words.take(length).collect());
            Change::Put { key, entry: Entry { value, expiry } }
        })
        .collect();
    changes.push(put(LAST, number));
    changes
}
