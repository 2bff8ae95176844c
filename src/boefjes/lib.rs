//! `boefjes`: runs OpenKAT's boefjes and normalizers in a fixed pool of plugin hosts.
//!
//! ```text
//!              dispatcher ── one task for each free worker ──▶ worker:1..n
//!                  │ pop                                         │   │ job
//!  Services ◀──────┴───── objects, settings, raw files ──────────┘   ▼
//!  (others', or               what has become of tasks             Hosts ─▶ plugin host (Python,
//!  this machine)  ◀────────── Settler ◀── Ledger               a thread each  lives long)
//!                                                                              │ fork
//!                                                        own group, limits,    ▼
//!                                                           death signal  one process a job
//! ```
//!
//! A host is a Python interpreter that runs no plugin itself: it forks for each job. So a job starts
//! in milliseconds, and whatever a plugin does to its process is gone with that process.
//!
//! Files are named after what they are part of:
//!
//! | files | what |
//! | --- | --- |
//! | `options`, `config*`, `check*`, `assembly` | what is asked for, and the parts made of it |
//! | `daemon`, `running`, `ending`, `crew`, `dispatcher`, `worker` | the program's life and its threads |
//! | `task*` | a task, the table of its life, the account of all of them, here and for whoever comes next, and who tells the scheduler |
//! | `runner`, `boefje_*`, `normalizer_*`, `job*` | a job from its meta to what is saved of it |
//! | `host*`, `host/` | the plugin hosts, and the Python that they run |
//! | `container*`, `boefje_api*` | boefjes that are images, and the API that they report to |
//! | `services`, `http_*`, `*_client`, `bytes_session`, `scheduler_*` | other services, over HTTP |
//! | `local*` | what stands for them on a machine of its own |
//! | `models`, `model_fields`, `rules`, `ooi_*` | what the services and plugins speak of, by version |
//! | `listening`, `endpoint`, `exposition`, `state`, `status`, `top*` | how it goes, for whoever looks |
//! | `events` | what becomes of tasks, for whoever listens |
//! | `tool*`, `requirements` | the tools of the command line |

#![cfg_attr(not(test), deny(clippy::indexing_slicing, clippy::string_slice))]

mod assembly;
mod base_url;
mod boefje_api;
mod boefje_api_answer;
mod boefje_api_document;
mod boefje_api_filters;
mod boefje_api_reports;
mod boefje_api_scheduler;
mod boefje_api_tasks;
mod boefje_cut_short;
mod boefje_environment;
mod boefje_input;
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
pub mod daemon;
mod dispatcher;
mod ending;
mod endpoint;
mod events;
mod exposition;
#[doc(hidden)]
pub mod fuzzing;
mod host_board;
mod host_dialect;
mod host_foreground;
mod host_frame;
mod host_modules;
mod host_options;
mod host_session;
mod hosts;
mod http_client;
mod http_failure;
mod http_form;
mod http_pace;
mod http_resolver;
mod job;
mod job_log;
mod job_loss;
mod job_result;
mod json_coloured;
mod katalogus_client;
mod listening;
mod local;
mod local_catalogue;
mod local_database;
mod local_holder;
mod local_objects;
mod local_queue;
mod local_raws;
mod local_reference;
#[cfg(test)]
mod local_reference_cases;
mod local_tables;
mod model_fields;
mod models;
mod normalizer_item;
mod normalizer_observations;
mod normalizer_output;
mod normalizer_run;
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
mod rules;
mod runner;
mod running;
mod scheduler_client;
mod scheduler_new;
mod scheduler_old;
mod service_error;
mod services;
mod state;
mod status;
mod stopping;
mod task;
mod task_journal;
mod task_journal_file;
mod task_ledger;
mod task_left_behind;
mod task_settler;
mod task_state;
mod task_twins;
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
mod uuid_fault;
mod worker;
#[cfg(test)]
mod worker_panics;

pub use base_url::{BaseUrl, BaseUrlError};
pub use client_settings::ClientSettings;
pub use container::{ContainerOptions, Containers};
pub use host_options::{HostOptions, Limits};
pub use hosts::{HostReport, Hosts, HostsStatistics, RunningJob};
pub use job::{Job, JobOutcome, JobReport, Output, Style, Usage, Work};
pub use job_loss::{Loss, SignalNumber};
pub use local::LocalSettings;
pub use models::{BoefjeMeta, ModelFault, NormalizerMeta, PluginName, RawDataMeta};
pub use normalizer_item::{Item, ItemKind};
pub use requirements::{Installed, Requirements};
pub use rules::Version;
pub use runner::{Done, JobError, PythonOf, Runner, RunnerOptions, Traceback};
pub use service_error::ServiceError;
pub use services::{Bytes, Filters, Octopoes, Origin, Popped, Scheduler, Services, Settings};
pub use stopping::Stopping;
pub use task::{Task, TaskData, TaskKind, TaskStatus};
pub use tool_options::{BoefjeJob, Tool};
