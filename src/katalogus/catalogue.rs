//! The plugins on disk as one scan found them: never changed, only replaced as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Generation, Kind, Plugin, plugin_json};

/// What one scan of the plugin folder found. A request that holds one sees no change until it ends.
#[derive(Debug, Default)]
pub struct Catalogue {
    local: Vec<Arc<Listed>>,
    boefjes: HashMap<String, usize>,
    normalizers: HashMap<String, usize>,
}

/// A plugin together with its JSON, which is written once.
#[derive(Debug)]
pub struct Listed {
    plugin: Plugin,
    /// The JSON before and after the value of `enabled`.
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl Catalogue {
    /// Boefjes, then normalizers, each in the order in which the folder is walked.
    pub fn new(boefjes: Vec<Listed>, normalizers: Vec<Listed>) -> Self {
        let local: Vec<_> = boefjes.into_iter().chain(normalizers).map(Arc::new).collect();
        let mut catalogue = Self::default();
        for (place, listed) in local.iter().enumerate() {
            let places = match listed.plugin.kind {
                Kind::Boefje(_) => &mut catalogue.boefjes,
                Kind::Normalizer => &mut catalogue.normalizers,
            };
            places.insert(listed.plugin.id.clone(), place);
        }
        Self { local, ..catalogue }
    }

    /// All of them: boefjes, then normalizers, each in the order in which the folder is walked.
    pub fn local(&self) -> &[Arc<Listed>] {
        &self.local
    }

    /// The boefje of this id.
    pub fn boefje(&self, id: &str) -> Option<&Arc<Listed>> {
        self.local.get(*self.boefjes.get(id)?)
    }

    /// The normalizer of this id.
    pub fn normalizer(&self, id: &str) -> Option<&Arc<Listed>> {
        self.local.get(*self.normalizers.get(id)?)
    }

    /// The plugin of this id, a boefje rather than a normalizer.
    pub fn plugin(&self, id: &str) -> Option<&Arc<Listed>> {
        self.boefje(id).or_else(|| self.normalizer(id))
    }
}

impl Listed {
    /// A plugin as it is answered in `generation`.
    pub fn new(plugin: Plugin, generation: Generation) -> Self {
        let (before, after) = plugin_json::around_enabled(&plugin, generation);
        Self { plugin, before, after }
    }

    /// The plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// Appends its JSON, with `enabled` as an organisation has it.
    pub fn write_json(&self, enabled: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        out.extend_from_slice(if enabled { b"true" } else { b"false" });
        out.extend_from_slice(&self.after);
    }
}
