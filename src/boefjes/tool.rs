//! A tool's life, from its command line to its exit code.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use katalogus::Plugins;
use ostler_runtime::logging::{self, LevelFilter, with_cause};
use ostler_runtime::{Deadline, Problem, privileges};

use crate::assembly;
use crate::config::Configuration;
use crate::config_services::ServiceSettings;
use crate::hosts::Hosts;
use crate::local;
use crate::options::Options;
use crate::runner::{Runner, RunnerOptions};
use crate::services::Services;
use crate::stopping::Stopping;
use crate::task::TaskData;
use crate::tool_jobs::{boefje_meta, is_here, normalizer_meta, run_boefje, run_normalizer};
use crate::tool_options::Tool;
use crate::tool_queue::queue;
use crate::tool_requirements::install_requirements;
use crate::tool_show_raw::show_raw;

/// The exit code of a tool that has not done what it was asked for, as the original's have it.
const FAILED: u8 = 1;

/// Does what the command line asks for. What goes wrong is told on standard error.
pub fn run(options: &Options, tool: &Tool) -> ExitCode {
    match begin(options, tool).and_then(|config| perform(&config, tool)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("Error: {why}");
            FAILED.into()
        }
    }
}

/// Starts the log, which is on standard output for those that run something, and reads the
/// configuration.
fn begin(options: &Options, tool: &Tool) -> Result<Configuration, String> {
    let level = |level| options.level.unwrap_or(level);
    let started = match (tool, options.logfile.as_deref()) {
        // What goes wrong it says itself, and nothing else is of interest.
        (Tool::ShowRaw { .. }, file) => logging::start(level(LevelFilter::Off), file),
        // Its output is the task's id.
        (Tool::RunBoefje { queue: true, .. } | Tool::RunNormalizer { queue: true, .. }, file) => {
            logging::start(level(LevelFilter::Warn), file)
        }
        (_, file @ Some(_)) => logging::start(level(LevelFilter::Debug), file),
        (_, None) => logging::start_on_output(level(LevelFilter::Debug)),
    };
    started.map_err(|error| with_cause(&error))?;
    let told = |problems: Vec<Problem>| {
        let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
        words.join("\n")
    };
    let (config, warnings) = Configuration::read(options).map_err(told)?;
    for warning in warnings {
        log::warn!("{warning}");
    }
    if let ServiceSettings::Local(folder) = &config.services {
        log::info!("no other service is asked: everything is kept in {}", folder.display());
    }
    // What is installed runs programs of whoever has written it.
    let user = config.user.as_deref().filter(|_| matches!(tool, Tool::InstallRequirements { .. }));
    if let Some(user) = user.filter(|_| privileges::is_root()) {
        let became = privileges::become_user(user, &[]);
        became.map_err(|error| format!("cannot become {user}: {error}"))?;
    }
    if let Err(error) = privileges::close_memory() {
        log::warn!("plugins may look into this process: {error}");
    }
    Ok(config)
}

fn perform(config: &Configuration, tool: &Tool) -> Result<(), String> {
    if let (ServiceSettings::Local(folder), Tool::ShowRaw { .. } | Tool::RunNormalizer { .. }) =
        (&config.services, tool)
    {
        // What they need lies there already, or the folder is another one.
        local::is_there(folder)?;
    }
    let plugins = Plugins::begin(assembly::discovery(config)).map(Arc::new);
    let plugins = plugins.map_err(|error| format!("cannot start a thread: {error}"))?;
    match tool {
        Tool::RunBoefje { job, queue: true, .. } => {
            let services = services(config, &plugins)?;
            leave(TaskData::Boefje(boefje_meta(job, &services)?), config, &plugins, &services)
        }
        Tool::RunNormalizer { normalizer, raw, queue: true, .. } => {
            let services = services(config, &plugins)?;
            let meta = normalizer_meta(normalizer, *raw, &services)?;
            leave(TaskData::Normalizer(meta), config, &plugins, &services)
        }
        Tool::RunBoefje { job, debug, queue: false } => {
            run_boefje(job, config, &runner(config, &plugins, *debug)?)
        }
        Tool::RunNormalizer { normalizer, raw, debug, queue: false } => {
            run_normalizer(normalizer, *raw, config, &runner(config, &plugins, *debug)?)
        }
        Tool::ShowRaw { raw, json } => {
            let services = services(config, &plugins)?;
            show_raw(&*services.bytes, *raw, *json, &mut io::stdout().lock())
        }
        Tool::InstallRequirements { plugins: ids } => {
            let patience = Deadline::after(config.jobs.deadline);
            if !plugins.wait_begun(patience) {
                return Err("the plugins are still being looked at".to_owned());
            }
            install_requirements(&plugins.current(), ids, &assembly::requirements(config))
        }
    }
}

fn services(config: &Configuration, plugins: &Arc<Plugins>) -> Result<Services, String> {
    // Nobody stops a tool but by a signal, which ends it at once.
    let stopping = Arc::new(Stopping::new());
    assembly::services(config, plugins, &stopping).map_err(|error| error.to_string())
}

/// Leaves a job to the workers.
fn leave(
    data: TaskData,
    config: &Configuration,
    plugins: &Plugins,
    services: &Services,
) -> Result<(), String> {
    // Workers elsewhere have other plugins.
    if config.services.remote().is_none() {
        is_here(&data, plugins, &config.plugins.folder)?;
    }
    queue(data, services)
}

/// What runs the job: a host of its own, or the terminal.
fn runner(config: &Configuration, plugins: &Arc<Plugins>, debug: bool) -> Result<Runner, String> {
    let services = services(config, plugins)?;
    let options = assembly::host_options(config, 1);
    let hosts = if debug {
        Hosts::foreground(options)
    } else {
        Hosts::start(options).map_err(|error| format!("cannot start a plugin host: {error}"))?
    };
    // A debugger has shown it already.
    let traceback = |text: &str| eprintln!("{}", text.trim_end());
    let traceback = (!debug).then_some(Arc::new(traceback) as _);
    let options = RunnerOptions { traceback, ..assembly::runner_options(config) };
    Ok(Runner {
        services,
        hosts: Arc::new(hosts),
        plugins: Arc::clone(plugins),
        containers: None,
        options,
    })
}
