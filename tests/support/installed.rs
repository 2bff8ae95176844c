//! `bui-monitor` as a package installs it, run by a systemd of one's own under the shipped unit, in
//! front of a real burp server.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::binaries::{bui_monitor, workspace};
use crate::private::PrivateBurp;
use crate::process::{Identity, Process, children, command, monitors};
use crate::systemd::PrivateSystemd;
use crate::unit::{Unit, shipped};
use crate::wait::wait_for;
use crate::wire::{Address, Answer, PASSWORD, ask};

/// The unit.
pub const SERVICE: &str = "bui-monitor.service";

/// Where its standard error goes, since no journal runs there.
const LOG: &str = "/run/bui-monitor.log";

/// Where its Unix socket is.
const SOCKET: &str = "/run/bui-monitor/socket";

/// An installation. Nothing runs before it is started.
#[derive(Debug)]
pub struct Installed {
    systemd: PrivateSystemd,
    account: u32,
    group: u32,
    global: Vec<(String, String)>,
}

impl Installed {
    /// An installation that listens on a free port and on a Unix socket, with two children of this
    /// burp; or why this machine grants none.
    pub fn new(burp: &PrivateBurp) -> Result<Self, String> {
        let systemd = PrivateSystemd::boot()?;
        let mut installed = Self { systemd, account: 0, group: 0, global: Vec::new() };
        installed.install();
        installed.connect(burp);
        for (key, value) in [
            ("bind", format!("127.0.0.1, unix:{SOCKET}").as_str()),
            ("port", "0"),
            ("password", PASSWORD),
            ("pool", "2"),
        ] {
            installed.set(key, value);
        }
        Ok(installed)
    }

    /// What a package brings: the program, the units and the account.
    fn install(&mut self) {
        let program = self.path("/usr/sbin/bui-monitor");
        // A program that this process writes itself might be "busy" when it is started.
        let copied = Process::start(command("cp").arg(bui_monitor()).arg(program)).ended();
        assert!(copied.success(), "a copy of the daemon");
        for name in [SERVICE, "bui-monitor.socket"] {
            fs::copy(shipped(name), self.systemd.unit(name)).expect("a unit");
        }
        let account = fs::read(workspace().join("packaging/sysusers/bui-monitor.conf"));
        let file = self.path("/usr/lib/sysusers.d/bui-monitor.conf");
        fs::write(file, account.expect("the account's file")).expect("the account's file");
        let made = self.systemd.command("systemd-sysusers").arg("bui-monitor.conf").output();
        assert!(made.is_ok_and(|output| output.status.success()), "the account");
        self.account = self.number("/etc/passwd");
        self.group = self.number("/etc/group");
        // The unit's own command, with a log that tells what the tests wait for.
        let service = Unit::shipped(SERVICE);
        let command = service.one("Service", "ExecStart");
        let more = format!("ExecStart=\nExecStart={command} -vvv\nStandardError=append:{LOG}\n");
        self.unit("bui-monitor.service.d/aaa.conf", &format!("[Service]\n{more}"));
    }

    /// The number of its account, or of its group, by the third field of this file.
    fn number(&self, file: &str) -> u32 {
        let text = fs::read_to_string(self.path(file)).expect("accounts");
        let entry = text.lines().find_map(|line| line.strip_prefix("bui-monitor:"));
        entry.and_then(|rest| rest.split(':').nth(1)?.parse().ok()).expect("the account")
    }

    /// Burp's client, its certificates beside its configuration as in Debian, and all of it readable
    /// by the account.
    fn connect(&self, burp: &PrivateBurp) {
        let conf = burp.conf();
        let directory = conf.parent().expect("a directory");
        let text = fs::read_to_string(&conf).expect("burp's configuration");
        let text = text.replace(&directory.display().to_string(), "/etc/burp");
        self.give("/etc/burp/burp.conf", text.as_bytes());
        let ssl = self.path("/etc/burp/ssl");
        fs::create_dir(&ssl).expect("a directory");
        for name in ["ca.pem", "monitor.pem", "monitor.key"] {
            let bytes = fs::read(directory.join("ssl").join(name)).expect("burp's certificates");
            self.give(&format!("/etc/burp/ssl/{name}"), &bytes);
        }
    }

    /// The systemd that runs it.
    pub fn systemd(&self) -> &PrivateSystemd {
        &self.systemd
    }

    /// What is at this absolute path of its root.
    pub fn path(&self, path: &str) -> PathBuf {
        self.systemd.path(path)
    }

