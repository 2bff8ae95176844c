//! A configuration that cannot be read any more, a clock that jumps, and a machine that is slow.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use ostler_runtime::Thread;
use ostler_tests::binaries::workspace;
use ostler_tests::process::{self, UNPRIVILEGED, command, descendants};
use ostler_tests::program::{RELOADED, UNCHANGED};
use ostler_tests::{Daemon, FakeBurp, Fault, Load, Manager, Step};
use rustix::process::Signal;
use serde_json::json;

use crate::children::{CLIENTS, POOL, QUERY, healed, standard, total};

/// Who may do what with the daemon's configuration and its directory: all, or only root.
fn readable(daemon: &Daemon, readable: bool) {
    let (file, directory) = if readable { (0o644, 0o755) } else { (0o000, 0o700) };
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    mode(&daemon.file(), file).unwrap();
    mode(daemon.directory(), directory).unwrap();
}

#[test]
fn r06_the_configuration_cannot_be_read_after_the_rights_were_given_up() {
    let (burp, manager) = (FakeBurp::new(), Manager::new());
    let place = tempfile::tempdir().unwrap();
    let mut settings = standard(&burp).set("runtime_dir", place.path().to_str().unwrap());
    let root = rustix::process::getuid().is_root();
    if root {
        burp.open();
        chown(place.path(), Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        settings = settings.set("user", "nobody");
    }
    let mut fault = Fault::begin("R06");
    let mut daemon = manager.watched(settings).start();
    daemon.wait_ready(POOL);
    manager.wait("READY=1");
    let children = daemon.children();
    readable(&daemon, false);
    daemon.signal(Signal::HUP);
    manager.wait("RELOADING=1\nMONOTONIC_USEC=");
    manager.wait("READY=1");
    daemon.wait_logged(UNCHANGED, 1);
    let errors: Vec<String> =
        daemon.log().into_iter().filter(|line| line.contains(" ERROR ")).collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    let file = daemon.file().display().to_string();
    assert!(errors[0].contains(&file) && errors[0].contains("Permission denied"), "{errors:?}");
    assert_eq!(daemon.children(), children);
    assert_eq!(daemon.query(QUERY).status(), "OK");
    let who = if root { "nobody after root" } else { "this user" };
    fault.saw(format!("{who}: one error line, the same children, RELOADING and READY"));
    readable(&daemon, true);
    daemon.signal(Signal::HUP);
    daemon.wait_logged(RELOADED, 1);
    fault.saw("read again when it can be");
}

/// Whether a source belongs to the daemon: `bui-status` shows times of the day, and its client of
/// TLS looks at certificates.
fn is_the_daemons(source: &Path) -> bool {
    let name = source.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with("status_") && !name.starts_with("client_") && name != "bui_status.rs"
}

/// The daemon's sources that have `words` in them, by their paths under `src`.
fn sources_with(words: &[&str]) -> Vec<String> {
    let root = workspace().join("src");
    let folders = ["runtime", "net", "pool", "monitor"];
    let files = folders.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let paths = files.map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let has = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        is_the_daemons(path) && words.iter().any(|word| text.contains(word))
    };
    let mut found: Vec<String> = paths
        .filter(has)
        .map(|path| path.strip_prefix(&root).unwrap().display().to_string())
        .collect();
    found.sort();
    found
}

/// Notes every system call of the daemon in the file at `TRACE`.
fn traced(daemon: &Path) -> Command {
    let mut shell = command("sh");
    let strace = "exec strace -D -f -qq -e signal=none -o \"$TRACE\" \"$0\" \"$@\"";
    shell.args(["-c", strace]).arg(daemon);
    shell
}

