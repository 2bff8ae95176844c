//! A private burp server for one test.
//!
//! Keys and backups take a second or more to make, so each kind of installation is made once, in
//! the target directory, under a lock. A test gets a copy with ports and a server of its own, and
//! may do with it what it likes.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};

use crate::binaries::{profile_directory, workspace};
use crate::daemon::Settings;
use crate::process::{Process, command};
use crate::wire::Answer;

/// What an installation holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Three clients, two backups each.
    Small,
    /// The same, one client with a directory of 20 000 entries, and 200 more clients.
    Large,
}

/// A running server and its directory.
#[derive(Debug)]
pub struct PrivateBurp {
    directory: tempfile::TempDir,
}

impl PrivateBurp {
    /// A server of this kind.
    pub fn new(kind: Kind) -> Self {
        Self::with(kind, &[])
    }

    /// A server of this kind with further options of `tests/private-burp`.
    pub fn with(kind: Kind, options: &[&str]) -> Self {
        let template = template(kind);
        let directory = tempfile::tempdir().expect("a directory");
        // For daemons that run as another user.
        open(directory.path(), 0o755);
        let mut words = vec!["copy", text(&template), text(directory.path())];
        words.extend(options);
        script(&words);
        open(&directory.path().join("ssl/monitor.key"), 0o644);
        Self { directory }
    }

    /// Burp's program.
    pub fn program() -> &'static Path {
        Path::new("/usr/sbin/burp")
    }

    /// The client configuration of the monitor.
    pub fn conf(&self) -> PathBuf {
        self.directory.path().join("monitor.conf")
    }

    /// A daemon's settings for this server.
    pub fn settings(&self) -> Settings {
        Settings::new(Self::program(), self.conf())
    }

    /// Where the files of `client` were when they were backed up.
    pub fn backed_up(&self, client: &str) -> String {
        let settings = fs::read_to_string(self.directory.path().join("settings")).unwrap();
        let origin = settings.lines().find_map(|line| line.strip_prefix("ORIGIN=")).unwrap();
        format!("{origin}/{client}")
    }

    /// Stops the server.
    pub fn stop(&self) {
        self.script("stop", &[]);
    }

    /// Starts it again, on the same ports.
    pub fn start(&self) {
        self.script("start", &[]);
    }

    /// Has it reread its configuration, at which it drops its status children.
    pub fn reload(&self) {
        self.script("reload", &[]);
    }

    /// Makes a further backup.
    pub fn backup(&self, client: &str) {
        self.script("backup", &[client]);
    }

    /// Begins a further backup that takes a while.
    pub fn begin_backup(&self, client: &str) {
        self.script("backup", &[client, "--slow", "--background"]);
    }

    /// Waits until no backup of `client` is under way.
    pub fn finish_backup(&self, client: &str) {
        self.script("wait", &[client]);
    }

    /// Adds a client that has no backups.
    pub fn add(&self, client: &str) {
        self.script("add", &[client]);
    }

    /// What a bare child prints to each of `queries`, without the newline.
    pub fn bare(&self, queries: &[&str]) -> Vec<Vec<u8>> {
        let mut child = Process::start(
            command(Self::program())
                .arg("-c")
                .arg(self.conf())
                .args(["-a", "m"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null()),
        );
        let mut input = child.streams().stdin.take().unwrap();
        let mut output = BufReader::new(child.streams().stdout.take().unwrap());
        let mut answer = |query: &str| {
            writeln!(input, "{query}").expect("write to burp");
            loop {
                let mut line = Vec::new();
                output.read_until(b'\n', &mut line).expect("read from burp");
                assert_eq!(line.pop(), Some(b'\n'), "burp ended at {query}");
                if !line.starts_with(b"{ \"logline\"") {
                    return line;
                }
            }
        };
        answer("j:pretty-print-off");
        queries.iter().map(|query| answer(query)).collect()
    }

    /// One query of each kind that burp knows.
    pub fn kinds(&self) -> Vec<String> {
        let data = self.backed_up("client1");
        let mut all: Vec<String> =
            ["c:", "c:client1", "c:client2:b:1", "c:client1:b:2:p:", "nonsense"]
                .map(str::to_owned)
                .into();
        for log in ["backup", "backup_stats", "manifest", "restore", "verify_stats"] {
            all.push(format!("c:client1:b:2:l:{log}"));
        }
        // burp drops ASCII's white space at the end of a query, and no other.
        for directory in
            ["docs", "with space", "col:on", "nothing there", "no-break\u{a0}", "space "]
        {
            all.push(format!("c:client1:b:2:p:{data}/{directory}"));
        }
        all.push("c:client1:b:1:p:*".to_owned());
        all
    }

    /// Asks each of `queries`, and each answer must be what a bare child prints.
    pub fn compare(&self, queries: &[String], ask: impl Fn(&str) -> Answer) {
        let words: Vec<&str> = queries.iter().map(String::as_str).collect();
        for (query, bare) in words.iter().zip(self.bare(&words)) {
            let ours = ask(query).body();
            assert!(
                ours == bare,
                "{query}:\n{}\nnot what a bare child prints:\n{}",
                ours.escape_ascii(),
                bare.escape_ascii(),
            );
        }
    }

    fn script(&self, action: &str, more: &[&str]) {
        let mut words = vec![action, text(self.directory.path())];
        words.extend(more);
        script(&words);
    }
}

impl Drop for PrivateBurp {
    fn drop(&mut self) {
        self.script("down", &[]);
    }
}

/// The installation that copies are made from; its server does not run.
fn template(kind: Kind) -> PathBuf {
    let options: &[&str] = match kind {
        Kind::Small => &[],
        Kind::Large => &["--big", "20000", "--copies", "200"],
    };
    let mut hasher = DefaultHasher::new();
    fs::read(script_path()).expect("the script").hash(&mut hasher);
    let name = format!("{kind:?}-{:016x}", hasher.finish());
    let all = profile_directory().join("private-burp");
    fs::create_dir_all(&all).expect("a directory");
    let lock = File::create(all.join("lock")).expect("the lock file");
    // Held until the file is closed. Others who wait for it wait for one installation.
    flock(&lock, FlockOperation::LockExclusive).expect("the lock");
    let (done, made) = (all.join(&name), all.join(format!("{name}.new")));
    if !done.exists() {
        let path = text(&made);
        let mut words = vec!["up", path];
        words.extend(options);
        script(&words);
        script(&["down", path]);
        fs::rename(&made, &done).expect("the finished installation");
    }
    done
}

fn script_path() -> PathBuf {
    workspace().join("tests/private-burp")
}

fn script(words: &[&str]) {
    // What it starts in the background must not hold a pipe of ours, so its words go to a file.
    let log = tempfile::tempfile().expect("a file");
    let mut process = Process::start(
        command("bash")
            .arg(script_path())
            .args(words)
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log.try_clone().expect("a file")),
    );
    let ended = process.ended();
    assert!(ended.success(), "private-burp {words:?}: {}", said(log));
}

fn said(mut log: File) -> String {
    use std::io::{Read, Seek};
    let mut text = String::new();
    log.rewind().expect("rewind");
    let _ = log.read_to_string(&mut text);
    text
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn open(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}
