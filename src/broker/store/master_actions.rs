//! What a master does to its entries, for the node that it is in and for writers from afar.

use std::collections::BTreeSet;
use std::sync::Arc;

use broker_data::{Data, Timespan, Timestamp};

use crate::arithmetic::{Overflow, add, index, subtract};
use crate::backend::{Backend, BackendError, Change, Entry};
use crate::command::Content;
use crate::effect::{Broadcast, Effect};
use crate::entity_id::EntityId;
use crate::fitting;
use crate::master::Master;
use crate::store_error::StoreError;
use crate::store_event::StoreEvent;

/// What is told of a change beside the key and its value.
struct Told {
    /// What the key stood for, if anybody is told that.
    old: Option<Data>,
    expiry: Option<Timespan>,
    publisher: EntityId,
    /// What is told if it cannot be made.
    operation: &'static str,
}

/// Where it is known what a key stands for.
pub enum Peek {
    /// Here.
    Here(Option<Data>),
    /// In the storage, which may take its time: nobody has to wait for it with the master.
    In(Arc<dyn Backend>),
}

impl Master {
    /// What a key stands for, or where that is known.
    pub fn peek(&self, key: &Data) -> Peek {
        self.storage.peek(key)
    }

    /// What a key stands for.
    pub fn get(&self, key: &Data) -> Result<Data, StoreError> {
        let entry = self.storage.get(key).map_err(|error| self.backend(&error))?;
        let entry = entry.ok_or_else(|| StoreError::no_such_key().of(&self.name, "get", Some(key)));
        Ok(entry?.value)
    }

    /// What it contains under an index: see [`index`].
    pub fn get_index(&self, key: &Data, by: &Data) -> Result<Data, StoreError> {
        let value = self.get(key)?;
        index(value, by).map_err(|error| error.of(&self.name, "get_index", Some(key)))
    }

    /// Whether a key stands for anything.
    pub fn exists(&self, key: &Data) -> Result<bool, StoreError> {
        self.storage.contains(key).map_err(|error| self.backend(&error))
    }

    /// All keys.
    pub fn keys(&self) -> Result<BTreeSet<Data>, StoreError> {
        self.storage.keys().map_err(|error| self.backend(&error))
    }

    /// Does what the node's user wants: what cannot be done is told, and nothing has changed then.
    pub fn write(&mut self, action: Content, now: Timestamp) -> Result<(), StoreError> {
        if let Some(why) = &self.failure {
            return Err(StoreError::Backend { name: self.name.clone(), why: why.clone() });
        }
        self.change(action, now, Overflow::Refuse)
    }

    /// Does what a writer from afar wants.
    pub(crate) fn act(&mut self, action: Content, now: Timestamp) -> Result<(), StoreError> {
        self.change(action, now, Overflow::Saturate)
    }

    /// Has keys expire whose time has passed.
    pub fn expire(&mut self, now: Timestamp) {
        while self.failure.is_none() && !self.is_full() {
            let Some(key) = self.expiries.pop_due(now) else { break };
            let publisher = self.id;
            let (gone, told) = (key.clone(), key.clone());
            if self.storage.change(Change::Erase { key }).is_err() {
                continue;
            }
            if self.has_listeners {
                self.say(Effect::Event(StoreEvent::Expire { key: told, publisher }));
            }
            self.broadcast(|| Content::Expire { key: gone, publisher });
        }
    }