#[test]
fn r07_the_system_clock_jumps() {
    let mut fault = Fault::begin("R07");
    assert_eq!(sources_with(&["Instant::now"]), ["runtime/clock.rs"]);
    let of_the_day = sources_with(&["SystemTime", "UNIX_EPOCH", "Realtime"]);
    assert_eq!(of_the_day, ["runtime/logging.rs", "runtime/utc.rs"]);
    fault.saw("one place reads the monotonic clock, and only the log the time of day");

    let burp = FakeBurp::new();
    let place = tempfile::tempdir().unwrap();
    let trace = place.path().join("trace");
    let settings = standard(&burp).set("start_deadline", "1").environment("TRACE", &trace);
    let mut daemon = settings.clone().through(traced).start();
    daemon.wait_ready(POOL);
    let cached = || daemon.ask(&json!({ "query": "c:client2:b:1" })).body();
    assert_eq!(cached(), cached());
    // Only who never answers shall be late, and that soon.
    daemon.configure(&settings.timeout(2));
    daemon.reload();
    burp.at_query(QUERY, vec![Step::Hang]);
    assert_eq!(daemon.query(QUERY).status(), "ER", "a deadline passes");
    healed(&daemon, 1);
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    let trace = fs::read_to_string(trace).unwrap();
    let waits = trace.lines().filter(|line| ["poll(", "futex("].iter().any(|w| line.contains(w)));
    assert!(waits.count() > 10, "{trace}");
    // Without a time it is a wait for a thread's end.
    let timed = |line: &&str| line.contains("REALTIME") && line.contains("tv_sec");
    let by_day = trace.lines().find(timed);
    assert_eq!(by_day, None, "a wait by the time of day");
    fault
        .saw("no system call of a start, a timeout, the cache and a stop waits by the time of day");
    fault.explain(
        "the clock of one process cannot be moved without its help, and that of the machine must \
         not be: a jump itself is not shown",
    );
}

/// Gives a daemon and its children a tenth of the time: they run for ten milliseconds out of a
/// hundred.
pub(crate) struct Throttle {
    stop: Sender<()>,
    thread: Option<Thread>,
}

impl Throttle {
    pub(crate) fn start(pid: u32) -> Self {
        let (stop, stopped) = channel::<()>();
        let turns = move || loop {
            for (signal, milliseconds) in [(Signal::STOP, 90), (Signal::CONT, 10)] {
                process::kill(pid, signal);
                for member in descendants(pid) {
                    process::kill(member.pid, signal);
                }
                let turn = Duration::from_millis(milliseconds);
                if stopped.recv_timeout(turn) == Err(RecvTimeoutError::Disconnected) {
                    process::kill(pid, Signal::CONT);
                    for member in descendants(pid) {
                        process::kill(member.pid, Signal::CONT);
                    }
                    return;
                }
            }
        };
        Self { stop, thread: Thread::spawn("throttle", turns).ok() }
    }

    pub(crate) fn end(self) {
        drop(self.stop);
        self.thread.unwrap().join();
    }
}

#[test]
fn r08_the_machine_has_a_tenth_of_its_time() {
    let burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(CLIENTS);
    let throttle = Throttle::start(daemon.pid());
    let mut fault = Fault::begin("R08");
    let before = load.answered();
    load.pass(CLIENTS * 20);
    let answers = u32::try_from(load.answered() - before).unwrap();
    let rate = f64::from(answers) / fault.elapsed().as_secs_f64();
    let status = daemon.status();
    let counts = ["losses", "late", "failed_starts", "retries"].map(|name| total(&status, name));
    assert_eq!(counts, [0; 4], "{status}");
    assert_eq!(total(&status, "starts"), POOL, "{status}");
    fault.saw(format!("{rate:.0} answers a second, no child killed, none started"));
    // One that is lost is replaced once.
    fault.injected();
    process::kill(daemon.children()[0].pid, Signal::KILL);
    let status = healed(&daemon, 1);
    assert_eq!((total(&status, "starts"), total(&status, "failed_starts")), (POOL + 1, 0));
    fault.saw(format!("one killed was replaced by one, in {:.1} s", fault.elapsed().as_secs_f64()));
    throttle.end();
    let answered = load.end();
    let status = daemon.status();
    assert_eq!((total(&status, "losses"), total(&status, "late")), (1, 0), "{status}");
    fault.saw(format!("all of {answered} answers right"));
}
