//! What the unit keeps whoever takes over the daemon, or a child of it, from doing.
//!
//! Each attempt succeeds for the same account in a unit that says nothing, and fails under the one
//! that is shipped.

use std::fs;
use std::net::{IpAddr, UdpSocket};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ostler_tests::installed::SERVICE;
use ostler_tests::process::{Process, command};
use ostler_tests::{Installed, Kind, PrivateBurp, Unit};

use crate::installed;

/// A directory that everybody may write to, for what only the unit forbids.
const OPEN: &str = "/usr/open";

/// What forbids it, and what is tried.
const ATTEMPTS: [(&str, &str); 17] = [
    ("ProtectSystem", "touch /usr/open/x"),
    ("ReadOnlyPaths", "touch /run/open"),
    ("InaccessiblePaths", "touch /dev/shm/x"),
    ("ProtectHome", "ls /home"),
    ("PrivateTmp", "cat /tmp/of-others"),
    ("PrivateDevices", "test -e /dev/of-others"),
    ("PrivateUsers", "grep 4294967295 /proc/self/uid_map"),
    ("ProtectProc", "test -e /proc/1/status"),
    ("ProcSubset", "cat /proc/meminfo"),
    ("NoExecPaths /tmp", "cp /bin/true /tmp/mine && /tmp/mine"),
    ("NoExecPaths /run", "cp /bin/true /run/bui-monitor/mine && /run/bui-monitor/mine"),
    ("SystemCallFilter", "renice -n 19 $$"),
    ("RestrictSUIDSGID", "touch /var/tmp/mine && chmod u+s /var/tmp/mine"),
    ("RestrictNamespaces", "unshare --user true"),
    ("LockPersonality", "setarch --addr-no-randomize true"),
    // AF_NETLINK, SOCK_RAW
    ("RestrictAddressFamilies", "perl -e 'socket(S, 16, 3, 0) or exit 1'"),
    ("MemoryDenyWriteExecute", "perl -e 'exit(syscall($MMAP, 0, 4096, 7, 34, -1, 0) == -1)'"),
];

/// `mmap`, to which the last attempt gives memory to be written to and run.
const MMAP: &str = if cfg!(target_arch = "x86_64") { "9" } else { "222" };

/// Tries all as the whole work of a unit, and gives the names of those that succeeded.
fn succeeded(service: &Installed, unit: &str) -> Vec<String> {
    let output = service.systemd().systemctl(&["start", unit]);
    assert!(output.status.success(), "{unit}: {}", String::from_utf8_lossy(&output.stderr));
    let told = fs::read_to_string(service.path("/run/told")).unwrap();
    fs::remove_file(service.path("/run/told")).unwrap();
    told.lines().map(str::to_owned).collect()
}

fn prepare(service: &Installed) {
    let open = |path: &str, mode| {
        fs::set_permissions(service.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    fs::create_dir(service.path(OPEN)).unwrap();
    for path in [OPEN, "/run", "/dev/shm"] {
        open(path, 0o1777);
    }
    for path in ["/tmp/of-others", "/dev/of-others"] {
        fs::write(service.path(path), "").unwrap();
        open(path, 0o666);
    }
    let attempt = |(name, command): &(&str, &str)| {
        let command = command.replace("$MMAP", MMAP);
        format!("if ({command}) > /dev/null 2>&1; then echo '{name}'; fi\n")
    };
    let attempts: String = ATTEMPTS.iter().map(attempt).collect();
    service.give("/etc/burp/attempts", attempts.as_bytes());
}

/// The work of a unit that tries all.
const TRIES: &str = "ExecStart=/bin/sh /etc/burp/attempts\nStandardOutput=file:/run/told\n";

/// The service does this and nothing else.
fn work(service: &Installed, lines: &str) {
    let text = format!("[Service]\nType=oneshot\nRestart=no\nWatchdogSec=0\nExecStart=\n{lines}");
    service.unit("bui-monitor.service.d/work.conf", &text);
}

#[test]
fn what_it_does_not_need_is_refused() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    prepare(&service);
    let account = "User=bui-monitor\nRuntimeDirectory=bui-monitor\n";
    service.unit("bare.service", &format!("[Service]\nType=oneshot\n{account}{TRIES}"));
    let all: Vec<&str> = ATTEMPTS.iter().map(|(name, _)| *name).collect();
    assert_eq!(succeeded(&service, "bare.service"), all, "refused without any unit of ours");
    work(&service, TRIES);
    assert_eq!(succeeded(&service, SERVICE), [""; 0], "granted by the unit");
}

#[test]
fn the_strict_drop_in_lets_no_other_program_run() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    // Where the libraries are, too, a program that is none of theirs.
    let hidden = "/usr/lib/of-others/true";
    fs::create_dir(service.path("/usr/lib/of-others")).unwrap();
    let copied = Process::start(command("cp").arg("/bin/true").arg(service.path(hidden))).ended();
    assert!(copied.success());
    let start = |program: &str| {
        work(&service, &format!("ExecStart={program}\n"));
        service.systemd().systemctl(&["start", SERVICE]).status.success()
    };
    let programs = ["/bin/sh -c true", hidden];
    for program in programs {
        assert!(start(program), "{program}");
    }
    service.drop_in("strict.conf");
    for program in programs {
        assert!(!start(program), "{program}");
        // What systemd calls EXIT_EXEC: the program could not be started.
        assert_eq!(service.property("ExecMainStatus"), "203", "{program}");
    }
}

