//! Children that do not answer, and one that does not even listen.

use std::fs::File;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use ostler_tests::aside::ask_aside;
use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::process::{Identity, wait_gone};
use ostler_tests::{Answer, Daemon, FakeBurp, Fault, PATIENCE, Question, Step, process, wait_for};
use rustix::process::Signal;

use super::{POOL, QUERY, healed, standard, total, whole};

/// The seconds that burp has for an answer here.
const TIMEOUT: u64 = 2;
/// The bound of the client's error: the timeout, and a moment.
const ERROR: f64 = 2.2;
/// The bound of the end of the child's whole group after that.
const GONE: f64 = 1.0;

/// A daemon in the standard set-up, but that burp has little time; and its children. These are known
/// beforehand, since on a busy machine a late one may be gone before a test looks at it.
fn hasty(burp: &FakeBurp) -> (Daemon, Vec<Identity>) {
    let daemon = standard(burp).timeout(TIMEOUT).start();
    daemon.wait_ready(POOL);
    let children = daemon.wait_children(3);
    (daemon, children)
}

/// From now on burp has little time.
fn hurry(burp: &FakeBurp, daemon: &mut Daemon) {
    daemon.configure(&standard(burp).timeout(TIMEOUT));
    daemon.reload();
}

/// Which of the children has this number.
fn known(children: &[Identity], pid: u32) -> Identity {
    *children.iter().find(|child| child.pid == pid).expect("a child that was there before")
}

/// The client is told in time, and then the child and its group are gone and reaped, and replaced.
fn ends(fault: &mut Fault, daemon: &Daemon, answer: &Receiver<Answer>, group: &[Identity]) {
    let told = answer.recv_timeout(PATIENCE).unwrap().error();
    fault.within("the client's error", fault.elapsed(), ERROR);
    assert!(told.contains("did not answer within 2 seconds"), "{told}");
    fault.injected();
    wait_gone(group);
    // Only the parent's wait takes a dead child out of /proc; an orphan is reaped by whoever is init.
    let entry = format!("/proc/{}", group[0].pid);
    wait_for("the child is reaped", || !std::path::Path::new(&entry).exists());
    fault.within("its group is gone and the child reaped", fault.elapsed(), GONE);
    let status = healed(daemon, 1);
    assert_eq!((total(&status, "late"), total(&status, "losses")), (1, 1), "{status}");
    assert_eq!(status["losses"]["late"], 1, "{status}");
}

#[test]
fn c05_a_child_hangs_without_a_word() {
    let mut burp = FakeBurp::new();
    let mut daemon = whole(&burp);
    let children = daemon.wait_children(3);
    // Whoever is not answered holds up nobody else, however long it takes.
    burp.hold_at(QUERY);
    let (answer, client) = ask_aside(&daemon, QUERY);
    let held = burp.wait_query(QUERY);
    assert_eq!(daemon.query("c:client2:b:1").status(), "OK", "others are not held up");
    burp.release(held, &[Step::Answer]);
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
    client.join();
    hurry(&burp, &mut daemon);
    burp.at_query(QUERY, vec![Step::Fork, Step::Hang]);
    let mut fault = Fault::begin("C05");
    let (answer, client) = ask_aside(&daemon, QUERY);
    let hung = burp.wait_query(QUERY);
    let forked = burp.wait("its own child", |event| match event {
        Event::Asked(pid, Question::Forked) => Some(*pid),
        _ => None,
    });
    let mut group = vec![known(&children, hung)];
    group.extend(Identity::of(forked));
    burp.behave();
    ends(&mut fault, &daemon, &answer, &group);
    client.join();
}

#[test]
fn c06_a_child_says_one_byte_a_second() {
    let mut burp = FakeBurp::new();
    let (daemon, children) = hasty(&burp);
    let start = b"{\"response-start\":\"c:client1:b:1\"}\n{\"clients\":[]}\n".to_vec();
    burp.at_query(QUERY, vec![Step::Drip(start, Duration::from_secs(1))]);
    let mut fault = Fault::begin("C06");
    let (answer, client) = ask_aside(&daemon, QUERY);
    let group = [known(&children, burp.wait_query(QUERY))];
    burp.behave();
    ends(&mut fault, &daemon, &answer, &group);
    client.join();
}

#[test]
fn c07_a_child_is_stopped() {
    let mut burp = FakeBurp::new();
    let (daemon, children) = hasty(&burp);
    burp.hold_at(QUERY);
    let mut fault = Fault::begin("C07");
    let (answer, client) = ask_aside(&daemon, QUERY);
    let held = burp.wait_query(QUERY);
    process::kill(held, Signal::STOP);
    let group = [known(&children, held)];
    burp.behave();
    // It would answer now, if it ran.
    burp.release(held, &[Step::Answer]);
    ends(&mut fault, &daemon, &answer, &group);
    client.join();
}

#[test]
fn c16_a_child_reads_nothing_while_its_pipe_is_full() {
    let mut burp = FakeBurp::new();
    let mut daemon = whole(&burp);
    // The longest query is shorter than a pipe usually is, so each child gets a pipe of one page.
    for child in daemon.children() {
        let pipe = File::open(format!("/proc/{}/fd/0", child.pid)).unwrap();
        assert_eq!(rustix::pipe::fcntl_setpipe_size(&pipe, 4096).unwrap(), 4096);
    }
    let long = format!("c:{}", "x".repeat(15_000));
    // Each child answers once more, and reads no more from then on.
    let texts = ["c:client1:b:1", "c:client2:b:1", "c:client3:b:1"];
    burp.rule(move |_, question| match question {
        _ if texts.iter().any(|text| question.is_query(text)) => Reply::Hold,
        _ => usual(question),
    });
    let asked = texts.map(|text| ask_aside(&daemon, text));
    let deaf = texts.map(|text| burp.wait_query(text));
    for ((answer, client), pid) in asked.into_iter().zip(deaf) {
        burp.release(pid, &[Step::Answer, Step::Hang]);
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
    burp.behave();
    let group = deaf.map(|pid| Identity::of(pid).unwrap());
    hurry(&burp, &mut daemon);
    let mut fault = Fault::begin("C16");
    let told = daemon.query(&long).error();
    fault.within("the client's error", fault.elapsed(), ERROR);
    assert!(told.contains("did not answer within 2 seconds"), "{told}");
    wait_for("the child is gone", || group.iter().any(|child| !child.runs()));
    healed(&daemon, 1);
    fault.saw("the child destroyed and replaced, the daemon never blocked");
}
