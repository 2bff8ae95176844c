//! `HAProxy` with the example of `etc`, in front of daemons on addresses of their own.

use std::fs;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU8, Ordering};

use rustix::process::getuid;

use crate::binaries::workspace;
use crate::process::{Process, command};
use crate::wait::{PATIENCE, wait_for};

/// Where the package puts it.
const PROGRAM: &str = "/usr/sbin/haproxy";

/// The network of the example, whose addresses become those of a [`Site`].
const EXAMPLE: &str = "192.0.2.";

/// The last numbers of the addresses in the example.
const FRONT: u8 = 10;
const BACK: u8 = 11;

/// The port of the example: `HAProxy`'s and the daemons'.
pub const PORT: u16 = 11111;

/// The port of the example where daemons are asked for their status.
pub const STATUS_PORT: u16 = 11112;

/// What `HAProxy` can only do that is started by root.
const OF_ROOT: [&str; 3] = ["chroot ", "user ", "group "];

/// The example's path.
pub fn example() -> PathBuf {
    workspace().join("etc/haproxy.cfg")
}

/// What `haproxy -c` ends with about the example, and all that it says.
pub fn check() -> (Option<i32>, String) {
    let mut check = command(PROGRAM);
    let output = check.arg("-c").arg("-f").arg(example()).output().expect("HAProxy starts");
    let words = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&words).into_owned())
}

/// Addresses of this machine that belong to one test, so that the ports can be the usual ones: no
/// other test listens there, and nobody connects from there.
#[derive(Clone, Copy, Debug)]
pub struct Site {
    network: [u8; 3],
}

impl Site {
    /// One that nobody has.
    pub fn new() -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(0);
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        assert!(number < 8, "eight sites a process");
        // 127.0 is everybody's.
        Self { network: [(high % 31 + 1) * 8 + number, low, 127] }
    }

    /// The address of the daemon with this number.
    pub fn daemon(self, number: u8) -> IpAddr {
        self.address(BACK + number).into()
    }

    /// Where `HAProxy` listens.
    pub fn front(self) -> SocketAddr {
        (self.address(FRONT), PORT).into()
    }

    /// The start of all its addresses.
    fn start(self) -> String {
        let address = self.address(0).to_string();
        address.trim_end_matches('0').to_owned()
    }

    fn address(self, last: u8) -> Ipv4Addr {
        let [third, second, first] = [self.network[1], self.network[0], self.network[2]];
        Ipv4Addr::new(first, second, third, last)
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}

/// A running `HAProxy`.
#[derive(Debug)]
pub struct Haproxy {
    _process: Process,
    // Last, so that the directory outlives the process.
    directory: tempfile::TempDir,
}

impl Haproxy {
    /// Starts it with the example, on the addresses of `site`.
    pub fn start(site: Site) -> Self {
        Self::changed(site, &[])
    }

    /// The same with other words in the example, each in place of one that is there.
    pub fn changed(site: Site, changes: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let socket = directory.path().join("admin.sock");
        let text = fs::read_to_string(example()).expect("the example");
        let admin = socket.display().to_string();
        let ours = [(EXAMPLE, &site.start()[..]), ("/run/haproxy/admin.sock", &admin)];
        let text = ours.iter().chain(changes).fold(text, |text, (there, new)| {
            assert!(text.contains(there), "{there:?} is not in the example");
            text.replace(there, new)
        });
        let may_stay = |line: &&str| {
            getuid().is_root() || !OF_ROOT.iter().any(|word| line.trim().starts_with(word))
        };
        let text: Vec<&str> = text.lines().filter(may_stay).collect();
        let file = directory.path().join("haproxy.cfg");
        fs::write(&file, text.join("\n") + "\n").expect("the configuration");
        let mut start = command(PROGRAM);
        start.arg("-db").arg("-f").arg(file).stdin(Stdio::null());
        let process = Process::start(&mut start);
        let haproxy = Self { _process: process, directory };
        // It answers when it listens everywhere.
        wait_for("HAProxy answers", || UnixStream::connect(&socket).is_ok());
        haproxy
    }

    /// What it answers to a command of its administrator.
    pub fn tell(&self, command: &str) -> String {
        let socket = self.directory.path().join("admin.sock");
        let mut stream = UnixStream::connect(socket).expect("the administrator's socket");
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        writeln!(stream, "{command}").expect("a command");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    /// Waits until it says that a daemon is `UP`, `DOWN` or what else there is.
    pub fn wait_status(&self, server: &str, status: &str) {
        wait_for(&format!("{server} is {status}"), || self.figure(server, "status") == status);
    }

    /// What it says of a daemon in this column of its statistics.
    pub fn figure(&self, server: &str, column: &str) -> String {
        let table = self.tell("show stat");
        let mut rows = table.trim_start_matches("# ").lines().map(|row| row.split(','));
        let head: Vec<&str> = rows.next().expect("a head").collect();
        let place = |name| head.iter().position(|column| *column == name).expect("a column");
        let (backend, name, wanted) = (place("pxname"), place("svname"), place(column));
        let rows = rows.map(Iterator::collect::<Vec<_>>);
        let row = rows.into_iter().find(|row| {
            row.get(backend) == Some(&"bui-monitors") && row.get(name) == Some(&server)
        });
        let figure = row.and_then(|row| row.get(wanted).map(ToString::to_string));
        figure.unwrap_or_else(|| panic!("nothing of {server} in {table}"))
    }
}
