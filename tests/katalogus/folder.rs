//! Plugin folders of a test, and who watches them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, ChildStdout, Stdio};

use katalogus::Generation;
use ostler_runtime::Deadline;
use ostler_tests::binaries::{plugin_folder, workspace};
use ostler_tests::process::{Identity, Process, children, command};
use ostler_tests::{PATIENCE, wait_until};
use serde_json::Value;
use tempfile::TempDir;

/// A boefje's module as it should be.
pub(crate) const MODULE: &str = "def run(boefje_meta):\n    return []\n";

/// A plugin folder that is gone after the test. Its folder's name is `plugins`.
pub(crate) struct Folder {
    parent: TempDir,
}

impl Folder {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let folder = Self { parent: TempDir::new().unwrap() };
        fs::create_dir(folder.path()).unwrap();
        folder
    }

    /// A copy of one of the folders in `testdata`.
    pub(crate) fn copy(name: &str) -> Self {
        let folder = Self { parent: TempDir::new().unwrap() };
        copy(&recorded(name), &folder.path());
        folder
    }

    /// A copy of the folder with which a generation of the original was recorded.
    pub(crate) fn recorded(generation: Generation) -> Self {
        Self::copy(match generation {
            Generation::V1_15 => "plugins",
            Generation::V1_20 => "plugins20",
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> PathBuf {
        self.parent.path().join("plugins")
    }

    /// The log of who watches it.
    pub(crate) fn log(&self) -> PathBuf {
        self.parent.path().join("log")
    }

    /// Writes a file in it, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Adds a boefje with this module, in a package of the same name.
    pub(crate) fn boefje(&self, id: &str, module: &str) {
        self.write(&format!("{id}/main.py"), module);
        self.write(&format!("{id}/boefje.json"), &format!("{{\"id\":\"{id}\",\"name\":\"{id}\"}}"));
        self.write(&format!("{id}/__init__.py"), "");
    }
}

/// Something in `testdata`.
pub(crate) fn recorded(name: &str) -> PathBuf {
    workspace().join("tests/katalogus/testdata").join(name)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// How a [`Watcher`] watches.
pub(crate) struct Manner<'m> {
    pub(crate) generation: &'m str,
    pub(crate) python: &'m str,
    pub(crate) check_millis: u64,
    pub(crate) module_millis: u64,
}

impl Default for Manner<'_> {
    /// With an interpreter, and without looks that no event asks for.
    fn default() -> Self {
        let (generation, python) = ("1.15", "python3");
        Self { generation, python, check_millis: 3_600_000, module_millis: 30_000 }
    }
}

/// A process that watches a folder. It has scanned it once.
pub(crate) struct Watcher {
    process: Process,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    log: PathBuf,
}

impl Watcher {
    pub(crate) fn start(folder: &Folder, manner: &Manner<'_>) -> Self {
        let mut process = Process::start(
            command(plugin_folder())
                .arg(folder.path())
                .args([manner.generation, manner.python])
                .args([manner.check_millis, manner.module_millis].map(|millis| millis.to_string()))
                .arg(folder.log())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped()),
        );
        let questions = process.streams().stdin.take().unwrap();
        let answers = BufReader::new(process.streams().stdout.take().unwrap());
        let mut watcher = Self { process, questions, answers, log: folder.log() };
        watcher.look();
        watcher
    }

    /// What it sees now.
    pub(crate) fn look(&mut self) -> Seen {
        self.say("look");
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        Seen(serde_json::from_str(&line).expect("an answer"))
    }

    /// What it sees once that is as wanted.
    pub(crate) fn sees(&mut self, what: &str, mut wanted: impl FnMut(&Seen) -> bool) -> Seen {
        wait_until(Deadline::after(PATIENCE), what, || {
            let seen = self.look();
            wanted(&seen).then_some(seen)
        })
    }

    /// Asks for a scan.
    pub(crate) fn rescan(&mut self) {
        self.say("rescan");
    }

    /// The lines of its log that hold `text`.
    pub(crate) fn lines(&self, text: &str) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }

    /// The processes that it has started.
    pub(crate) fn children(&self) -> Vec<Identity> {
        children(self.process.pid())
    }

    /// Tells it that nothing more is wanted, and waits for its end.
    pub(crate) fn end(mut self) {
        drop(self.questions);
        assert!(self.process.ended().success());
    }

    fn say(&mut self, question: &str) {
        writeln!(self.questions, "{question}").unwrap();
    }
}

/// What a watcher sees of a folder.
pub(crate) struct Seen(pub(crate) Value);

impl Seen {
    /// A number of its statistics.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap()
    }

    /// Whether the last scan failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.0["failing"] == true
    }

    /// The plugins.
    pub(crate) fn plugins(&self) -> &[Value] {
        self.0["plugins"].as_array().unwrap()
    }

    /// The ids of the plugins.
    pub(crate) fn ids(&self) -> Vec<&str> {
        self.plugins().iter().map(|plugin| plugin["id"].as_str().unwrap()).collect()
    }
}
