//! A configuration as it takes effect: the lines of a file that says the same, but for secrets.

use katalogus::{Json, Object};
use ostler_net::settings_shown;
use ostler_runtime::shown::{Lines, path, plain_or_quoted, quoted, seconds};

use crate::config::{CONTAINERS, Configuration, GLOBAL};
use crate::config_plugins::{LIMITS, PLUGINS, PluginSettings};
use crate::config_services::{RemoteServices, SERVICES, ServiceSettings};
use crate::rules::Version;

/// What is not shown.
const HIDDEN: &str = "(hidden)";

/// What takes effect, whoever said it.
pub(crate) fn of(config: &Configuration) -> Lines {
    let mut lines = Lines::default();
    global(config, &mut lines);
    if let ServiceSettings::Remote(remote) = &config.services {
        services(remote, &mut lines);
    }
    plugins(&config.plugins, &mut lines);
    limits(&config.plugins, &mut lines);
    let containers = &config.containers;
    lines.add(CONTAINERS, "engine", path(&containers.engine));
    if let Some(api) = &containers.api {
        lines.add(CONTAINERS, "api", quoted(&api.to_string()));
    }
    lines.add(CONTAINERS, "network", plain_or_quoted(&containers.network));
    settings_shown::addresses(&mut lines, CONTAINERS, &containers.addresses);
    if containers.addresses.is_empty() {
        lines.add(CONTAINERS, "port", "off");
    }
    list(&mut lines, CONTAINERS, "volumes", containers.volumes.iter().cloned());
    list(&mut lines, CONTAINERS, "add_hosts", containers.hosts.iter().cloned());
    lines.add(CONTAINERS, "scheduler_proxy", containers.scheduler_proxy.to_string());
    lines.add(CONTAINERS, "max_body", containers.max_body.to_string());
    lines.add(CONTAINERS, "max_bodies", containers.max_bodies.to_string());
    settings_shown::addresses(&mut lines, "Status", &config.status_addresses);
    if let Some(events) = &config.events {
        events.show(&mut lines);
    }
    lines
}

fn global(config: &Configuration, lines: &mut Lines) {
    if let Some(user) = &config.user {
        lines.add(GLOBAL, "user", plain_or_quoted(user));
    }
    if let ServiceSettings::Local(folder) = &config.services {
        lines.add(GLOBAL, "local", path(folder));
    }
    if let Some(folder) = &config.state {
        lines.add(GLOBAL, "state", path(folder));
    }
    lines.add(GLOBAL, "pool_size", config.pool_size.to_string());
    lines.add(GLOBAL, "poll_interval", seconds(config.poll_interval));
    lines.add(GLOBAL, "drain", seconds(config.drain));
    let generation = config.generation.and_then(|generation| {
        Version::NAMES.iter().find(|(_, known)| *known == generation).map(|&(name, _)| name)
    });
    lines.add(GLOBAL, "generation", generation.unwrap_or("auto"));
    lines.add(GLOBAL, "deduplicate", config.deduplicate.to_string());
    list(lines, GLOBAL, "plugins", config.filters.plugins.iter().cloned());
    list(lines, GLOBAL, "images", config.filters.images.iter().cloned());
    let jobs = &config.jobs;
    lines.add(GLOBAL, "job_deadline", seconds(jobs.deadline));
    lines.add(GLOBAL, "redact_environment", jobs.redacts_environment.to_string());
    if !jobs.whitelist.is_empty() {
        let levels = jobs.whitelist.iter();
        let levels = levels.map(|(id, level)| (id.clone(), Json::from(i32::from(*level))));
        let whitelist = Json::from(levels.collect::<Object>());
        lines.add(GLOBAL, "scan_profile_whitelist", quoted(&whitelist.compact()));
    }
}

fn services(remote: &RemoteServices, lines: &mut Lines) {
    for (key, url) in [
        ("scheduler", &remote.scheduler),
        ("katalogus", &remote.katalogus),
        ("octopoes", &remote.octopoes),
        ("bytes", &remote.bytes),
    ] {
        lines.add(SERVICES, key, quoted(&url.to_string()));
    }
    lines.add(SERVICES, "bytes_username", plain_or_quoted(&remote.username));
    match &remote.password_file {
        Some(file) => lines.add(SERVICES, "bytes_password_file", path(file)),
        None => lines.add(SERVICES, "bytes_password", HIDDEN),
    }
    lines.add(SERVICES, "outgoing_request_timeout", seconds(remote.timeout));
    if let Some(file) = &remote.authorities {
        lines.add(SERVICES, "authorities", path(file));
    }
}

fn plugins(plugins: &PluginSettings, lines: &mut Lines) {
    let hosts = &plugins.hosts;
    lines.add(PLUGINS, "directory", path(&plugins.folder));
    lines.add(PLUGINS, "check_every", seconds(plugins.check_every));
    lines.add(PLUGINS, "cwd", path(&hosts.cwd));
    lines.add(PLUGINS, "python", path(&hosts.python));
    list(lines, PLUGINS, "python_path", hosts.path.iter().map(|it| it.display().to_string()));
    list(lines, PLUGINS, "preload", hosts.preload.iter().cloned());
    list(lines, PLUGINS, "environment", plugins.variables.iter().cloned());
    lines.add(PLUGINS, "max_jobs", hosts.max_jobs.to_string());
    let remote_ns = hosts.settings.get("remote_ns").map_or("", String::as_str);
    lines.add(PLUGINS, "remote_ns", plain_or_quoted(remote_ns));
}

fn limits(plugins: &PluginSettings, lines: &mut Lines) {
    let limits = plugins.hosts.limits;
    for (key, limit) in [
        ("memory", limits.memory),
        ("cpu", limits.cpu),
        ("file_size", limits.file_size),
        ("files", limits.files),
        ("processes", limits.processes),
        ("outputs", limits.outputs),
        ("output_size", limits.output_size),
        ("output", limits.output),
        ("results", limits.results),
        ("raw_size", limits.raw_size),
        ("log", limits.log),
    ] {
        lines.add(LIMITS, key, limit.to_string());
    }
}

/// Only a list that is not empty: an empty one is the default everywhere.
fn list(
    lines: &mut Lines,
    section: &'static str,
    key: &'static str,
    members: impl Iterator<Item = String>,
) {
    let members: Vec<String> = members.map(|member| quoted(&member)).collect();
    if !members.is_empty() {
        lines.add(section, key, members.join(", "));
    }
}