    fn change(
        &mut self,
        action: Content,
        now: Timestamp,
        overflow: Overflow,
    ) -> Result<(), StoreError> {
        let operation = action.operation();
        match action {
            Content::Put { key, value, expiry, publisher } => {
                let old = if self.has_listeners { self.value(&key)? } else { None };
                self.put(key, value, expiry, now, Told { old, expiry, publisher, operation })
            }
            Content::PutUnique { key, value, expiry, who, request, publisher } => {
                let inserted = !self.exists(&key)?;
                if inserted {
                    self.put(
                        key,
                        value,
                        expiry,
                        now,
                        Told { old: None, expiry, publisher, operation },
                    )?;
                }
                if overflow == Overflow::Refuse {
                    self.say(Effect::Answer(request, Data::Boolean(inserted)));
                } else {
                    let publisher = self.id;
                    self.broadcast(|| Content::PutUniqueResult {
                        inserted,
                        who,
                        request,
                        publisher,
                    });
                }
                Ok(())
            }
            Content::Erase { key, publisher } => self.erase(key, publisher),
            Content::Add { key, value, init, expiry, publisher } => {
                let old = self.value(&key)?;
                let told = if self.has_listeners { old.clone() } else { None };
                let new = add(old, value, init, overflow)
                    .map_err(|error| error.of(&self.name, operation, Some(&key)))?;
                self.put(
                    key,
                    new,
                    expiry,
                    now,
                    Told { old: told, expiry: None, publisher, operation },
                )
            }
            Content::Subtract { key, value, expiry, publisher } => {
                let of = |error: StoreError| error.of(&self.name, operation, Some(&key));
                let old = self.value(&key)?.ok_or_else(|| of(StoreError::no_such_key()))?;
                let told = self.has_listeners.then(|| old.clone());
                let new = subtract(old, &value, overflow).map_err(of)?;
                self.put(
                    key,
                    new,
                    expiry,
                    now,
                    Told { old: told, expiry: None, publisher, operation },
                )
            }
            Content::Clear { publisher } => self.clear(publisher),
            // These are no actions of a writer.
            _ => Ok(()),
        }
    }

    fn put(
        &mut self,
        key: Data,
        value: Data,
        expiry: Option<Timespan>,
        now: Timestamp,
        told: Told,
    ) -> Result<(), StoreError> {
        let Told { old, expiry: said, publisher, operation } = told;
        fitting::check(&key, &value, self.limits.command)
            .map_err(|error| error.of(&self.name, operation, Some(&key)))?;
        let time =
            expiry.map(|span| Timestamp::from_nanos(now.nanos().saturating_add(span.nanos())));
        let event = self.has_listeners.then(|| {
            let (key, new) = (key.clone(), value.clone());
            match old {
                Some(old) => StoreEvent::Update { key, old, new, expiry: said, publisher },
                None => StoreEvent::Insert { key, value: new, expiry: said, publisher },
            }
        });
        let broadcast = self.has_audience().then(|| {
            let (key, value) = (key.clone(), value.clone());
            Broadcast::new(self.id, Content::Put { key, value, expiry: said, publisher })
        });
        // The storage takes it before anybody is told.
        let timed = (time.is_some() || !self.expiries.is_empty()).then(|| key.clone());
        let change = Change::Put { key, entry: Entry { value, expiry: time } };
        self.storage.change(change).map_err(|error| self.backend(&error))?;
        if let Some(key) = timed {
            self.expiries.set(&key, time);
        }
        if let Some(event) = event {
            self.say(Effect::Event(event));
        }
        if let Some(broadcast) = broadcast {
            self.say(Effect::Broadcast(broadcast));
        }
        Ok(())
    }

    fn erase(&mut self, key: Data, publisher: EntityId) -> Result<(), StoreError> {
        if !self.exists(&key)? {
            return Ok(());
        }
        let change = Change::Erase { key: key.clone() };
        self.storage.change(change).map_err(|error| self.backend(&error))?;
        self.expiries.set(&key, None);
        if self.has_listeners {
            self.say(Effect::Event(StoreEvent::Erase { key: key.clone(), publisher }));
        }
        self.broadcast(|| Content::Erase { key, publisher });
        Ok(())
    }

    fn clear(&mut self, publisher: EntityId) -> Result<(), StoreError> {
        let keys = if self.has_listeners { self.keys()? } else { BTreeSet::new() };
        self.storage.change(Change::Clear).map_err(|error| self.backend(&error))?;
        self.expiries.clear();
        // What there is now fits.
        self.too_long_until = 0;
        for key in keys {
            self.say(Effect::Event(StoreEvent::Erase { key, publisher }));
        }
        self.broadcast(|| Content::Clear { publisher });
        Ok(())
    }

    fn broadcast(&mut self, content: impl FnOnce() -> Content) {
        if self.has_audience() {
            self.say(Effect::Broadcast(Broadcast::new(self.id, content())));
        }
    }

    fn value(&self, key: &Data) -> Result<Option<Data>, StoreError> {
        let entry = self.storage.get(key).map_err(|error| self.backend(&error))?;
        Ok(entry.map(|entry| entry.value))
    }

    fn backend(&self, error: &BackendError) -> StoreError {
        StoreError::backend(&self.name, error)
    }
}