/// An address of this machine that is not for itself alone, if there is a network.
fn outward() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    // Nothing is sent: this only asks the kernel for the way to an address that is nobody's.
    socket.connect("192.0.2.77:9").ok()?;
    Some(socket.local_addr().ok()?.ip())
}

#[test]
fn the_strict_drop_in_lets_nothing_out_of_the_machine() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    let strict = Unit::shipped("strict.conf");
    let lines = ["IPAddressDeny", "IPAddressAllow"]
        .map(|key| format!("{key}={}\n", strict.one("Service", key)))
        .concat();
    let sends = |address: IpAddr, lines: &str| {
        let work = format!("ExecStart=/bin/bash -c 'echo > /dev/udp/{address}/9'\n");
        service.unit("sends.service", &format!("[Service]\nType=oneshot\n{work}{lines}"));
        service.systemd().systemctl(&["start", "sends.service"]).status.success()
    };
    let loopback = IpAddr::from([127, 0, 0, 1]);
    assert!(sends(loopback, "") && sends(loopback, &lines));
    let Some(outward) = outward() else { return };
    assert!(sends(outward, ""), "{outward}");
    assert!(!sends(outward, &lines), "{outward}");
}

#[test]
fn a_call_that_is_refused_is_one_that_could_end_the_process() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    let deadly = "[Service]\nRestart=no\nSystemCallErrorNumber=kill\n";
    service.unit("bui-monitor.service.d/deadly.conf", deadly);
    // Without a word about the transport, the daemon tries to look into its first child.
    assert!(!service.systemd().systemctl(&["start", SERVICE]).status.success());
    // SIGSYS
    assert_eq!(service.property("ExecMainStatus"), "31");
}

#[test]
fn its_directory_and_sockets_are_closed_to_others() {
    let burp = PrivateBurp::new(Kind::Small);
    let Some(service) = installed(&burp) else { return };
    service.start();
    for (path, mode) in [("/run/bui-monitor", 0o750), ("/run/bui-monitor/socket", 0o660)] {
        let found = service.path(path).metadata().unwrap();
        assert_eq!(found.permissions().mode() & 0o777, mode, "{path}");
        assert_eq!((found.uid(), found.gid()), (service.account(), service.group()), "{path}");
    }
    // Its private files, the relay's, are nobody's but its own.
    let entries = fs::read_dir(service.path("/run/bui-monitor")).unwrap();
    let inner: Vec<_> = entries.map(|entry| entry.unwrap().metadata().unwrap()).collect();
    let directories: Vec<_> = inner.iter().filter(|data| data.is_dir()).collect();
    assert!(!directories.is_empty(), "the relay has files");
    assert!(directories.iter().all(|data| data.permissions().mode() & 0o777 == 0o700));
}
