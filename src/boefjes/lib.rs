//! `boefjes`: runs OpenKAT's boefjes and normalizers in a fixed pool of plugin hosts.
//!
//! ```text
//! job ─▶ Hosts ─▶ pool thread ─▶ plugin host (Python, lives long) ─▶ one process a job
//!          ▲                          │ started, log, result, end        │ own group, death
//!          └────── done(report) ──────┘◀────────────── two pipes ────────┘ signal, limits
//! ```
//!
//! A host is a Python interpreter that runs no plugin itself: it forks for each job. So a job starts
//! in milliseconds, and whatever a plugin does to its process is gone with that process.

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod assembly;
mod base_url;
mod board;
mod boefje_api;
mod boefje_api_answer;
mod boefje_api_filters;
mod boefje_api_reports;
mod boefje_api_scheduler;
mod boefje_api_tasks;
mod boefje_environment;
mod boefje_output;
mod boefje_run;
mod bytes_client;
mod bytes_session;
mod check;
mod check_effective;
mod client_settings;
pub mod config;
pub mod config_plugins;
pub mod config_services;
mod container;
mod container_run;
mod crew;
mod cut_short;
pub mod daemon;
mod dispatcher;
mod embedded;
mod ending;
mod endpoint;
mod expand;
mod exposition;
mod foreground;
mod form;
mod frame;
#[doc(hidden)]
pub mod fuzzing;
mod host_dialect;
mod host_options;
mod host_session;
mod hosts;
mod http_client;
mod http_failure;
mod http_resolver;
mod item;
mod job;
mod job_log;
mod json_coloured;
mod katalogus_client;
mod ledger;
mod listening;
mod local;
mod local_catalogue;
mod local_database;
mod local_holder;
mod local_objects;
mod local_queue;
mod local_raws;
mod local_reference;
mod local_tables;
mod loss;
mod model_fields;
mod models;
mod normalizer_output;
mod normalizer_run;
mod observations;
mod octopoes_client;
mod ooi_check;
mod ooi_types;
mod ooi_values;
pub mod options;
mod out_of_memory;
mod plugin_variables;
mod progress;
mod python_duration;
mod requirements;
mod result_reader;
mod rules;
mod runner;
mod running;
mod scheduler_client;
mod scheduler_new;
mod scheduler_old;
mod service_error;
mod services;
mod settler;
mod state;
mod status;
mod stopping;
mod task;
mod task_state;
pub mod tool;
mod tool_container;
mod tool_jobs;
mod tool_options;
mod tool_queue;
mod tool_requirements;
mod tool_show_raw;
pub mod top;
mod top_options;
mod top_view;
mod twins;
mod uuid_fault;
mod worker;

pub use base_url::{BaseUrl, BaseUrlError};
pub use boefje_api::{BoefjeApi, BoefjeApiSettings};
pub use client_settings::ClientSettings;
pub use container::{ContainerOptions, Containers};
pub use host_options::{HostOptions, Limits};
pub use hosts::{HostReport, Hosts, HostsStatistics, RunningJob};
pub use item::{Item, ItemKind};
pub use job::{Job, JobOutcome, JobReport, Output, Style, Usage, Work};
pub use local::LocalSettings;
pub use loss::{Loss, SignalNumber};
pub use models::{BoefjeMeta, ModelFault, NormalizerMeta, PluginName, RawDataMeta};
pub use requirements::{Installed, Requirements};
pub use rules::Version;
pub use runner::{Done, JobError, PythonOf, Runner, RunnerOptions, Traceback};
pub use service_error::ServiceError;
pub use services::{Bytes, Filters, Octopoes, Origin, Popped, Scheduler, Services, Settings};
pub use state::{Counted, Reached, Snapshot, State, TaskAtWork};
pub use stopping::Stopping;
pub use task::{Task, TaskData, TaskKind, TaskStatus};
pub use tool_options::{BoefjeJob, Tool};
