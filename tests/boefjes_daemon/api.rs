//! The daemon's API for containers, as they see it.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use ostler_tests::http::{Caller, Heard};
use ostler_tests::openkat::OpenKatVersion;
use ostler_tests::{OpenKat, Workers, WorkersSettings};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A daemon that answers containers and takes no tasks, and those whom it asks.
pub(crate) struct Containers {
    pub(crate) openkat: OpenKat,
    pub(crate) workers: Workers,
    pub(crate) address: SocketAddr,
    _plugins: TempDir,
}

/// The id of the task with this number.
pub(crate) fn task(number: u64) -> String {
    format!("00000000-0000-0000-0000-{number:012}")
}

impl Containers {
    /// With the boefje `dns-records`, which is allowed `REMOTE_NS`.
    pub(crate) fn new(change: impl FnOnce(WorkersSettings) -> WorkersSettings) -> Self {
        Self::of(OpenKatVersion::V1_15, change)
    }

    /// The same among services of this version.
    pub(crate) fn of(
        version: OpenKatVersion,
        change: impl FnOnce(WorkersSettings) -> WorkersSettings,
    ) -> Self {
        let openkat = OpenKat::new(version);
        let plugins = TempDir::new().unwrap();
        write_boefje(plugins.path(), "dns-records", &json!({}));
        openkat.put_object(
            "acme",
            &json!({
                "object_type": "Hostname",
                "scan_profile": null,
                "primary_key": "Hostname|internet|example.com",
                "network": "Network|internet",
                "name": "example.com",
                "dns_zone": null,
                "registered_domain": null,
            }),
        );
        let settings = WorkersSettings::new(&openkat, "boefje")
            .set("Plugins", "directory", &plugins.path().display().to_string())
            .environment("BOEFJE_REMOTE_NS", "9.9.9.9")
            .arguments(["boefje", "--no-worker"]);
        let workers = change(settings).start();
        let address = address(&workers);
        Self { openkat, workers, address, _plugins: plugins }
    }

    /// Puts a boefje's task into its queue.
    pub(crate) fn queue(&self, number: u64, boefje: &str, input: Option<&str>) -> String {
        self.openkat.queue(&json!({
            "id": task(number),
            "boefje": {"id": boefje, "version": null},
            "input_ooi": input,
            "organization": "acme",
        }))
    }

    /// Puts one there that runs.
    pub(crate) fn running(&self, number: u64) -> String {
        let id = self.queue(number, "dns-records", None);
        self.openkat.set_status(&id, "running");
        id
    }

    /// Asks, with JSON if there is a body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: Option<&str>) -> Heard {
        ask(self.address, method, path, body)
    }

    /// Brings results.
    pub(crate) fn bring(&self, id: &str, output: &Value) -> Heard {
        self.ask("POST", &format!("/api/v0/tasks/{id}"), Some(&output.to_string()))
    }
}

/// Asks whoever listens there.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, body: Option<&str>) -> Heard {
    let mut caller = Caller::new(address);
    let body = body.map_or_else(String::new, |body| {
        format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len())
    });
    let end = if body.is_empty() { "\r\n" } else { "" };
    caller.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{body}{end}"));
    caller.one()
}

/// Where containers are answered.
pub(crate) fn address(workers: &Workers) -> SocketAddr {
    let line = workers.log().wait("for containers");
    let (_, rest) = line.split_once("listening on ").unwrap();
    rest.split(' ').next().unwrap().parse().unwrap()
}

/// Writes a program that stands in for a container engine.
pub(crate) fn write_engine(folder: &Path) -> PathBuf {
    let engine = folder.join("engine");
    fs::write(&engine, include_str!("engine.py")).unwrap();
    fs::set_permissions(&engine, fs::Permissions::from_mode(0o755)).unwrap();
    engine
}

/// Writes a boefje that is only a manifest.
pub(crate) fn write_boefje(root: &Path, id: &str, more: &Value) {
    let folder = root.join(id.replace('-', "_"));
    fs::create_dir(&folder).unwrap();
    let mut manifest = json!({"id": id, "name": id, "environment_keys": ["REMOTE_NS"]});
    let schema = json!({"type": "object", "properties": {"REMOTE_NS": {"type": "string"}}});
    fs::write(folder.join("schema.json"), schema.to_string()).unwrap();
    for (key, value) in more.as_object().unwrap() {
        manifest[key] = value.clone();
    }
    fs::write(folder.join("boefje.json"), manifest.to_string()).unwrap();
    fs::write(folder.join("__init__.py"), "").unwrap();
    fs::write(folder.join("main.py"), "def run(boefje_meta):\n    return []\n").unwrap();
}
