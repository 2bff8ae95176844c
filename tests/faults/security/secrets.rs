//! The password, looked for wherever it might have got to.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus};

use ostler_tests::process::{Process, command};
use ostler_tests::wire::ask;
use ostler_tests::{Address, Answer, Daemon, FakeBurp, Fault, Settings, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::{Value, json};

const PASSWORD: &str = "pass-canary-1";
const NEXT_PASSWORD: &str = "pass-canary-2";
const GUESS: &str = "pass-canary-3";
/// What no level shows.
const SECRET: &str = "pass-canary";
/// Something that only an answer holds.
const CONTENT: &str = "content-canary";

/// A daemon that says where it listens in no other way than this path.
fn quiet(settings: Settings, place: &Path) -> (Settings, Address) {
    let socket = place.join("socket");
    let bind = format!("unix:{}", socket.display());
    (settings.set("bind", &bind).set("password", PASSWORD), Address::Unix(socket))
}

fn wait_served(address: &Address, password: &str) {
    wait_for("it serves", || {
        let Ok(wire) = Wire::try_connect(address) else { return false };
        drop(wire);
        let status = ask(address, &json!({ "func": "status", "password": password }));
        status.status() == "OK" && status.json()["n_ready"] == 3
    });
}

/// Everything that might make a daemon say too much; what it answered.
fn provoke(
    fake: &FakeBurp,
    daemon: &mut Daemon,
    address: &Address,
    settings: &Settings,
) -> Vec<Answer> {
    fake.at_query("c:client1", vec![Step::body(&json!({ "clients": [CONTENT] }).to_string())]);
    let mut answers = Vec::new();
    let mut expect = |status: &str, answer: Answer| {
        assert_eq!(answer.status(), status, "{answer:?}");
        answers.push(answer);
    };
    let query = |password: Value, query: &str| {
        ask(address, &json!({ "query": query, "password": password, "cache": false }))
    };
    expect("OK", query(PASSWORD.into(), "c:client1"));
    expect("KO", query(GUESS.into(), "c:client1"));
    expect("KO", query(json!([GUESS, { GUESS: GUESS }]), "c:client1"));
    expect("KO", query(PASSWORD.into(), "c:nosuch"));
    expect("ER", query(PASSWORD.into(), "j:pretty-print-on"));
    for body in [format!("{{\"password\":\"{PASSWORD}\""), format!("\"{PASSWORD}\"")] {
        let mut wire = Wire::connect(address);
        wire.frame(body.as_bytes());
        expect("ER", wire.answer());
    }
    // An answer that is none, with content in it.
    fake.at_query("c:client2", vec![Step::raw(&format!("{{\"{CONTENT}\":\n")), Step::Exit(1)]);
    expect("ER", query(PASSWORD.into(), "c:client2"));
    fake.behave();
    daemon.signal(Signal::USR1);
    // Wrong files, with the password where it belongs and where it does not.
    let spoiled = [
        format!("[Global]\npassword = \"{SECRET}\n"),
        format!("[Global]\n{SECRET}\n"),
        format!("[Global]\nport = {SECRET}\npool = {SECRET}\nssl = {SECRET}\nbind = ({SECRET})\n"),
        format!("[Global]\npassword = {SECRET}#x\ntransport = {SECRET}\ndrain = {SECRET}\n"),
    ];
    for text in spoiled {
        fs::write(daemon.file(), text).unwrap();
        daemon.signal(Signal::HUP);
        // Nothing is told at some levels, so the next step is what shows that it was seen.
    }
    daemon.configure(&settings.clone().set("password", NEXT_PASSWORD));
    wait_for("the password is changed", || {
        daemon.signal(Signal::HUP);
        query(NEXT_PASSWORD.into(), "c:client3").status() == "OK"
    });
    for function in ["status", "statistics"] {
        expect("OK", ask(address, &json!({ "func": function, "password": NEXT_PASSWORD })));
    }
    answers
}

#[test]
fn a03_the_password_is_nowhere_to_be_found() {
    let mut fault = Fault::begin("A03");
    let (mut lines, mut files, mut answered) = (0, 0, 0);
    for level in ["", "-v", "-vv", "-vvv", "-vvvv", "-vvvvv"] {
        let fake = FakeBurp::new();
        let place = tempfile::tempdir().unwrap();
        let (settings, address) = quiet(fake.settings().set("pool", "3"), place.path());
        let arguments = Some(level).filter(|level| !level.is_empty());
        let mut daemon = settings.clone().arguments(arguments).launch();
        wait_served(&address, PASSWORD);
        for answer in provoke(&fake, &mut daemon, &address, &settings) {
            assert!(!format!("{answer:?}").contains(SECRET), "{level}: {answer:?}");
            answered += 1;
        }
        // A child that starts is not yet what it will be.
        wait_served(&address, NEXT_PASSWORD);
        files += look_at_processes(&daemon);
        daemon.signal(Signal::TERM);
        assert_eq!(daemon.ended().code(), Some(0));
        let log = daemon.log();
        assert!(log.iter().any(|line| line.contains("wrong password from")), "{level}: warnings");
        let informed = log.iter().any(|line| line.contains(" INFO "));
        assert_eq!(informed, level.len() >= 4, "{level}: information");
        lines += log.len();
        for line in log {
            assert!(!line.contains(SECRET), "{level}: {line}");
            assert!(level.len() > 4 || !line.contains(CONTENT), "{level}: {line}");
        }
    }
    fault.saw(format!(
        "0 hits in {lines} lines of log at six levels, {answered} answers (errors and status among \
         them) and {files} files of /proc"
    ));
    fault.saw(no_core_files());
}

/// Looks at what the kernel shows of the daemon and its children. How many files that were.
fn look_at_processes(daemon: &Daemon) -> usize {
    let mut seen = 0;
    for pid in daemon.wait_children(3).into_iter().map(|child| child.pid).chain([daemon.pid()]) {
        for file in ["cmdline", "environ", "comm", "status", "limits"] {
            let shown = match fs::read(format!("/proc/{pid}/{file}")) {
                // Only root may look.
                Err(error) if error.kind() == ErrorKind::PermissionDenied => continue,
                shown => String::from_utf8_lossy(&shown.unwrap()).into_owned(),
            };
            assert!(!shown.contains(SECRET), "{pid}/{file}");
            seen += 1;
            if file == "limits" && pid != daemon.pid() {
                let core = shown.lines().find(|line| line.starts_with("Max core file")).unwrap();
                let fields: Vec<&str> = core.split_whitespace().collect();
                assert_eq!(fields[4..6], ["0", "0"], "a child's core: {core}");
            }
        }
    }
    seen
}

/// Lets it write core files of any size into its working directory.
fn with_core_files(program: &Path) -> Command {
    let mut limited = command("prlimit");
    limited.args(["--core=unlimited:unlimited", "--"]).arg(program);
    limited
}

/// A daemon that dies of a signal leaves no core file, where another program does.
fn no_core_files() -> &'static str {
    let place = tempfile::tempdir().unwrap();
    let mut other = with_core_files(Path::new("sleep"));
    if !crashed(Process::start(other.arg("1000").current_dir(place.path()))).core_dumped() {
        return "core files are not granted here, so that there are none shows nothing";
    }
    let fake = FakeBurp::new();
    let mut daemon = fake.settings().through(with_core_files).start();
    daemon.wait_ready(2);
    daemon.signal(Signal::ABORT);
    let status = daemon.ended();
    assert_eq!(status.signal(), Some(6));
    assert!(!status.core_dumped(), "the daemon has left a core file");
    "no core file of the daemon, where `sleep` leaves one; none granted to children"
}

/// Its end by a signal that means a core file.
fn crashed(mut process: Process) -> ExitStatus {
    let name = format!("/proc/{}/comm", process.pid());
    wait_for("it runs", || fs::read_to_string(&name).is_ok_and(|name| name == "sleep\n"));
    process.signal(Signal::ABORT);
    process.ended()
}
