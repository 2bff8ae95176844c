//! The tools, run on a machine of its own for each test.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use boefjes::{Services, Task};
use katalogus::{DiscoverySettings, Generation, Plugins, Python};
use ostler_tests::WorkersSettings;
use ostler_tests::binaries::{boefjes, workspace};
use ostler_tests::plugin_hosts::plugins;
use ostler_tests::process::command;

/// What a tool came to.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: i32,
    /// What it printed.
    pub(crate) output: String,
    /// What it complained of.
    pub(crate) complaints: String,
}

impl Ended {
    /// What a command comes to.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.stdin(Stdio::null()).output().unwrap();
        Self {
            code: output.status.code().unwrap(),
            output: String::from_utf8(output.stdout).unwrap(),
            complaints: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The ids of the raw files that it says it has saved.
    pub(crate) fn saved(&self) -> Vec<String> {
        let said = self.output.lines().filter_map(|line| line.split_once("Saved raw file "));
        said.map(|(_, rest)| rest.split(' ').next().unwrap().to_owned()).collect()
    }
}

/// A folder for a machine of its own.
pub(crate) struct Machine {
    directory: tempfile::TempDir,
    plugins: PathBuf,
}

impl Machine {
    /// With the plugins of `tests/boefjes`.
    pub(crate) fn new() -> Self {
        Self::with(&plugins())
    }

    /// With the plugins of the example.
    pub(crate) fn with_examples() -> Self {
        Self::with(&workspace().join("packaging/plugins"))
    }

    /// With these plugins.
    pub(crate) fn with(plugins: &Path) -> Self {
        Self { directory: tempfile::tempdir().unwrap(), plugins: plugins.to_owned() }
    }

    /// The test's own folder.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The machine's.
    pub(crate) fn folder(&self) -> PathBuf {
        self.directory().join("machine")
    }

    /// `boefjes` for this machine, with these arguments behind.
    pub(crate) fn command<T: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = T>,
    ) -> Command {
        let mut boefjes = command(boefjes());
        boefjes.arg("--local").arg(self.folder()).arg("--plugins").arg(&self.plugins);
        boefjes.args(arguments).env_remove("JOURNAL_STREAM");
        boefjes
    }

    /// Runs a tool.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::of(&mut self.command(arguments))
    }

    /// Runs a boefje for the organisation `acme`, with a setting.
    pub(crate) fn boefje(&self, id: &str, setting: (&str, &str)) -> Ended {
        let arguments = ["run-boefje", "acme", id, "Network|internet"];
        Ended::of(self.command(arguments).env(format!("BOEFJE_{}", setting.0), setting.1))
    }

    /// Its services, as one more process has them.
    pub(crate) fn services(&self) -> Services {
        let discovery = DiscoverySettings {
            python: Python::None,
            ..DiscoverySettings::new(&self.plugins, Generation::V1_15)
        };
        let plugins = Plugins::start(discovery).unwrap();
        Services::local(&self.folder(), plugins.into()).unwrap()
    }

    /// Workers of a kind on this machine.
    pub(crate) fn workers(&self, kind: &str) -> WorkersSettings {
        let folder = self.folder().display().to_string();
        let plugins = self.plugins.display().to_string();
        let settings = WorkersSettings::bare().set("Plugins", "directory", &plugins);
        settings.set("Global", "local", &folder).arguments([kind])
    }

    /// The program under another name.
    pub(crate) fn called(&self, name: &str) -> PathBuf {
        let path = self.directory().join(name);
        if fs::symlink_metadata(&path).is_err() {
            symlink(boefjes(), &path).unwrap();
        }
        path
    }
}

/// The statuses that a task has had.
pub(crate) fn history(services: &Services, task: &Task) -> Vec<String> {
    let (task, _) = services.scheduler.task(task.id).unwrap().unwrap();
    let item: serde_json::Value = serde_json::from_str(&task.item.compact()).unwrap();
    let statuses = item["history"].as_array().unwrap().iter();
    statuses.map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

/// The texts of the only column that a query of a database's has.
pub(crate) fn texts(file: &Path, sql: &str) -> Vec<String> {
    use diesel::prelude::*;
    use diesel::sqlite::SqliteConnection;

    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::Text)]
        status: String,
    }
    let mut connection = SqliteConnection::establish(file.to_str().unwrap()).unwrap();
    let rows: Vec<Row> = diesel::sql_query(sql).load(&mut connection).unwrap();
    rows.into_iter().map(|row| row.status).collect()
}
