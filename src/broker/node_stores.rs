//! The stores that a node takes part in: the original's lists of names, and a section for each store
//! that is to be kept somewhere, or whose clone is to live otherwise than by default.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::time::Duration;

use broker_data::{Data, EnumValue};
use broker_store::{BackendKind, BackendOptions, CloneOptions, StoreError};
use ostler_runtime::Exit;

use crate::node_keys::Keys;
use crate::{Endpoint, Store, StoreLimits, Topic, node_places};

/// What the section of a store is called, before the store's name.
pub(crate) const SECTION: &str = "store:";
/// Stands for any name where keys are listed.
const ANY: &str = "NAME";
/// The greatest number of ticks, or of signs of life, that may be set.
const MAX_COUNT: u16 = u16::MAX;

/// What SQLite and the others are told by words, and the words. The first one is the default, but for
/// the journal, which is left as it is in the file.
const SYNCHRONOUS: (&str, &[&str]) = ("synchronous", &["full", "normal", "off", "extra"]);
const JOURNAL_MODE: (&str, &[&str]) = ("journal_mode", &["delete", "wal"]);
const FAILURE_MODE: (&str, &[&str]) = ("failure_mode", &["fail", "delete"]);
const INTEGRITY_CHECK: &str = "integrity_check";

/// What a node is to a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreRole {
    /// It keeps the entries.
    Master(Storage),
    /// It has a copy of them.
    Clone(CloneOptions),
}

/// Where a master keeps its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `backend`.
    pub kind: BackendKind,
    /// `path`: everywhere but in memory.
    pub path: Option<PathBuf>,
    /// `synchronous`, `journal_mode` and `failure_mode`, as far as they are said, by their names.
    pub words: Vec<(&'static str, &'static str)>,
    /// `integrity_check`, of SQLite.
    pub integrity_check: Option<bool>,
}

impl Storage {
    /// In memory.
    fn memory() -> Self {
        Self { kind: BackendKind::Memory, path: None, words: Vec::new(), integrity_check: None }
    }

    /// Whether a file that is no database is removed and made anew.
    pub(crate) fn begins_anew(&self) -> bool {
        self.words.contains(&(FAILURE_MODE.0, "delete"))
    }

    /// The same in the original's form.
    pub(crate) fn options(&self) -> BackendOptions {
        let mut options = BackendOptions::new();
        if let Some(path) = &self.path {
            options.insert("path".to_owned(), Data::from(path.as_os_str().as_bytes()));
        }
        for (name, word) in &self.words {
            let (kind, choice) = (name.to_uppercase(), word.to_uppercase());
            let label = format!("Broker::SQLITE_{kind}_{choice}");
            options.insert((*name).to_owned(), Data::Enum(EnumValue::new(label)));
        }
        if let Some(check) = self.integrity_check {
            options.insert(INTEGRITY_CHECK.to_owned(), Data::Boolean(check));
        }
        options
    }
}

/// Takes the stores out of the keys, by their names.
pub(crate) fn take(keys: &mut Keys<'_>) -> BTreeMap<String, StoreRole> {
    let mut stores = BTreeMap::new();
    for name in keys.texts("master-stores") {
        add(keys, &mut stores, "master-stores", name, StoreRole::Master(Storage::memory()));
    }
    for name in keys.texts("clone-stores") {
        add(keys, &mut stores, "clone-stores", name, StoreRole::Clone(CloneOptions::default()));
    }
    for name in keys.named(SECTION) {
        let section = Section(format!("{SECTION}{name}"));
        if let Some(role) = section.take(keys) {
            add(keys, &mut stores, &section.key("role"), name, role);
        }
    }
    refuse_shared_paths(keys, &stores);
    stores
}

/// Asks for every key that there is of a store.
pub(crate) fn ask(keys: &mut Keys<'_>) {
    let section = Section(format!("{SECTION}{ANY}"));
    section.take(keys);
    section.kind(keys);
    section.master(keys, BackendKind::Sqlite);
    section.clone_of(keys);
}

/// Adds a store that is not there yet, and whose name may be one.
fn add(
    keys: &mut Keys<'_>,
    stores: &mut BTreeMap<String, StoreRole>,
    key: &str,
    name: String,
    role: StoreRole,
) {
    if name.is_empty() || Topic::new(&name).is_err() {
        keys.missing(key, &format!("no store can be called {name:?}"));
        return;
    }
    match stores.entry(name) {
        Entry::Vacant(free) => {
            free.insert(role);
        }
        Entry::Occupied(taken) => {
            keys.missing(key, &format!("the store {:?} is named twice", taken.key()));
        }
    }
}

/// Two masters in one place would mix their entries, or keep each other out.
fn refuse_shared_paths(keys: &mut Keys<'_>, stores: &BTreeMap<String, StoreRole>) {
    let mut seen: BTreeMap<&PathBuf, &String> = BTreeMap::new();
    for (name, role) in stores {
        let StoreRole::Master(Storage { path: Some(path), .. }) = role else { continue };
        if let Some(other) = seen.insert(path, name) {
            let key = format!("{SECTION}{name}.path");
            keys.missing(&key, &format!("the store {other:?} is kept there already"));
        }
    }
}

