//! Python with the module `broker`: that of the environment which `tests/bindings_python/run` has
//! installed the wheel in, or the machine's with the module as this source makes it.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use ostler_runtime::environment::variable;
use tempfile::TempDir;

use crate::binaries::{broker_python, workspace};
use crate::process::{Process, command};

/// See the module.
pub struct Python {
    program: String,
    /// Where the module is that was not installed.
    folder: Option<TempDir>,
}

impl Python {
    /// With the module.
    pub fn new() -> Self {
        if let Some(program) = variable("BROKER_PYTHON") {
            return Self { program, folder: None };
        }
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("broker");
        fs::create_dir(&module).unwrap();
        symlink(broker_python(), module.join("_broker.abi3.so")).unwrap();
        let source = workspace().join("src/bindings/python/broker");
        for file in fs::read_dir(source).unwrap() {
            let file = file.unwrap();
            symlink(file.path(), module.join(file.file_name())).unwrap();
        }
        Self { program: "python3".to_owned(), folder: Some(folder) }
    }

    /// A command that runs it, to be completed.
    pub fn command(&self) -> Command {
        let mut python = command(&self.program);
        python.stdin(Stdio::null()).env("PYTHONDONTWRITEBYTECODE", "1");
        match &self.folder {
            Some(folder) => python.env("PYTHONPATH", folder.path()),
            // Nothing but what is installed.
            None => python.env_remove("PYTHONPATH"),
        };
        python
    }

    /// Runs a program of `tests/bindings_python`, whose every test must pass.
    pub fn run(&self, program: &str, arguments: &[&str]) {
        let mut python = self.command();
        python.arg(workspace().join("tests/bindings_python").join(program)).args(arguments);
        let ended = Process::start(&mut python).ended();
        assert!(ended.success(), "{program}: see what it says above");
    }
}

impl Default for Python {
    fn default() -> Self {
        Self::new()
    }
}
