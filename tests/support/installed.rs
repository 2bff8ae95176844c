//! `bui-monitor` as a package installs it, run by a systemd of one's own under the shipped unit, in
//! front of a real burp server.

use std::fs;
use std::ops::Deref;

use serde_json::{Value, json};

use crate::binaries::bui_monitor;
use crate::packaged::{Package, Packaged};
use crate::private::PrivateBurp;
use crate::process::{Identity, monitors};
use crate::unit::Unit;
use crate::wait::wait_for;
use crate::wire::{Address, Answer, PASSWORD, ask};

/// The unit.
pub const SERVICE: &str = "bui-monitor.service";

/// Where its Unix socket is.
const SOCKET: &str = "/run/bui-monitor/socket";

/// An installation. Nothing runs before it is started.
#[derive(Debug)]
pub struct Installed {
    packaged: Packaged,
    global: Vec<(String, String)>,
}

impl Deref for Installed {
    type Target = Packaged;

    fn deref(&self) -> &Packaged {
        &self.packaged
    }
}

impl Installed {
    /// An installation that listens on a free port and on a Unix socket, with two children of this
    /// burp; or why this machine grants none.
    pub fn new(burp: &PrivateBurp) -> Result<Self, String> {
        let package = Package {
            binary: bui_monitor(),
            name: "bui-monitor",
            units: &[SERVICE, "bui-monitor.socket"],
            service: SERVICE,
        };
        // The unit's own command, with a log that tells what the tests wait for.
        let service = Unit::shipped(SERVICE);
        let command = service.one("Service", "ExecStart");
        let packaged = Packaged::new(package, &format!("ExecStart=\nExecStart={command} -vvv\n"))?;
        let mut installed = Self { packaged, global: Vec::new() };
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

    /// Burp's client, its certificates beside its configuration as in Debian, and all of it readable
    /// by the account.
    fn connect(&self, burp: &PrivateBurp) {
        let conf = burp.conf();
        let directory = conf.parent().expect("a directory");
        let text = fs::read_to_string(&conf).expect("burp's configuration");
        let text = text.replace(&directory.display().to_string(), "/etc/burp");
        self.give("/etc/burp/burp.conf", text.as_bytes());
        for name in ["ca.pem", "monitor.pem", "monitor.key"] {
            let bytes = fs::read(directory.join("ssl").join(name)).expect("burp's certificates");
            self.give(&format!("/etc/burp/ssl/{name}"), &bytes);
        }
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

    /// Its burp monitors.
    pub fn children(&self) -> Vec<Identity> {
        self.daemon().map(monitors).unwrap_or_default()
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
