//! More requests than there are children, and more than may wait.

use std::thread;
use std::time::Duration;

use ostler_runtime::{Deadline, now};
use ostler_tests::aside::ask_aside;
use ostler_tests::controller::usual;
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::wire::query;
use ostler_tests::{Answer, Daemon, Event, FakeBurp, PATIENCE, Question, Reply, Step, wait_for};

use super::{judge, settings};

const POOL: usize = 3;
/// So many may wait for a child.
const QUEUE: usize = 10 * POOL;
/// So many ask at once: more than are lent and wait.
const CROWD: usize = 40;
/// The seconds that nobody should wait for an answer. The daemon's own time-out is far longer: who has
/// no time on a busy machine shall not be taken for late.
const BOUND: f64 = 2.0;
/// How long a client that was refused waits before it asks again.
const REST: Duration = Duration::from_millis(20);

#[test]
fn l05_who_came_first_is_served_first_and_who_is_too_many_is_told() {
    let mut fault = Fault::begin("L05");
    first_come_first_served(&mut fault);
    under_load(&mut fault);
}

/// A question that nobody else asks.
fn text(number: usize) -> String {
    format!("c:client1:b:1:p:/{number}")
}

fn first_come_first_served(fault: &mut Fault) {
    let mut fake = FakeBurp::new();
    let limited = fake.settings().set("pool", "3").set("max_queue", &QUEUE.to_string());
    let daemon = limited.set("threads", "16").start();
    daemon.wait_ready(3);
    let held = ["c:client1", "c:client2", "c:client3"];
    fake.rule(move |_, question| {
        if held.iter().any(|text| question.is_query(text)) { Reply::Hold } else { usual(question) }
    });
    let lent = held.map(|text| ask_aside(&daemon, text));
    let pids = held.map(|text| fake.wait_query(text));
    fake.forget();
    let waiting: Vec<_> = (0..QUEUE)
        .map(|number| {
            let client = ask_aside(&daemon, &text(number));
            wait_for("it waits", || daemon.status()["queue"] == number + 1);
            client
        })
        .collect();
    fault.injected();
    let refused = daemon.query(&text(QUEUE));
    let took = fault.elapsed().as_secs_f64();
    assert_eq!(refused.status(), "ER", "{refused:?}");
    judge(fault, format!("one more than {QUEUE} is refused after {took:.4} s"), took <= 0.05);
    // One child serves them all, so that they come one by one.
    fake.release(pids[0], &[Step::Answer]);
    for (answer, client) in waiting {
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
    let order: Vec<String> = fake.untaken().iter().filter_map(asked).collect();
    let expected: Vec<String> = (0..QUEUE).map(text).collect();
    assert_eq!(order, expected);
    fault.saw(format!("{QUEUE} that wait are served in the order of their coming"));
    for pid in &pids[1..] {
        fake.release(*pid, &[Step::Answer]);
    }
    for (answer, client) in lent {
        assert_eq!(answer.recv_timeout(PATIENCE).unwrap().status(), "OK");
        client.join();
    }
}

/// The question of a client, if the event is one.
fn asked(event: &Event) -> Option<String> {
    match event {
        Event::Asked(_, Question::Query(text)) if text.starts_with(b"c:client1:b:1:p:") => {
            Some(String::from_utf8_lossy(text).into_owned())
        }
        _ => None,
    }
}

/// What one client has met with.
#[derive(Default)]
struct Met {
    answered: usize,
    refused: usize,
    longest: Duration,
    longest_refusal: Duration,
}

fn under_load(fault: &mut Fault) {
    let fake = FakeBurp::new();
    let limited = settings(&fake).set("pool", "3").set("max_queue", &QUEUE.to_string());
    let daemon = limited.start();
    daemon.wait_ready(3);
    let seconds = if is_long() { 60 } else { 2 };
    let end = Deadline::after(Duration::from_secs(seconds));
    let all: Vec<Met> = thread::scope(|scope| {
        let (daemon, end) = (&daemon, &end);
        let clients: Vec<_> =
            (0..CROWD).map(|number| scope.spawn(move || client(daemon, number, end))).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let count = |of: fn(&Met) -> usize| all.iter().map(of).sum::<usize>();
    let longest = |of: fn(&Met) -> Duration| all.iter().map(of).max().unwrap().as_secs_f64();
    let least = all.iter().map(|met| met.answered).min().unwrap();
    let most = all.iter().map(|met| met.answered).max().unwrap();
    assert!(least > 0, "a client was never answered");
    assert_eq!(daemon.wait_ready(3)["totals"]["losses"], 0);
    fault.saw(format!(
        "{CROWD} clients for {seconds} s: {} answers ({least} to {most} a client)",
        count(|met| met.answered)
    ));
    let wait = longest(|met| met.longest);
    fault.figure(format!("the longest wait {wait:.3} s"), wait <= BOUND);
    let refusal = longest(|met| met.longest_refusal);
    let words = format!("{} refused, the latest after {refusal:.3} s", count(|met| met.refused));
    judge(fault, words, refusal <= 0.1);
}

fn client(daemon: &Daemon, number: usize, end: &Deadline) -> Met {
    let mut met = Met::default();
    let patience = Deadline::after(PATIENCE);
    // Who has had no time, or no luck, goes on until he is answered.
    while !end.passed() || (met.answered == 0 && !patience.passed()) {
        let start = now();
        let answer = query(daemon.address(), &text(number));
        let took = now().duration_since(start);
        match answer {
            Answer::Ok(_) => {
                met.answered += 1;
                met.longest = met.longest.max(took);
            }
            Answer::Er(_) => {
                met.refused += 1;
                met.longest_refusal = met.longest_refusal.max(took);
                thread::park_timeout(REST);
            }
            other => panic!("{other:?}"),
        }
    }
    met
}
