//! A machine of its own for one test, with plugins that are looked at and never run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use boefjes::{BoefjeMeta, LocalSettings, Output, PluginName, Services, Task, TaskData, TaskKind};
use katalogus::{DiscoverySettings, Generation, Json, Object, Plugins, Python};
use ostler_runtime::Moment;
use ostler_tests::checked::write;
use uuid::Uuid;

/// The folders of the machine and of its plugins.
pub(crate) struct Place {
    directory: tempfile::TempDir,
    pub(crate) plugins: Arc<Plugins>,
}

impl Place {
    /// With normalizers of these manifests.
    pub(crate) fn new(normalizers: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("plugins");
        std::fs::create_dir(&root).unwrap();
        for (number, manifest) in normalizers.iter().enumerate() {
            let folder = root.join(format!("n{number}"));
            std::fs::create_dir(&folder).unwrap();
            write(&folder.join("__init__.py"), "");
            write(&folder.join("normalizer.json"), manifest);
            write(&folder.join("normalize.py"), "def run(normalizer_meta, raw):\n    return []\n");
        }
        let discovery = DiscoverySettings {
            python: Python::None,
            ..DiscoverySettings::new(&root, Generation::V1_15)
        };
        Self { directory, plugins: Arc::new(Plugins::start(discovery).unwrap()) }
    }

    /// The machine's folder.
    pub(crate) fn folder(&self) -> std::path::PathBuf {
        self.directory.path().join("machine")
    }

    /// Its services, as one more process has them.
    pub(crate) fn services(&self) -> Services {
        Services::local_with(self.settings(), Arc::clone(&self.plugins)).unwrap()
    }

    /// What they are opened with.
    pub(crate) fn settings(&self) -> LocalSettings {
        let max_lock_wait = Duration::from_millis(300);
        LocalSettings { max_lock_wait, ..LocalSettings::new(self.folder()) }
    }

    /// Its database.
    pub(crate) fn database(&self) -> std::path::PathBuf {
        self.folder().join("boefjes.db")
    }
}

/// A run of a boefje.
pub(crate) fn run(organization: &str, boefje: &str) -> BoefjeMeta {
    BoefjeMeta {
        id: Uuid::new_v4(),
        started_at: Some(Moment::now()),
        ended_at: Some(Moment::now()),
        boefje: PluginName { id: boefje.to_owned(), version: None },
        input_ooi: Some("Hostname|internet|example.com".to_owned()),
        arguments: Object::new(),
        organization: organization.to_owned(),
        runnable_hash: None,
        environment: Some(vec![("KEY".to_owned(), "value".to_owned())]),
    }
}

/// A task of a boefje that is in no queue yet.
pub(crate) fn task(organization: &str, boefje: &str) -> Task {
    let meta = run(organization, boefje);
    Task {
        id: meta.id,
        queue: String::new(),
        hash: None,
        modified_at: None,
        data: TaskData::Boefje(meta),
        item: Json::Null,
    }
}

/// A raw file.
pub(crate) fn raw(content: &[u8], mime_types: &[&str]) -> Output {
    let mime_types = mime_types.iter().map(|one| (*one).to_owned()).collect();
    Output { name: None, mime_types, content: content.to_vec() }
}

/// Takes so many tasks of a kind.
pub(crate) fn pop(services: &Services, kind: TaskKind, limit: usize) -> Vec<Task> {
    let popped = services.scheduler.pop(kind, limit, &boefjes::Filters::default()).unwrap();
    assert!(popped.unreadable.is_empty());
    popped.tasks
}

/// The statuses that a task had.
pub(crate) fn history(services: &Services, id: Uuid) -> Vec<String> {
    let (task, _) = services.scheduler.task(id).unwrap().unwrap();
    let text = task.item.compact();
    let item: serde_json::Value = serde_json::from_str(&text).unwrap();
    let statuses = item["history"].as_array().unwrap().iter();
    statuses.map(|one| one["status"].as_str().unwrap().to_owned()).collect()
}

/// Whether nobody but its owner may touch it.
pub(crate) fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path).unwrap().permissions().mode();
    [0o070, 0o007].iter().all(|others| mode & others == 0)
}
