//! What a clone does to its copy when its master tells of a change.

use std::collections::HashMap;

use broker_data::Data;

use crate::command::Content;
use crate::entity_id::EntityId;
use crate::replica::Replica;
use crate::store_event::StoreEvent;

impl Replica {
    /// Does what the master has done.
    pub(crate) fn apply(&mut self, action: Content) {
        match action {
            Content::Put { key, value, expiry, publisher } => {
                let told = self.has_listeners.then(|| (key.clone(), value.clone()));
                let old = self.entries.insert(key, value);
                if let Some((key, new)) = told {
                    self.tell(Some(match old {
                        Some(old) => StoreEvent::Update { key, old, new, expiry, publisher },
                        None => StoreEvent::Insert { key, value: new, expiry, publisher },
                    }));
                }
            }
            Content::Erase { key, publisher } => {
                let old = self.entries.remove(&key);
                self.tell(old.map(|_| StoreEvent::Erase { key, publisher }));
            }
            Content::Expire { key, publisher } => {
                let old = self.entries.remove(&key);
                self.tell(old.map(|_| StoreEvent::Expire { key, publisher }));
            }
            Content::Clear { publisher } => {
                for key in std::mem::take(&mut self.entries).into_keys() {
                    self.tell(Some(StoreEvent::Erase { key, publisher }));
                }
            }
            Content::PutUniqueResult { inserted, who, request, .. } if who == self.frontend => {
                self.answered(request, Data::Boolean(inserted));
            }
            // A master says nothing else.
            _ => {}
        }
    }

    /// Takes the entries of a snapshot instead of those that were there.
    pub(crate) fn adopt(&mut self, snapshot: Vec<(Data, Data)>, publisher: EntityId) {
        let new: HashMap<Data, Data> = snapshot.into_iter().collect();
        let old = std::mem::replace(&mut self.entries, new);
        if !self.has_listeners {
            return;
        }
        let mut events = Vec::new();
        let gone = old.keys().filter(|key| !self.entries.contains_key(*key));
        events.extend(gone.map(|key| StoreEvent::Erase { key: key.clone(), publisher }));
        let expiry = None;
        for (key, value) in &self.entries {
            let (key, new) = (key.clone(), value.clone());
            match old.get(&key) {
                Some(old) if *old == new => {}
                Some(old) => {
                    let old = old.clone();
                    events.push(StoreEvent::Update { key, old, new, expiry, publisher });
                }
                None => events.push(StoreEvent::Insert { key, value: new, expiry, publisher }),
            }
        }
        self.out.events.extend(events);
    }

    fn tell(&mut self, event: Option<StoreEvent>) {
        self.out.events.extend(event.filter(|_| self.has_listeners));
    }
}
