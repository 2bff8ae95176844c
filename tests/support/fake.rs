//! A scripted burp, ready to be given to a daemon: a program, a client configuration, and the
//! controller that its children ask.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::binaries::fake_burp;
use crate::controller::Controller;
use crate::daemon::Settings;
use crate::process::{Process, command};

/// A scripted burp and its controller.
pub struct FakeBurp {
    controller: Controller,
    directory: tempfile::TempDir,
}

impl FakeBurp {
    /// A burp that says it is version 3.1.4.
    pub fn new() -> Self {
        Self::version("3.1.4")
    }

    /// A burp whose program says that it is this version. What a child says when it greets is the
    /// script's business.
    pub fn version(version: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        // A link, since a program that is just being written cannot be started.
        symlink(fake_burp(), at("burp")).expect("the program");
        let conf = format!(
            "mode = client\nserver = 127.0.0.1\nstatus_port = 4972\ncname = monitor\n\
             fake_control = {}\nfake_version = {version}\n",
            at("control").display(),
        );
        fs::write(at("burp.conf"), conf).expect("the configuration");
        let controller = Controller::listen(&at("control"));
        Self { controller, directory }
    }

    /// The program.
    pub fn program(&self) -> PathBuf {
        self.directory.path().join("burp")
    }

    /// The client configuration.
    pub fn conf(&self) -> PathBuf {
        self.directory.path().join("burp.conf")
    }

    /// Where both lie.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Lets every user of this machine read, run and connect to it, whatever directory it was built
    /// in.
    pub fn open(&self) {
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
        let built = fs::canonicalize(self.program()).expect("the program");
        fs::remove_file(self.program()).expect("the link to the program");
        // A program that this process writes itself might be "busy" when it is started.
        let copied = Process::start(command("cp").arg(built).arg(self.program())).ended();
        assert!(copied.success(), "a copy of the program");
        mode(self.directory(), 0o755).expect("an open directory");
        mode(&self.directory().join("control"), 0o777).expect("an open socket");
    }

    /// A daemon's settings for this burp. It has no sockets, so the transport is plain.
    pub fn settings(&self) -> Settings {
        Settings::new(self.program(), self.conf()).set("transport", "plain")
    }
}

impl Default for FakeBurp {
    fn default() -> Self {
        Self::new()
    }
}

impl Deref for FakeBurp {
    type Target = Controller;

    fn deref(&self) -> &Controller {
        &self.controller
    }
}

impl DerefMut for FakeBurp {
    fn deref_mut(&mut self) -> &mut Controller {
        &mut self.controller
    }
}
