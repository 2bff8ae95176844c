//! HUP: what it changes at once, what it never disturbs, and that a wrong file changes nothing.

use std::fs;
use std::path::Path;

use ostler_tests::aside::ask_aside;
use ostler_tests::controller::usual;
use ostler_tests::program::{RELOADED, UNCHANGED};
use ostler_tests::{
    Daemon, FakeBurp, Fault, Load, Manager, PATIENCE, Question, Reply, Step, wait_for,
};
use rustix::process::Signal;

use super::{CLIENTS, ready};

/// So many reloads are asked for.
const STORM: usize = 100;

#[test]
fn s05_a_pool_grows_at_once_and_shrinks_by_idle_children_only() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(20);
    let mut fault = Fault::begin("S05");
    for pool in [5, 2, 5] {
        daemon.configure(&fake.settings().set("pool", &pool.to_string()));
        fault.injected();
        daemon.reload();
        daemon.wait_ready(pool);
        wait_for("no child is too many", || daemon.children().len() as u64 == pool);
        fault.saw(format!("{pool} children after {:.3} s", fault.elapsed().as_secs_f64()));
        load.pass(50);
    }
    let answered = load.end();
    fault.saw(format!("{answered} clients answered meanwhile, all OK"));
    shrinks_by_idle_children(fake, daemon);
    fault.saw("five children that were lent gave their answers before three of them went");
}

/// Of five children, all lent, none goes before it has answered, though there shall be two.
fn shrinks_by_idle_children(mut fake: FakeBurp, mut daemon: Daemon) {
    // What the load has asked.
    fake.forget();
    fake.rule(|_, question| match question {
        Question::Query(text) if text.starts_with(b"c:client") => Reply::Hold,
        _ => usual(question),
    });
    let texts = (1..=5).map(|number| format!("c:client{}:b:{}", number % 3 + 1, number / 3 + 1));
    let clients: Vec<_> = texts.clone().map(|text| ask_aside(&daemon, &text)).collect();
    let held: Vec<u32> = texts.map(|text| fake.wait_query(&text)).collect();
    daemon.configure(&fake.settings().set("pool", "2"));
    daemon.reload();
    let alive = fake.alive();
    assert!(held.iter().all(|pid| alive.contains(pid)), "a child that was lent has gone");
    for pid in held {
        fake.release(pid, &[Step::Answer]);
    }
    for (answer, client) in clients {
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
    wait_for("two children are left", || daemon.children().len() == 2);
    let totals = daemon.wait_ready(2)["totals"].clone();
    assert_eq!((&totals["losses"], &totals["retries"]), (&0.into(), &0.into()), "{totals}");
}

#[test]
fn s06_a_wrong_file_changes_nothing_and_is_told_in_one_line() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, &str); 4] = [
        (
            "a line that is none",
            |file| fs::write(file, "[Global]\nport = 0\nthis is nothing\n").unwrap(),
            ":3: this is neither",
        ),
        (
            "a value out of range",
            |file| {
                let text = fs::read_to_string(file).unwrap();
                fs::write(file, text.replace("pool = 3", "pool = 0")).unwrap();
            },
            "[Global] pool: must be from 1",
        ),
        ("no file", |file| fs::remove_file(file).unwrap(), "cannot be read"),
        (
            "a directory",
            |file| {
                fs::remove_file(file).unwrap();
                fs::create_dir(file).unwrap();
            },
            "cannot be read",
        ),
    ];
    let mut fault = Fault::begin("S06");
    for (what, spoil, words) in cases {
        let fake = FakeBurp::new();
        let manager = Manager::new();
        let mut daemon = manager.watched(fake.settings().set("pool", "3")).start();
        daemon.wait_ready(3);
        manager.wait("READY=1");
        let children = daemon.wait_children(3);
        spoil(&daemon.file());
        daemon.signal(Signal::HUP);
        manager.wait("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait("READY=1");
        daemon.wait_logged(UNCHANGED, 1);
        let errors: Vec<String> =
            daemon.log().into_iter().filter(|line| line.contains(" ERROR ")).collect();
        assert_eq!(errors.len(), 1, "{what}: {errors:?}");
        let file = daemon.file().display().to_string();
        assert!(errors[0].contains(&file) && errors[0].contains(words), "{what}: {errors:?}");
        assert_eq!(daemon.wait_children(3), children, "{what}");
        assert_eq!(daemon.query("c:client1").status(), "OK", "{what}");
        fault.saw(format!("{what}: one error line, the same children, RELOADING and READY"));
    }
}

#[test]
fn s07_a_storm_of_reloads_costs_no_request() {
    let fake = FakeBurp::new();
    let mut daemon = ready(&fake);
    let load = Load::start(daemon.address(), CLIENTS);
    load.pass(20);
    daemon.configure(&fake.settings().set("pool", "4"));
    let mut fault = Fault::begin("S07");
    for _ in 0..STORM {
        daemon.signal(Signal::HUP);
    }
    fault.within("100 signals sent", fault.elapsed(), 1.0);
    daemon.wait_ready(4);
    // One more, so that the last of the storm is over when this one is.
    daemon.reload();
    let reloads = daemon.logged(RELOADED) - 1;
    assert!((1..=STORM).contains(&reloads), "{reloads} reloads");
    fault.saw(format!("{reloads} reloads"));
    fault.injected();
    for _ in 0..STORM {
        daemon.reload();
    }
    let took = fault.elapsed().as_secs_f64();
    let answered = load.end();
    assert_eq!(daemon.wait_ready(4)["totals"]["losses"], 0);
    fault.saw(format!(
        "100 more, each waited for, in {took:.1} s; {answered} clients answered, all OK"
    ));
}
