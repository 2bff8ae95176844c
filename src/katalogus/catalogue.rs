//! The plugins on disk as one scan found them: never changed, only replaced as a whole.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::{Generation, Kind, Plugin, SettingsSchema, plugin_json};

/// What one scan of the plugin folder found. A request that holds one sees no change until it ends.
#[derive(Debug, Default)]
pub struct Catalogue {
    pub(crate) root: PathBuf,
    pub(crate) generation: Generation,
    local: Vec<Arc<Listed>>,
    boefjes: HashMap<Box<str>, usize>,
    normalizers: HashMap<Box<str>, usize>,
}

/// A plugin together with its JSON, which is written once.
#[derive(Debug)]
pub struct Listed {
    plugin: Plugin,
    /// The JSON before and after the value of `enabled`.
    before: Box<[u8]>,
    after: Box<[u8]>,
    schema: Schema,
}

/// What the settings of a plugin must be like.
#[derive(Debug)]
pub enum Schema {
    /// Anything.
    None,
    /// As this has it.
    Valid(SettingsSchema),
    /// Nobody knows: the schema is none, for this reason.
    Invalid(String),
}

impl Catalogue {
    /// Boefjes, then normalizers, each in the order in which the folder `root` is walked.
    pub fn new(
        root: &Path,
        generation: Generation,
        boefjes: Vec<Listed>,
        normalizers: Vec<Listed>,
    ) -> Self {
        let local: Vec<_> = boefjes.into_iter().chain(normalizers).map(Arc::new).collect();
        let mut catalogue = Self { root: root.to_owned(), generation, ..Self::default() };
        for (place, listed) in local.iter().enumerate() {
            let places = match listed.plugin.kind {
                Kind::Boefje(_) => &mut catalogue.boefjes,
                Kind::Normalizer => &mut catalogue.normalizers,
            };
            places.insert(listed.plugin.id.as_str().into(), place);
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

    /// The name of a plugin's package as Python writes it: its folder from the plugin folder on,
    /// with dots between. `None` unless it is in that.
    pub fn package(&self, plugin: &Plugin) -> Option<String> {
        let inner = plugin.directory.as_ref()?.strip_prefix(&self.root).ok()?;
        let names: Option<Vec<&str>> = inner.iter().map(|name| name.to_str()).collect();
        names.filter(|names| !names.is_empty()).map(|names| names.join("."))
    }

    /// How many boefjes and how many normalizers there are.
    pub fn counts(&self) -> (usize, usize) {
        (self.boefjes.len(), self.normalizers.len())
    }
}

impl Listed {
    /// A plugin as it is answered in `generation`, with the schema that it carries.
    pub fn new(plugin: Plugin, generation: Generation) -> Self {
        let (before, after) = plugin_json::around_enabled(&plugin, generation);
        let schema = match &plugin.kind {
            Kind::Boefje(boefje) => boefje.schema.as_ref(),
            Kind::Normalizer => None,
        };
        let schema = schema.map_or(Schema::None, |schema| match SettingsSchema::compile(schema) {
            Ok(compiled) => Schema::Valid(compiled),
            Err(error) => Schema::Invalid(error.to_string()),
        });
        Self { plugin, before, after, schema }
    }

    /// The same with another schema.
    #[must_use]
    pub(crate) fn with_schema(self, schema: Schema) -> Self {
        Self { schema, ..self }
    }

    /// The plugin.
    pub fn plugin(&self) -> &Plugin {
        &self.plugin
    }

    /// What its settings must be like.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Appends its JSON, with `enabled` as an organisation has it.
    pub fn write_json(&self, enabled: bool, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
        out.extend_from_slice(if enabled { b"true" } else { b"false" });
        out.extend_from_slice(&self.after);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;

    #[test]
    fn enabled_is_written_in_its_place_in_both_generations() {
        let json = r#"{"type":"boefje","id":"b","name":"\"B\"","boefje_schema":{"enabled":1}}"#;
        for generation in [Generation::V1_15, Generation::V1_20] {
            let plugin = Plugin::from_json(&Json::parse(json).unwrap(), generation).unwrap();
            let listed = Listed::new(plugin.clone(), generation);
            for enabled in [false, true] {
                let mut written = Vec::new();
                listed.write_json(enabled, &mut written);
                let plugin = Plugin { enabled, ..plugin.clone() };
                let whole = Json::from(plugin.to_json(generation)).compact();
                assert_eq!(String::from_utf8(written).unwrap(), whole);
            }
        }
    }

    #[test]
    fn a_package_is_named_by_its_folder_below_the_root() {
        let catalogue = Catalogue::new(Path::new("p/q"), Generation::V1_15, Vec::new(), Vec::new());
        let plugin = Plugin::from_json(
            &Json::parse(r#"{"type":"boefje","id":"b","name":"B"}"#).unwrap(),
            Generation::V1_15,
        );
        let mut plugin = plugin.unwrap();
        for (directory, package) in [
            (None, None),
            (Some("p/q/kat_dns"), Some("kat_dns")),
            (Some("p/q/gamma/sub"), Some("gamma.sub")),
            (Some("p/q"), None),
            (Some("elsewhere/kat_dns"), None),
        ] {
            plugin.directory = directory.map(Into::into);
            assert_eq!(catalogue.package(&plugin).as_deref(), package);
        }
    }

    #[test]
    fn a_boefje_comes_before_a_normalizer_of_the_same_id() {
        let listed = |kind| {
            let text = format!(r#"{{"type":"{kind}","id":"same"}}"#);
            let plugin = Plugin::from_json(&Json::parse(&text).unwrap(), Generation::V1_15);
            vec![Listed::new(plugin.unwrap(), Generation::V1_15)]
        };
        let (boefjes, normalizers) = (listed("boefje"), listed("normalizer"));
        let catalogue = Catalogue::new(Path::new("/"), Generation::V1_15, boefjes, normalizers);
        assert_eq!(catalogue.counts(), (1, 1));
        let kind = |listed: &Arc<Listed>| listed.plugin().kind == Kind::Normalizer;
        assert_eq!(catalogue.plugin("same").map(kind), Some(false));
        assert_eq!(catalogue.normalizer("same").map(kind), Some(true));
        assert!(catalogue.plugin("other").is_none());
    }
}
