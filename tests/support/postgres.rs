//! A private PostgreSQL server for one test: in a directory of its own, on a Unix socket only, with
//! a password, stopped by its own process number.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use ostler_runtime::environment::variable;
use rustix::process::{Signal, getuid};

use crate::process::{Process, UNPRIVILEGED, descendants, kill, unprivileged};
use crate::wait::wait_for;

/// Where Debian puts each version's programs.
const VERSIONS: &str = "/usr/lib/postgresql";
const USER: &str = "postgres";

/// The password of the only user: no text that is shown may hold it.
pub const PASSWORD: &str = "open-sesame";

/// A server and its directory.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    made: AtomicU32,
    directory: tempfile::TempDir,
}

impl Postgres {
    /// A running server without any database of a test.
    pub fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
        if getuid().is_root() {
            chown(path, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).expect("an owner");
        }
        let password = path.join("password");
        fs::write(&password, PASSWORD).expect("a file");
        let mut make = unprivileged(program("initdb"));
        make.arg("--pgdata").arg(path.join("data")).arg("--pwfile").arg(&password);
        make.args(["--username", USER, "--auth", "scram-sha-256", "--encoding", "UTF8"]);
        make.args(["--locale", "C", "--no-sync"]).current_dir(path);
        done(make);
        let mut server = Self { process: None, made: AtomicU32::new(0), directory };
        server.start();
        server
    }

    /// Starts it again.
    pub fn start(&mut self) {
        let path = self.directory.path();
        let mut start = unprivileged(program("postgres"));
        start.arg("-D").arg(path.join("data")).arg("-k").arg(path).current_dir(path);
        // What is lost when the machine stops matters to no test, and the disk is slow.
        start.args(["-c", "listen_addresses=", "-c", "fsync=off"]);
        let log = fs::File::options().create(true).append(true).open(path.join("log"));
        start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.expect("a log"));
        self.process = Some(Process::start(&mut start));
        wait_for("PostgreSQL answers", || {
            let mut ready = self.client("pg_isready");
            ready.stdout(Stdio::null()).status().expect("pg_isready starts").success()
        });
    }

    /// Stops it, with its connections.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.signal(Signal::INT);
            process.ended();
        }
    }

    /// Stops all its processes where they are, until [`Self::thaw`].
    pub fn freeze(&self) {
        self.signal_all(Signal::STOP);
    }

    /// Lets them go on.
    pub fn thaw(&self) {
        self.signal_all(Signal::CONT);
    }

    /// A new, empty database, as a URI.
    pub fn database(&self) -> String {
        let name = format!("test{}", self.made.fetch_add(1, Ordering::Relaxed));
        self.ask(USER, &format!("CREATE DATABASE {name}"));
        let socket = self.directory.path().display();
        format!("postgresql://{USER}:{PASSWORD}@/{name}?host={socket}")
    }

    /// What SQL gives in a database that [`Self::database`] made: a line a row, columns between
    /// bars.
    pub fn sql(&self, uri: &str, sql: &str) -> String {
        let (name, _) = uri.split_once('?').expect("a URI of this server");
        self.ask(name.rsplit('/').next().unwrap_or_default(), sql)
    }

    fn signal_all(&self, signal: Signal) {
        let postmaster = self.process.as_ref().expect("a running server").pid();
        kill(postmaster, signal);
        for process in descendants(postmaster) {
            kill(process.pid, signal);
        }
    }

    fn ask(&self, database: &str, sql: &str) -> String {
        let mut client = self.client("psql");
        client.args(["-AXtq", "-v", "ON_ERROR_STOP=1", "-d", database, "-c", sql]);
        done(client).trim_end().to_owned()
    }

    fn client(&self, name: &str) -> Command {
        let mut client = unprivileged(program(name));
        client.arg("-h").arg(self.directory.path()).args(["-U", USER]);
        client.env("PGPASSWORD", PASSWORD).current_dir(self.directory.path());
        client
    }
}

impl Default for Postgres {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.thaw();
        }
        if let Some(process) = &mut self.process {
            // Without a word to its children it would leave shared memory behind.
            process.signal(Signal::QUIT);
            process.ended();
        }
    }
}

/// The newest installed version's program.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir(VERSIONS).into_iter().flatten().flatten();
    let newest = versions
        .filter_map(|version| version.file_name().to_str()?.parse::<u32>().ok())
        .max()
        .unwrap_or_else(|| panic!("no PostgreSQL in {VERSIONS}"));
    Path::new(VERSIONS).join(newest.to_string()).join("bin").join(name)
}

/// What a command prints that ends well.
fn done(mut command: Command) -> String {
    // Whoever runs the tests may have settings of their own for it.
    for name in ["PGDATA", "PGHOST", "PGPORT", "PGDATABASE", "PGUSER", "PGSERVICE"] {
        if variable(name).is_some() {
            command.env_remove(name);
        }
    }
    let output = command.stdin(Stdio::null()).output().expect("a program starts");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {words}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
