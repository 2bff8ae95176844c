//! What a package says of itself: `boefje.json`, `normalizer.json` and `schema.json`.
#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

use std::path::Path;

use ostler_runtime::files::read_regular;

use crate::tree::{self, Package};
use crate::{Generation, Json, Kind, Plugin};

/// Bytes of a manifest or a schema, at most.
pub(crate) const MAX_MANIFEST_BYTES: u64 = 1 << 20;

/// A kind of definition that a package may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Definition {
    Boefje,
    Normalizer,
}

impl Definition {
    /// Boefjes first.
    pub(crate) const ALL: [Self; 2] = [Self::Boefje, Self::Normalizer];
    /// Where newer versions of the original may define a boefje instead, in Python.
    pub(crate) const IN_PYTHON: &'static str = "boefje.py";

    /// The manifest's file.
    pub(crate) fn file(self) -> &'static str {
        match self {
            Self::Boefje => tree::BOEFJE,
            Self::Normalizer => tree::NORMALIZER,
        }
    }

    /// The module with its `run`, or the program in its place.
    pub(crate) fn module(self) -> &'static str {
        match self {
            Self::Boefje => "main",
            Self::Normalizer => "normalize",
        }
    }

    /// How many parameters `run` must have.
    pub(crate) fn parameters(self) -> usize {
        match self {
            Self::Boefje => 1,
            Self::Normalizer => 2,
        }
    }

    /// Whether a package holds it, and whether with a module. A program needs none, and neither does
    /// a boefje of generation 1.20: it may live in a container image.
    pub(crate) fn is_in(self, package: &Package<'_>, generation: Generation) -> Option<bool> {
        let has_module = package.folder.holds(&format!("{}.py", self.module()));
        let may_be_image = self == Self::Boefje && generation == Generation::V1_20;
        let needs_module = !may_be_image && !package.folder.holds_program(self.module());
        let is_held = package.folder.holds(self.file()) && (has_module || !needs_module);
        is_held.then_some(has_module)
    }

    /// Reads the manifest in `folder`, whose files have this hash.
    pub(crate) fn read(
        self,
        folder: &Path,
        hash: Option<&str>,
        generation: Generation,
    ) -> Result<Plugin, String> {
        let path = folder.join(self.file());
        let named = |problem: String| format!("{}: {problem}", path.display());
        let mut json = read_json(&path)?;
        let kind = self.kind();
        if let Json::Object(object) = &mut json {
            match object.get("type") {
                None => _ = object.insert("type", kind),
                Some(Json::Text(other)) if other == kind => {}
                Some(_) => return Err(named(format!("type: not {kind}"))),
            }
        }
        let plugin = Plugin::from_json(&json, generation);
        let mut plugin = plugin.map_err(|fault| named(fault.to_string()))?;
        plugin.directory = Some(folder.to_owned());
        plugin.added = false;
        let own = format!("{kind}/{}", plugin.id);
        match &mut plugin.kind {
            Kind::Normalizer => plugin.consumes.push(own),
            Kind::Boefje(boefje) => {
                boefje.runnable_hash = hash.map(str::to_owned);
                let versioned = plugin.version.as_ref().map(|version| format!("{own}-{version}"));
                let mut produces = vec![own];
                produces.extend(versioned.filter(|_| plugin.version.as_deref() != Some("")));
                plugin.produces.retain(|known| !produces.contains(known));
                produces.append(&mut plugin.produces);
                plugin.produces = produces;
            }
        }
        Ok(plugin)
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Boefje => "boefje",
            Self::Normalizer => "normalizer",
        }
    }
}

/// Reads a JSON file; what is wrong names it.
pub(crate) fn read_json(path: &Path) -> Result<Json, String> {
    let named = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    let bytes = read_regular(path, MAX_MANIFEST_BYTES + 1).map_err(|error| named(&error))?;
    parse_json(path, &bytes)
}

/// Reads JSON that stands in this file; what is wrong names it.
pub(crate) fn parse_json(path: &Path, bytes: &[u8]) -> Result<Json, String> {
    let named = |problem: &dyn std::fmt::Display| format!("{}: {problem}", path.display());
    if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes > MAX_MANIFEST_BYTES) {
        return Err(named(&format!("longer than {MAX_MANIFEST_BYTES} bytes")));
    }
    Json::parse_bytes(bytes).map_err(|fault| named(&fault))
}
