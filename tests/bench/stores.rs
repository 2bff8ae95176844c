//! `bench --stores`: how fast are the broker's stores? What was measured of the original once stands
//! beside (see `README.md`).

use std::fmt::Display;
use std::path::Path;
use std::time::Duration;

use broker::data::{Data, EnumValue};
use broker::{BackendKind, BackendOptions, Endpoint, EndpointOptions, Store, StoreError, Subject};
use ostler_runtime::{Deadline, now};
use ostler_tests::process::memory;
use tempfile::TempDir;

use crate::broker_trips;
use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::options::Options;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
/// Keys that a store in memory has.
pub(crate) const KEYS: u64 = 100_000;
/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// What was done, in the order in which it was, and its operations a second in each round.
    pub(crate) rates: Vec<(&'static str, Vec<f64>)>,
    /// From a clone's put until it has heard of it itself, and a bare echo, in nanoseconds.
    pub(crate) visible: Vec<u64>,
    pub(crate) echo: Vec<u64>,
    /// Memory for an entry of a store in memory, in bytes.
    pub(crate) entry_bytes: u64,
    /// Of the last round.
    pub(crate) snapshot: Option<Snapshot>,
}

/// What a large snapshot cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Snapshot {
    /// The bytes of its values.
    pub(crate) bytes: u64,
    /// How long a new clone waited for it.
    pub(crate) seconds: f64,
    /// What both sides took of memory beyond what the master had, at the worst moment, in bytes.
    pub(crate) memory: u64,
}

/// What one round works with.
pub(crate) struct Round<'a> {
    pub(crate) figures: &'a mut Figures,
    directory: &'a Path,
    pub(crate) count: u64,
}

/// Runs everything.
pub(crate) fn all(options: &Options) -> Result<Figures, Failure> {
    let directory = TempDir::with_prefix("bench-stores-")
        .context(|| "cannot make a temporary directory".to_owned())?;
    let mut figures = Figures::default();
    let rounds = if options.smoke { 1 } else { options.rounds };
    for number in 0..rounds {
        eprintln!("bench: stores, round {}", number + 1);
        let folder = directory.path().join(number.to_string());
        let count = if options.smoke { 1000 } else { 300_000 };
        let mut round = Round { figures: &mut figures, directory: &folder, count };
        round.memory()?;
        for (name, synchronous, journal) in [
            ("SQLite FULL, DELETE", "FULL", "DELETE"),
            ("SQLite FULL, WAL", "FULL", "WAL"),
            ("SQLite NORMAL, WAL", "NORMAL", "WAL"),
        ] {
            round.sqlite(name, synchronous, journal)?;
        }
        round.fjall()?;
        round.clones()?;
        round.snapshot()?;
        let echo = broker_trips::bare(if options.smoke { 200 } else { 10_000 })?;
        figures.echo.extend(echo);
    }
    figures.echo.sort_unstable();
    figures.visible.sort_unstable();
    Ok(figures)
}

