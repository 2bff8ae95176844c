//! Processes, descriptors and memory that are not granted.

use std::collections::BTreeSet;
use std::fs;

use ostler_tests::aside::ask_aside;
use ostler_tests::process::{self, Process, memory, unprivileged};
use ostler_tests::wire::PASSWORD;
use ostler_tests::{Daemon, FakeBurp, Fault, PATIENCE, Step, Wire, wait_for};
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, prlimit};
use serde_json::{Value, json};

use crate::children::{POOL, QUERY, healed, standard, total, whole};

/// Grants a running daemon no more than this; gives what it was granted.
fn limit(daemon: &Daemon, resource: Resource, current: u64) -> Rlimit {
    let maximum = getrlimit(resource).maximum;
    set(daemon, resource, Rlimit { current: Some(current), maximum })
}

fn set(daemon: &Daemon, resource: Resource, granted: Rlimit) -> Rlimit {
    prlimit(Pid::from_raw(i32::try_from(daemon.pid()).unwrap()), resource, granted).unwrap()
}

/// Grants the user of a daemon that runs as nobody so many processes, or what this test is granted.
fn grant_processes(daemon: &Daemon, processes: Option<u64>) {
    let granted = processes.or(getrlimit(Resource::Nproc).current);
    let granted = granted.map_or("unlimited".to_owned(), |number| number.to_string());
    // Nobody may say so for nobody's processes, and root perhaps not.
    let mut command = unprivileged("prlimit");
    command.arg(format!("--nproc={granted}:")).arg(format!("--pid={}", daemon.pid()));
    assert!(Process::start(&mut command).ended().success());
}

/// The lowest limit that leaves so many descriptors to be had.
fn leaves(open: &BTreeSet<u64>, free: usize) -> u64 {
    (0..).filter(|number| !open.contains(number)).nth(free).unwrap()
}

/// The daemon's descriptors of the pipes of one child, the lowest first.
fn pipes(daemon: &Daemon, child: u32) -> Vec<u64> {
    let link = |pid: u32, number: u64| fs::read_link(format!("/proc/{pid}/fd/{number}")).ok();
    let theirs: Vec<_> = (0..3).filter_map(|number| link(child, number)).collect();
    let open = descriptors(daemon).unwrap().into_iter();
    open.filter(|number| link(daemon.pid(), *number).is_some_and(|pipe| theirs.contains(&pipe)))
        .collect()
}

/// The open descriptors of a daemon; `None` where only root may see them.
fn descriptors(daemon: &Daemon) -> Option<BTreeSet<u64>> {
    let open = fs::read_dir(format!("/proc/{}/fd", daemon.pid())).ok()?;
    open.map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

/// A connection that stays open, for when no other can be had.
struct Kept(Wire);

impl Kept {
    fn new(daemon: &Daemon) -> Self {
        let mut kept = Self(daemon.connect());
        kept.status();
        kept
    }

    fn ask(&mut self, mut request: Value) -> ostler_tests::Answer {
        let fields = request.as_object_mut().unwrap();
        fields.insert("keep".to_owned(), json!(true));
        fields.insert("password".to_owned(), json!(PASSWORD));
        self.0.frame(request.to_string().as_bytes());
        self.0.kept_answer()
    }

    fn query(&mut self) -> ostler_tests::Answer {
        self.ask(json!({ "query": QUERY, "cache": false }))
    }

    fn status(&mut self) -> Value {
        self.ask(json!({ "func": "status" })).json()
    }
}

#[test]
fn r01_no_further_process_is_granted() {
    let burp = FakeBurp::new();
    burp.open();
    // The kernel grants root every process, so the daemon is somebody else's.
    let daemon = standard(&burp).through(|binary| unprivileged(binary)).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("R01");
    grant_processes(&daemon, Some(1));
    process::kill(daemon.children()[0].pid, Signal::KILL);
    wait_for("starts fail", || total(&daemon.status(), "failed_starts") >= 3);
    fault.figure(
        format!("3 failed starts were counted in {:.2} s", fault.elapsed().as_secs_f64()),
        fault.elapsed().as_secs_f64() >= 0.16 + 0.32,
    );
    let status = daemon.status();
    assert_eq!((&status["n_ready"], &status["pool"]), (&json!(2), &json!(3)), "{status}");
    assert_eq!(status["last_errors"][0], "a process cannot be started", "{status}");
    daemon.wait_log("a child did not start: a process cannot be started");
    for _ in 0..20 {
        assert_eq!(daemon.query(QUERY).status(), "OK");
    }
    fault.saw("the other two serve");
    grant_processes(&daemon, None);
    fault.injected();
    daemon.wait_ready(POOL);
    fault.within("whole when processes are granted again", fault.elapsed(), 2.0);
}

#[test]
fn r02_no_further_descriptors_are_granted() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut kept = Kept::new(&daemon);
    let mut fault = Fault::begin("R02");
    let Some(base) = descriptors(&daemon) else {
        return fault.explain("this user is not shown the daemon's descriptors");
    };
    let mut failed = 0;
    // A child takes six descriptors while it is made, and one that is killed gives four back: its
    // successor fails at the first pipe, at the second one, at the third one, or not at all.
    for tried in 0..6 {
        burp.forget();
        assert_eq!(kept.query().status(), "OK");
        let killed = burp.wait_query(QUERY);
        let granted = match tried {
            0..3 => pipes(&daemon, killed)[tried],
            _ => leaves(&descriptors(&daemon).unwrap(), tried - 3),
        };
        let before = kept.status();
        let granted = limit(&daemon, Resource::Nofile, granted);
        process::kill(killed, Signal::KILL);
        wait_for("a start fails or succeeds", || {
            let status = kept.status();
            let count = |name| total(&status, name) - total(&before, name);
            count("failed_starts") > 0 || (count("losses") > 0 && status["n_ready"] == POOL)
        });
        assert_eq!(kept.query().status(), "OK", "the rest serves");
        failed += total(&kept.status(), "failed_starts") - total(&before, "failed_starts");
        set(&daemon, Resource::Nofile, granted);
        wait_for("the pool is whole", || kept.status()["n_ready"] == POOL);
        assert_eq!(daemon.children().len(), 3, "no half-made child");
        wait_for("its descriptors are closed", || {
            descriptors(&daemon).unwrap().len() == base.len()
        });
    }
    assert!(failed >= 3, "only {failed} starts failed");
    fault.saw(format!(
        "{failed} starts failed, each at another descriptor: service by the rest, no half-made \
         child, no descriptor left open"
    ));
}

