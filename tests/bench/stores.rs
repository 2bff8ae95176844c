//! `bench --stores`: how fast are the broker's stores? What was measured of the original once stands
//! beside (see `README.md`).

use std::collections::BTreeMap;
use std::fmt::Display;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use broker::data::{Data, EnumValue};
use broker::{
    BackendKind, BackendOptions, CloneOptions, Endpoint, EndpointOptions, Store, StoreError,
    Subject, Topic,
};
use ostler_net::Address;
use ostler_runtime::{Deadline, now};
use ostler_tests::process::memory;
use tempfile::TempDir;

use crate::broker_trips;
use crate::failure::{Context, Failure};
use crate::interrupt;
use crate::options::Options;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Keys that a store in memory has.
const KEYS: u64 = 100_000;
/// How many clones a master has, one row each.
const CLONES: [usize; 3] = [1, 4, 8];

/// Everything that was measured.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Operations a second of each round, by what was done.
    pub(crate) rates: BTreeMap<&'static str, Vec<f64>>,
    /// From a clone's put until it has heard of it itself, and a bare echo, in nanoseconds.
    pub(crate) visible: Vec<u64>,
    pub(crate) echo: Vec<u64>,
    /// Memory for an entry of a store in memory, in bytes.
    pub(crate) entry_bytes: u64,
}

/// What one round works with.
struct Round<'a> {
    figures: &'a mut Figures,
    directory: &'a Path,
    count: u64,
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
        let echo = broker_trips::bare(if options.smoke { 200 } else { 10_000 })?;
        figures.echo.extend(echo);
    }
    figures.echo.sort_unstable();
    figures.visible.sort_unstable();
    Ok(figures)
}

impl Round<'_> {
    /// Times `count` operations.
    fn rate(
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
        self.figures.rates.entry(what).or_default().push(rate);
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

    fn clones(&mut self) -> Result<(), Failure> {
        let endpoint = endpoint()?;
        let at = Address::parse("127.0.0.1", 0).map_err(failed("an address"))?;
        let ports = endpoint.listen(&at).map_err(failed("cannot listen"))?;
        let port = ports.first().copied().unwrap_or_default();
        let store = master(&endpoint, "clones", BackendKind::Memory, &BackendOptions::default())?;
        let mut clones = Vec::new();
        for (clone_count, what) in CLONES.into_iter().zip([
            "1 clone: the master's puts, until all have them",
            "4 clones: the master's puts, until all have them",
            "8 clones: the master's puts, until all have them",
        ]) {
            while clones.len() < clone_count {
                clones.push(clone_of(port)?);
            }
            if clone_count == 1
                && let Some((node, clone)) = clones.first()
            {
                self.one_clone(node, clone)?;
            }
            let count = self.count;
            self.rate(what, count, || {
                each(count, |at| store.put(at % KEYS, at, None))?;
                idle(&store)
            })?;
        }
        Ok(())
    }

    fn one_clone(&mut self, node: &Endpoint, clone: &Store) -> Result<(), Failure> {
        let topic = Topic::new("<$>/local/data/store-events/clones").map_err(failed("a topic"))?;
        let (told, heard) = mpsc::channel();
        let tap = node.tap([topic], move |_| {
            // Who has stopped listening does not miss it.
            let _ = told.send(now());
        });
        for at in 0..(self.count / 50).max(100) {
            let begun = now();
            clone.put("k", at, None).map_err(failed("a clone's put"))?;
            let seen = heard.recv_timeout(PATIENCE).map_err(failed("a clone's put"))?;
            let took = seen.saturating_duration_since(begun).as_nanos();
            self.figures.visible.push(u64::try_from(took).unwrap_or(u64::MAX));
        }
        drop(tap);
        let few = (self.count / 50).max(100);
        self.rate("a clone: put_unique", few, || {
            each(few, |at| clone.put_unique(at, at, None).map(|_| ()))
        })?;
        let count = self.count;
        self.rate("a clone: get", count, || {
            each(count, |at| clone.get(&Data::Count(at % few)).map(|_| ()))
        })?;
        self.rate("a clone: puts, until the master has them", count, || {
            each(count, |at| clone.put(at % KEYS, at, None))?;
            idle(clone)
        })
    }
}

/// What was done when it failed.
fn failed<E: Display>(what: &str) -> impl FnOnce(E) -> Failure + '_ {
    move |error| Failure::Program(format!("{what}: {error}"))
}

fn each(count: u64, mut work: impl FnMut(u64) -> Result<(), StoreError>) -> Result<(), StoreError> {
    (0..count).try_for_each(&mut work)
}

/// What was waited for has not come.
fn late() -> StoreError {
    StoreError::Timeout(Subject::default())
}

fn idle(store: &Store) -> Result<(), StoreError> {
    if store.await_idle(Deadline::after(PATIENCE)) { Ok(()) } else { Err(late()) }
}

fn endpoint() -> Result<Endpoint, Failure> {
    Endpoint::new(EndpointOptions::default()).context(|| "cannot start an endpoint".to_owned())
}

fn master(
    endpoint: &Endpoint,
    name: &str,
    kind: BackendKind,
    options: &BackendOptions,
) -> Result<Store, Failure> {
    endpoint.attach_master(name, kind, options).map_err(failed(name))
}

/// A clone on an endpoint of its own, which has its first snapshot.
fn clone_of(port: u16) -> Result<(Endpoint, Store), Failure> {
    let node = endpoint()?;
    node.peer("127.0.0.1", port, None, Deadline::after(PATIENCE)).map_err(failed("cannot peer"))?;
    let clone =
        node.attach_clone("clones", CloneOptions::default()).map_err(failed("store clones"))?;
    idle(&clone).map_err(failed("store clones"))?;
    Ok((node, clone))
}