/// The section of a store.
struct Section(String);

impl Section {
    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.0)
    }

    fn take(&self, keys: &mut Keys<'_>) -> Option<StoreRole> {
        let role = self.key("role");
        let Some(is_master) = keys.choice(&role, &[("master", true), ("clone", false)]) else {
            if !keys.was_said(&role) {
                keys.missing(&role, "must be set, to master or clone");
            }
            return None;
        };
        let (role, whose) = if is_master {
            let kind = self.kind(keys)?;
            (StoreRole::Master(self.master(keys, kind)), format!("a master in {kind}"))
        } else {
            (StoreRole::Clone(self.clone_of(keys)), "a clone".to_owned())
        };
        keys.refuse_others(&self.0, &format!("{whose} has no such key"));
        Some(role)
    }

    fn kind(&self, keys: &mut Keys<'_>) -> Option<BackendKind> {
        let key = self.key("backend");
        let kinds = BackendKind::ALL.map(|kind| (kind.name(), kind));
        let kind = match keys.choice(&key, &kinds) {
            Some(kind) => kind,
            None if keys.was_said(&key) => return None,
            None => BackendKind::Memory,
        };
        if !kind.is_built() {
            keys.missing(&key, &format!("this program was built without {kind}"));
            return None;
        }
        Some(kind)
    }

    fn master(&self, keys: &mut Keys<'_>, kind: BackendKind) -> Storage {
        let mut storage = Storage { kind, ..Storage::memory() };
        if kind == BackendKind::Memory {
            return storage;
        }
        let path = self.key("path");
        storage.path = keys.path(&path);
        if storage.path.is_none() && !keys.was_said(&path) {
            keys.missing(&path, &format!("must be set for {kind}"));
        }
        let mut word = |(name, words): (&'static str, &[&'static str]), default| {
            let word = keys.word(&self.key(name), words).or(default);
            storage.words.extend(word.map(|word| (name, word)));
        };
        word(SYNCHRONOUS, Some("full"));
        if kind == BackendKind::Sqlite {
            word(JOURNAL_MODE, None);
            word(FAILURE_MODE, Some("fail"));
            let check = keys.boolean(&self.key(INTEGRITY_CHECK));
            storage.integrity_check = Some(check.unwrap_or(false));
        }
        storage
    }

    fn clone_of(&self, keys: &mut Keys<'_>) -> CloneOptions {
        let defaults = CloneOptions::default();
        CloneOptions {
            resync: keys.duration(&self.key("resync")).unwrap_or(defaults.resync),
            stale: match keys.duration(&self.key("stale")) {
                Some(Duration::ZERO) => None,
                Some(time) => Some(time),
                None => defaults.stale,
            },
            mutation_buffer: keys
                .duration(&self.key("mutation_buffer"))
                .unwrap_or(defaults.mutation_buffer),
        }
    }
}

/// Takes the original's limits of all stores out of the keys.
pub(crate) fn limits(keys: &mut Keys<'_>) -> StoreLimits {
    let mut limits = StoreLimits::default();
    let channel = &mut limits.channel;
    if let Some(tick) = keys.duration("broker.store.tick-interval") {
        if tick < Duration::from_millis(1) {
            keys.missing("broker.store.tick-interval", "must be at least 1ms");
        }
        channel.tick = tick;
    }
    for (key, limit) in [
        ("broker.store.heartbeat-interval", &mut channel.heartbeat),
        ("broker.store.connection-timeout", &mut channel.timeout),
        ("broker.store.nack-timeout", &mut channel.nack),
    ] {
        if let Some(count) = keys.count(key, 1..=MAX_COUNT) {
            *limit = count;
        }
    }
    if let Some(delay) = keys.duration("broker.store.max-get-delay") {
        limits.max_get_delay = delay;
    }
    limits
}

/// Attaches the stores to the node.
pub(crate) fn attach(
    endpoint: &Endpoint,
    stores: &BTreeMap<String, StoreRole>,
) -> Result<Vec<Store>, Exit> {
    let attached = stores.iter().map(|(name, role)| {
        let attached = match role {
            StoreRole::Master(storage) => {
                endpoint.attach_master(name, storage.kind, &storage.options())
            }
            StoreRole::Clone(options) => endpoint.attach_clone(name, *options),
        };
        attached.map_err(|error| {
            log::error!("{error}");
            exit(&error, role)
        })
    });
    attached.collect()
}

/// What to end with since a store could not be attached.
fn exit(error: &StoreError, role: &StoreRole) -> Exit {
    match (error, role) {
        (StoreError::Backend { .. }, StoreRole::Master(storage)) => node_places::exit(storage),
        (StoreError::Backend { .. } | StoreError::Ends(_), _) => Exit::Unavailable,
        (StoreError::Os(_), _) => Exit::Os,
        _ => Exit::Config,
    }
}