#[test]
fn r03_memory_is_limited_and_answers_are_large() {
    const CAP: u64 = 16 << 20;
    // A busy machine takes its time for so many bytes, and time is not what is measured.
    const PATIENT: u64 = 30;
    let mut burp = FakeBurp::new();
    let daemon = standard(&burp).timeout(PATIENT).set("max_answer", &CAP.to_string()).start();
    daemon.wait_ready(POOL);
    assert_eq!(daemon.query(QUERY).status(), "OK");
    let mut fault = Fault::begin("R03");
    let used = memory(daemon.pid(), "VmSize");
    limit(&daemon, Resource::As, used + (64 << 20));
    let texts = ["c:client1:b:1", "c:client2:b:1", "c:client3:b:1"];
    burp.rule(move |_, question| match question {
        _ if texts.iter().any(|text| question.is_query(text)) => {
            ostler_tests::controller::Reply::Do(vec![Step::Flood(1 << 26)])
        }
        _ => ostler_tests::controller::usual(question),
    });
    let asked = texts.map(|text| ask_aside(&daemon, text));
    for (answer, client) in asked {
        let told = answer.recv_timeout(PATIENCE).unwrap().error();
        assert!(told.contains("longer than 16777216 bytes"), "{told}");
        client.join();
    }
    fault.saw("64 MiB of address space: three floods at once were refused by the cap");
    burp.behave();
    healed(&daemon, 3);

    // What the kernel does to a child that takes too much.
    burp.forget();
    burp.hold_at(QUERY);
    let (answer, client) = ask_aside(&daemon, QUERY);
    let child = burp.wait_query(QUERY);
    burp.release(child, &[Step::raw("{\"response-start\":\""), Step::Flood(1 << 20), Step::Die(9)]);
    burp.behave();
    let answer = answer.recv_timeout(PATIENCE).unwrap();
    assert_eq!(answer.json()["clients"][0]["name"], "client1");
    client.join();
    healed(&daemon, 4);
    fault.saw("a child killed in the middle of a large answer: one retry, OK");
    drop(daemon);

    // A cap that promises more than there is.
    let daemon = standard(&burp).timeout(PATIENT).set("max_answer", &(1 << 30).to_string()).start();
    daemon.wait_ready(POOL);
    limit(&daemon, Resource::As, memory(daemon.pid(), "VmSize") + (12 << 20));
    burp.at_query(QUERY, vec![Step::Flood(1 << 29)]);
    let told = daemon.query(QUERY).error();
    assert!(told.contains("no memory"), "{told}");
    burp.behave();
    assert_eq!(total(&healed(&daemon, 2), "panics"), 0);
    assert_eq!(daemon.query(QUERY).status(), "OK");
    fault.saw("a cap above the limit: two children lost, ER, the daemon lives");
}
