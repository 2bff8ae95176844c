//! `katalogus`: OpenKAT's catalogue of organisations, plugins and their settings, over HTTP.
//!
//! ```text
//! request ─▶ api        which endpoint, is it well formed?          422, 405, 307
//!            store      one transaction on a thread that owns a connection
//!            discovery  the plugins on disk, as the last change left them
//!            settings   JSON schema, encryption
//!         ◀─ answer     after the commit
//! ```

mod assets;
mod base64_lenient;
mod catalogue;
mod cipher;
mod generation;
mod json;
#[cfg(test)]
mod json_cases;
mod json_parse;
mod json_repr;
mod json_write;
mod models;
mod plugin;
mod plugin_json;
mod plugins;
mod remote;

pub use assets::{Cover, MAX_COVER_BYTES, MAX_DESCRIPTION_BYTES};
pub use catalogue::{Catalogue, Listed};
pub use cipher::{Cipher, CipherError, KeyError};
pub use generation::Generation;
pub use json::{Json, Object};
pub use json_parse::{Fault, FaultKind, MAX_DEPTH, MAX_DIGITS};
pub use models::{Organisation, Repository};
pub use plugin::{BoefjePart, Kind, Plugin, RunOn};
pub use plugin_json::PluginFault;
pub use plugins::{DiscoverySettings, Plugins, Python, ScanStatistics};
pub use remote::{RemoteSettings, Remotes};