impl Round<'_> {
    /// Times `count` operations.
    pub(crate) fn rate(
        &mut self,
        what: &'static str,
        count: u64,
        work: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), Failure> {
        interrupt::check()?;
        let begun = now();
        work().map_err(failed(what))?;
        let took = now().saturating_duration_since(begun);
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let rate = count as f64 / took.as_secs_f64().max(f64::EPSILON);
        let rates = &mut self.figures.rates;
        match rates.iter_mut().find(|(row, _)| *row == what) {
            Some((_, rates)) => rates.push(rate),
            None => rates.push((what, vec![rate])),
        }
        Ok(())
    }

    fn memory(&mut self) -> Result<(), Failure> {
        let endpoint = endpoint()?;
        let store = master(&endpoint, "memory", BackendKind::Memory, &BackendOptions::default())?;
        let before = memory(std::process::id(), "VmRSS");
        each(KEYS.min(self.count), |at| store.put(at, at, None)).map_err(failed("memory"))?;
        let after = memory(std::process::id(), "VmRSS");
        let grown = after.saturating_sub(before);
        self.figures.entry_bytes = self.figures.entry_bytes.max(grown / KEYS.min(self.count));
        let count = self.count * 3;
        self.rate("memory: put", count, || each(count, |at| store.put(at % KEYS, at, None)))?;
        self.rate("memory: increment", count, || {
            each(count, |at| store.increment(at % KEYS, 1_u64, None))
        })?;
        self.rate("memory: get", count, || {
            each(count, |at| match store.get(&Data::Count(at % KEYS)) {
                Ok(_) | Err(StoreError::NoSuchKey(_)) => Ok(()),
                Err(error) => Err(error),
            })
        })?;
        self.rate("memory: put_unique", count, || {
            each(count, |at| store.put_unique(at % (2 * KEYS), at, None).map(|_| ()))
        })?;
        let proxy = store.proxy();
        self.rate("memory: get by a proxy", count, || {
            let mut open = 0;
            for at in 0..count {
                proxy.get(at % KEYS)?;
                open += 1;
                if open == 1000 {
                    while open > 0 {
                        let came = proxy.receive_many(open, Deadline::after(PATIENCE)).len();
                        open = open.checked_sub(came).filter(|_| came > 0).ok_or_else(late)?;
                    }
                }
            }
            Ok(())
        })
    }

    fn sqlite(
        &mut self,
        name: &'static str,
        synchronous: &str,
        journal: &str,
    ) -> Result<(), Failure> {
        let label = |value: String| Data::Enum(EnumValue::new(value.as_bytes()));
        let path = self.directory.join(format!("{synchronous}-{journal}.sqlite"));
        let options = BackendOptions::from([
            ("path".to_owned(), Data::from(path.display().to_string())),
            ("synchronous".to_owned(), label(format!("Broker::SQLITE_SYNCHRONOUS_{synchronous}"))),
            ("journal_mode".to_owned(), label(format!("Broker::SQLITE_JOURNAL_MODE_{journal}"))),
        ]);
        let endpoint = endpoint()?;
        let store = master(&endpoint, name, BackendKind::Sqlite, &options)?;
        let [put, unique, get] = match name {
            "SQLite FULL, DELETE" => [
                "SQLite FULL, DELETE: put",
                "SQLite FULL, DELETE: put_unique",
                "SQLite FULL, DELETE: get",
            ],
            "SQLite FULL, WAL" => {
                ["SQLite FULL, WAL: put", "SQLite FULL, WAL: put_unique", "SQLite FULL, WAL: get"]
            }
            _ => [
                "SQLite NORMAL, WAL: put",
                "SQLite NORMAL, WAL: put_unique",
                "SQLite NORMAL, WAL: get",
            ],
        };
        let count = self.count;
        self.kept(put, get, &store, count)?;
        let few = (count / 300).max(10);
        self.rate(unique, few, || {
            each(few, |at| store.put_unique(count + at, at, None).map(|_| ()))
        })
    }

    fn fjall(&mut self) -> Result<(), Failure> {
        let path = self.directory.join("fjall").display().to_string();
        let options = BackendOptions::from([("path".to_owned(), Data::from(path))]);
        let endpoint = endpoint()?;
        let store = master(&endpoint, "fjall", BackendKind::Fjall, &options)?;
        self.kept("fjall: put", "fjall: get", &store, self.count)
    }

    /// Puts until the storage has all for good, and gets.
    fn kept(
        &mut self,
        put: &'static str,
        get: &'static str,
        store: &Store,
        count: u64,
    ) -> Result<(), Failure> {
        self.rate(put, count, || {
            each(count, |at| store.put(at, at, None))?;
            store.flush(Deadline::after(PATIENCE))
        })?;
        self.rate(get, count, || each(count, |at| store.get(&Data::Count(at)).map(|_| ())))
    }
}

/// What was done when it failed.
pub(crate) fn failed<E: Display>(what: &str) -> impl FnOnce(E) -> Failure + '_ {
    move |error| Failure::Program(format!("{what}: {error}"))
}

pub(crate) fn each(
    count: u64,
    mut work: impl FnMut(u64) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    (0..count).try_for_each(&mut work)
}

/// What was waited for has not come.
fn late() -> StoreError {
    StoreError::Timeout(Subject::default())
}

pub(crate) fn idle(store: &Store) -> Result<(), StoreError> {
    if store.await_idle(Deadline::after(PATIENCE)) { Ok(()) } else { Err(late()) }
}

pub(crate) fn endpoint() -> Result<Endpoint, Failure> {
    Endpoint::new(EndpointOptions::default()).context(|| "cannot start an endpoint".to_owned())
}

pub(crate) fn master(
    endpoint: &Endpoint,
    name: &str,
    kind: BackendKind,
    options: &BackendOptions,
) -> Result<Store, Failure> {
    endpoint.attach_master(name, kind, options).map_err(failed(name))
}
