//! The plugins, who runs them, and what their jobs may use: the sections `Plugins` and `Limits`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_runtime::Reader;
use ostler_runtime::sources::Sources;

use crate::config::{Given, absolute};
use crate::config_services::ServiceSettings;
use crate::host_options::{HostOptions, Limits};
use crate::plugin_variables;

pub(crate) const PLUGINS: &str = "Plugins";
pub(crate) const LIMITS: &str = "Limits";

/// The original's variables.
const REMOTE_NS: [&str; 1] = ["BOEFJES_REMOTE_NS"];
/// The plugins, where the catalogue has them too.
const FOLDER: &str = "/usr/share/katalogus/plugins";
/// The example, from where the program is installed: `/usr/share/…` if that is `/usr/sbin/boefjes`.
const EXAMPLE: &str = "share/boefjes/plugins";
/// What plugins take the end of their folder's path to be.
const OWN_PLACE: &str = "boefjes/plugins";

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginSettings {
    /// `--plugins`, or `directory`: the folder with the plugins.
    pub folder: PathBuf,
    /// `check_every`: how often the folder is looked through for changes of which the system has
    /// told nothing.
    pub check_every: Duration,
    /// `environment`: the names of variables that plugins find beside the usual ones while they are
    /// imported. Default none.
    pub variables: Vec<String>,
    /// How the hosts are started, but for how many there are.
    pub hosts: HostOptions,
}

impl PluginSettings {
    pub(crate) fn read(
        sources: &mut Sources<'_, '_>,
        given: Given<'_>,
        services: &ServiceSettings,
    ) -> Self {
        let said = &given.options.said;
        let remote_ns = sources.text(PLUGINS, "remote_ns", &REMOTE_NS);
        let remote_ns = remote_ns.map_or_else(|| "1.1.1.1".to_owned(), |said| said.text);
        let reader = &mut sources.reader;
        let written = reader.path(PLUGINS, "directory");
        let folder = said.plugins.clone().or(written).unwrap_or_else(|| default_folder(services));
        let folder = absolute(folder);
        let python = said.python.clone().or(reader.path(PLUGINS, "python"));
        let python = python.unwrap_or_else(|| "python3".into());
        // One without a slash is looked for in the PATH.
        let python = if python.components().count() > 1 { absolute(python) } else { python };
        let more = reader.list(PLUGINS, "environment").unwrap_or_default();
        let path = reader.list(PLUGINS, "python_path").unwrap_or_default();
        let hosts = HostOptions {
            python,
            root: folder.clone(),
            cwd: reader.path(PLUGINS, "cwd").unwrap_or_else(|| working_directory(&folder)),
            path: path.into_iter().map(PathBuf::from).collect(),
            preload: reader.list(PLUGINS, "preload").unwrap_or_default(),
            settings: BTreeMap::from([("remote_ns".to_owned(), remote_ns)]),
            environment: plugin_variables::visible(given.variables, &more),
            max_jobs: reader.integer(PLUGINS, "max_jobs", 0..=u64::MAX, 0),
            limits: limits(reader),
            ..HostOptions::default()
        };
        let least = Duration::from_millis(10);
        let check_every = reader.seconds(
            PLUGINS,
            "check_every",
            least..=Duration::from_secs(24 * 3600),
            katalogus::DiscoverySettings::CHECK_EVERY,
        );
        Self { folder, check_every, variables: more, hosts }
    }
}

/// The plugins of whoever has named none: those of the catalogue. A machine of its own that has no
/// such folder begins with the example.
fn default_folder(services: &ServiceSettings) -> PathBuf {
    let of_catalogue = PathBuf::from(FOLDER);
    if services.remote().is_some() || of_catalogue.is_dir() {
        return of_catalogue;
    }
    let program = std::env::current_exe().ok();
    let prefix = program.as_deref().and_then(Path::parent).and_then(Path::parent);
    let example = prefix.map(|prefix| prefix.join(EXAMPLE));
    example.filter(|folder| folder.is_dir()).unwrap_or(of_catalogue)
}

/// Where plugins open files like `boefjes/plugins/…`.
fn working_directory(folder: &Path) -> PathBuf {
    let place = if folder.ends_with(OWN_PLACE) { folder.ancestors().nth(2) } else { Some(folder) };
    match place {
        Some(path) if path != Path::new("") => path.to_owned(),
        _ => ".".into(),
    }
}

fn limits(reader: &mut Reader<'_>) -> Limits {
    let default = Limits::default();
    let mut size = |key, default: u64| {
        let default = usize::try_from(default).unwrap_or(usize::MAX);
        reader.bytes(LIMITS, key, 1 << 10..=1 << 40, default) as u64
    };
    let memory = size("memory", default.memory);
    let file_size = size("file_size", default.file_size);
    let output_size = size("output_size", default.output_size);
    let output = size("output", default.output);
    let results = size("results", default.results);
    let raw_size = size("raw_size", default.raw_size);
    let log = size("log", default.log);
    let mut count = |key, most: u64, default: u64| reader.integer(LIMITS, key, 1..=most, default);
    Limits {
        memory,
        cpu: count("cpu", 7 * 24 * 3600, default.cpu),
        file_size,
        files: count("files", 1 << 20, default.files),
        processes: count("processes", 1 << 22, default.processes),
        outputs: count("outputs", 1 << 24, default.outputs),
        output_size,
        output,
        results,
        raw_size,
        log,
    }
}