    /// Makes a file that is root's, and that the account can read.
    pub fn give(&self, path: &str, bytes: &[u8]) {
        let file = self.path(path);
        self.keep(path, bytes);
        chown(&file, None, Some(self.group)).expect("another group");
        mode(&file, 0o640);
    }

    /// Makes a file that root alone can read.
    pub fn keep(&self, path: &str, bytes: &[u8]) {
        let file = self.path(path);
        fs::write(&file, bytes).expect("a file");
        mode(&file, 0o600);
    }

    /// Sets a key of `[Global]`.
    pub fn set(&mut self, key: &str, value: &str) {
        self.global.retain(|(other, _)| other != key);
        self.global.push((key.to_owned(), value.to_owned()));
        self.write();
    }

    /// Leaves a key of `[Global]` out.
    pub fn unset(&mut self, key: &str) {
        self.global.retain(|(other, _)| other != key);
        self.write();
    }

    fn write(&self) {
        let lines = self.global.iter().map(|(key, value)| format!("{key} = {value}\n"));
        let burp = "[Burp]\nburpbin = /usr/sbin/burp\nbconfcli = /etc/burp/burp.conf\n";
        let text = format!("[Global]\n{}{burp}", lines.collect::<String>());
        self.give("/etc/burp/bui-monitor.cfg", text.as_bytes());
    }

    /// Makes this file among the units, such as `UNIT.d/NAME.conf`, and has systemd read it.
    pub fn unit(&self, name: &str, text: &str) {
        let file = self.systemd.unit(name);
        fs::create_dir_all(file.parent().expect("a directory")).expect("a directory");
        fs::write(file, text).expect("a unit");
        self.succeed(&["daemon-reload"]);
    }

    /// Adds a drop-in of the service as it is shipped.
    pub fn drop_in(&self, name: &str) {
        let text = fs::read_to_string(shipped(name)).expect("a drop-in");
        self.unit(&format!("{SERVICE}.d/{name}"), &text);
    }

    /// Runs `systemctl`, which must succeed.
    pub fn succeed(&self, words: &[&str]) {
        let output = self.systemd.systemctl(words);
        assert!(output.status.success(), "systemctl {words:?}: {}", self.told(&output));
    }

    /// All that is known of a command that failed.
    fn told(&self, output: &Output) -> String {
        let status = self.systemd.systemctl(&["status", "--full", "--no-pager", SERVICE]);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{}\n{}\n{}", text(&output.stderr), text(&status.stdout), self.log())
    }

    /// Starts the service, which is done when it has said that it is ready, and waits for both
    /// children.
    pub fn start(&self) {
        self.succeed(&["start", SERVICE]);
        self.wait_ready(2);
    }

    /// Waits until this many children are ready.
    pub fn wait_ready(&self, wanted: u64) {
        wait_for(&format!("{wanted} children are ready"), || self.status()["n_ready"] == wanted);
    }

    /// The number of its account.
    pub fn account(&self) -> u32 {
        self.account
    }

    /// The number of its account's group.
    pub fn group(&self) -> u32 {
        self.group
    }

    /// A property that systemd has of the service.
    pub fn property(&self, name: &str) -> String {
        let output = self.systemd.systemctl(&["show", "--property", name, "--value", SERVICE]);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The process number, here, of the daemon, if it runs.
    pub fn daemon(&self) -> Option<u32> {
        let named = |process: &Identity| {
            let name = fs::read_to_string(format!("/proc/{}/comm", process.pid));
            name.is_ok_and(|name| name.trim() == "bui-monitor")
        };
        children(self.systemd.pid()).into_iter().find(named).map(|process| process.pid)
    }

    /// Its burp monitors.
    pub fn children(&self) -> Vec<Identity> {
        self.daemon().map(monitors).unwrap_or_default()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path(LOG)).unwrap_or_default()
    }

    /// Its port on the loopback address, by the newest line of the log that tells it.
    pub fn port(&self) -> Address {
        let log = self.log();
        let places = log.lines().filter_map(|line| line.split_once("listening on ").map(|at| at.1));
        let port = places.filter_map(|place| place.parse().ok()).next_back();
        Address::Tcp(port.expect("an address and a port"))
    }

    /// Its Unix socket.
    pub fn socket(&self) -> Address {
        Address::Unix(self.path(SOCKET))
    }

    /// Asks an uncached query over the Unix socket.
    pub fn query(&self, text: &str) -> Answer {
        ask(&self.socket(), &json!({ "query": text, "cache": false }))
    }

    /// The answer of the function `status` over the Unix socket.
    pub fn status(&self) -> Value {
        ask(&self.socket(), &json!({ "func": "status" })).json()
    }
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("permissions");
}
