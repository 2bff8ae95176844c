//! `katalogus`: OpenKAT's catalogue of organisations, plugins and their settings, over HTTP.
//!
//! ```text
//! request ─▶ api        which endpoint, is it well formed?          422, 405, 307
//!            store      one transaction on a thread that owns a connection
//!            discovery  the plugins on disk, as the last change left them
//!            settings   JSON schema, encryption
//!         ◀─ answer     after the commit
//! ```

mod added;
mod added_read;
mod api;
mod api_added;
mod api_assets;
mod api_configs;
mod api_organisations;
mod api_plugins;
mod api_repositories;
mod api_service;
mod api_settings;
mod area;
mod asked;
mod assets;
mod authority;
pub mod base64_lenient;
mod beneath;
pub mod body;
mod catalogue;
mod check;
mod check_effective;
mod check_named;
mod cipher;
mod cloning;
mod commands;
pub mod config;
mod created;
mod cron;
pub mod daemon;
mod database;
mod database_ready;
mod docs;
pub mod encryption;
mod errands;
mod exposition;
mod failure;
pub mod fields;
mod filter;
#[doc(hidden)]
pub mod fuzzing;
mod generation;
mod imports;
mod json;
#[cfg(test)]
mod json_cases;
mod json_halves;
mod json_number;
mod json_parse;
mod json_repr;
mod json_write;
mod kept;
mod link;
mod manifest;
mod metrics;
mod migrations;
mod models;
pub mod openapi;
#[cfg(test)]
mod openapi_cases;
mod openapi_catalogue;
pub mod openapi_operation;
mod openapi_operations;
mod openapi_schemas;
pub mod openapi_shape;
pub mod options;
mod plugin;
mod plugin_json;
mod plugin_read;
mod plugins;
mod python_pattern;
mod rekey;
mod remote;
mod remote_client;
mod remote_kept;
mod replaced_file;
mod routes;
pub mod routing;
mod runnable_hash;
mod running;
pub mod scalars;
mod scan;
#[cfg(test)]
mod schema_cases;
mod schema_draft;
mod schema_flaw;
mod schema_parts;
mod schema_unevaluated;
mod schema_values;
mod schema_walk;
mod session;
mod session_added;
mod session_configs;
mod session_organisations;
mod session_repositories;
mod session_settings;
mod session_states;
mod settings_schema;
pub mod sqlite_file;
mod state;
mod static_check;
mod step;
mod store;
mod store_error;
#[cfg(feature = "postgres")]
mod store_postgres;
mod store_queue;
mod store_sqlite;
mod store_statistics;
mod store_task;
mod store_thread;
mod tables;
mod transfer;
mod transfer_tables;
mod tree;
mod trust;
pub mod validation;
mod watch;
mod watcher;

pub use api::{Api, ApiSettings};
pub use assets::{Cover, MAX_COVER_BYTES, MAX_DESCRIPTION_BYTES};
pub use catalogue::{Catalogue, Listed, Schema};
pub use cipher::{Cipher, CipherError, KeyError};
pub use config::Configuration;
pub use database::{Database, DatabaseError};
pub use docs::Documents;
pub use errands::Errands;
pub use generation::Generation;
pub use json::{Json, Object};
pub use json_halves::code_points;
pub use json_parse::{Fault, FaultKind, MAX_DEPTH, MAX_DIGITS};
pub use migrations::{Migrator, Plan, Step};
pub use models::{AddedPlugin, Config, ConfigFilter, Organisation, PluginKind, Repository};
pub use options::Options;
pub use plugin::{BoefjePart, Kind, Plugin, RunOn};
pub use plugin_read::PluginFault;
pub use plugins::{DiscoverySettings, Plugins, Python, ScanStatistics};
pub use rekey::{RekeyError, RowFault, rekey};
pub use remote::{RemoteSettings, RemoteStatistics, Remotes};
pub use session::{Pk, Session};
pub use settings_schema::{
    MAX_CHECK_DEPTH, MAX_CHECK_STEPS, MAX_PATTERN_BYTES, MAX_PATTERN_STEPS, MAX_SCHEMA_DEPTH,
    SchemaError, SettingsSchema,
};
pub use store::{Store, StoreSettings};
pub use store_error::StoreError;
pub use store_statistics::{StoreStatistics, TaskStatistics};
pub use store_task::{Abort, Access, Task};
pub use transfer::{Existing, TransferError, export, import};
pub use trust::{tls_with_authorities, tls_without_authorities};
