//! Children that should go and do not, and children that go by themselves or in turn.

use ostler_tests::aside::ask_aside;
use ostler_tests::controller::{Event, Reply, usual};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::{Identity, descendants, wait_gone};
use ostler_tests::{Daemon, FakeBurp, Kind, Load, PATIENCE, PrivateBurp, Question, Step, wait_for};
use rustix::process::Signal;

use super::{CLIENTS, POOL, QUERY, healed, standard, total, whole};

fn forked(burp: &mut FakeBurp) -> u32 {
    burp.wait("a process is left behind", |event| match event {
        Event::Asked(pid, Question::Forked) => Some(*pid),
        _ => None,
    })
}

#[test]
fn c17_children_want_no_sigterm() {
    let burp = FakeBurp::new();
    burp.rule(|_, question| match question {
        Question::Start => Reply::Do(vec![Step::IgnoreTerm, Step::Fork, Step::greet()]),
        Question::EndOfInput => Reply::Do(vec![Step::Hang]),
        _ => usual(question),
    });
    let mut daemon = whole(&burp);
    wait_for("each has a child of its own", || burp.alive().len() == 6);
    let family = descendants(daemon.pid());
    assert_eq!(family.len(), 6);
    let mut fault = Fault::begin("C17");
    daemon.signal(Signal::TERM);
    assert_eq!(daemon.ended().code(), Some(0));
    let took = fault.elapsed().as_secs_f64();
    wait_gone(&family);
    wait_for("none is left", || burp.alive().is_empty());
    fault.figure(format!("killed after {took:.3} s, 0 left"), (2.0..2.5).contains(&took));
}

#[test]
fn c18_a_child_leaves_a_process_behind_that_holds_its_pipes() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut deaths = 1;
    burp.rule(move |_, question| match question {
        _ if question.is_query(QUERY) && deaths > 0 => {
            deaths -= 1;
            Reply::Do(vec![Step::Fork, Step::raw("{\"response-start"), Step::Ask])
        }
        Question::Again | Question::Forked => Reply::Hold,
        _ => usual(question),
    });
    let (answer, client) = ask_aside(&daemon, QUERY);
    let child = burp.wait_query(QUERY);
    let left = Identity::of(forked(&mut burp)).unwrap();
    let mut fault = Fault::begin("C18");
    burp.release(child, &[Step::Exit(1)]);
    // Its output has no end, since the other process holds it; what counts is that it has gone.
    assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
    client.join();
    fault.within("another child's answer", fault.elapsed(), 2.0);
    wait_gone(&[left]);
    fault.within("nobody is left", fault.elapsed(), 2.0);
    healed(&daemon, 1);
    drop(daemon);

    burp.forget();
    burp.at_start(vec![Step::Fork, Step::Exit(1)]);
    let daemon = standard(&burp).start();
    fault.injected();
    wait_for("failed starts are noticed", || total(&daemon.status(), "failed_starts") >= POOL);
    fault.within("a start that failed so is noticed", fault.elapsed(), 2.0);
    burp.behave();
    daemon.wait_ready(POOL);
    wait_for("nobody is left", || burp.alive().len() == 3);
}

#[test]
fn c19_an_idle_child_is_closed_by_its_server() {
    let mut burp = FakeBurp::new();
    let daemon = whole(&burp);
    let mut fault = Fault::begin("C19");
    let rounds = 10;
    for round in 1..=rounds {
        burp.forget();
        burp.rule(|_, question| match question {
            _ if question.is_query(QUERY) => Reply::Do(vec![Step::Answer, Step::Ask]),
            Question::Again => Reply::Hold,
            _ => usual(question),
        });
        assert_eq!(daemon.query(QUERY).status(), "OK");
        let pid = burp.wait_query(QUERY);
        burp.behave();
        let closed = Step::Logline("Peer closed SSL session".to_owned());
        burp.release(pid, &[closed, Step::Exit(1)]);
        // At once: it may be found by its end, or when the request comes.
        for _ in 0..POOL {
            assert_eq!(daemon.query("c:client2:b:1").status(), "OK");
        }
        burp.wait_end(pid);
        healed(&daemon, round);
    }
    fault.saw(format!("{rounds} times: replaced, and no client saw it"));
    if is_long() {
        closed_by_burp(&mut fault);
    }
}

/// The same by a real server, which closes what is silent for five seconds.
fn closed_by_burp(fault: &mut Fault) {
    let burp = PrivateBurp::with(Kind::Small, &["--network-timeout", "5"]);
    let daemon = burp.settings().set("pool", "2").start();
    daemon.wait_ready(2);
    let before = daemon.children();
    wait_gone(&before);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    healed_of(&daemon, 2);
    fault.saw("the same with burp's own network_timeout");
}

fn healed_of(daemon: &Daemon, pool: u64) {
    wait_for("the pool is whole", || daemon.status()["n_ready"] == pool);
}

#[test]
fn c20_children_are_replaced_after_so_many_requests_and_so_long() {
    let burp = FakeBurp::new();
    let settings = standard(&burp);
    let mut daemon = settings.clone().set("max_requests", "50").start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("C20");
    let load = Load::start(daemon.address(), CLIENTS);
    let mut least = POOL;
    let mut replaced = |daemon: &Daemon, wanted: u64| {
        wait_for("children are replaced", || {
            let status = daemon.status();
            least = least.min(status["n_ready"].as_u64().unwrap());
            total(&status, "replacements") >= wanted
        });
    };
    replaced(&daemon, 20);
    daemon.configure(&settings.set("max_requests", "0").set("max_age", "1"));
    daemon.signal(Signal::HUP);
    daemon.wait_log("the configuration was read again");
    let by_count = total(&daemon.status(), "replacements");
    replaced(&daemon, by_count + POOL * 2);
    let answered = load.end();
    let status = daemon.wait_ready(POOL);
    assert_eq!((total(&status, "losses"), total(&status, "retries")), (0, 0), "{status}");
    let causes = &status["replacements"];
    assert_eq!(causes["outdated"], 0, "{status}");
    // A successor that was on its way at the change counts for what it was started for.
    for (cause, least) in [("max_requests", 20), ("max_age", POOL)] {
        assert!(causes[cause].as_u64().unwrap() >= least, "{cause}: {status}");
    }
    let by_age = total(&status, "replacements") - by_count;
    fault.saw(format!(
        "{by_count} replaced for their requests and {by_age} for their age, none while lent: \
         {answered} right answers"
    ));
    fault.figure(format!("never fewer than {least} of {POOL} ready"), least + 1 >= POOL);
}
