//! N11, N12, A02, L06: more clients, wrong passwords and longer answers than there is room for.

use std::fmt::Write as _;
use std::time::Duration;

use ostler_runtime::now;
use ostler_tests::aside::ready;
use ostler_tests::controller::usual;
use ostler_tests::fault::is_long;
use ostler_tests::process::memory;
use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{
    Address, Answer, Daemon, FakeBurp, Fault, Question, Reply, Step, Wire, wait_for,
};
use serde_json::{Value, json};

fn request(password: &str, query: &str) -> Vec<u8> {
    let fields = json!({ "query": query, "password": password, "cache": false });
    frame(fields.to_string().as_bytes())
}

fn counted(status: &Value, what: &str) -> u64 {
    status["connections"][what].as_u64().unwrap_or_else(|| panic!("{what} is not in {status}"))
}

/// Asks on a connection of its own, and how long the answer took.
fn timed(address: &Address, password: &str) -> (Answer, Duration) {
    let began = now();
    let mut wire = Wire::connect(address);
    wire.send(&request(password, "c:client1"));
    (wire.answer(), now().duration_since(began))
}

/// What somebody new is told, unless he is refused, which may be before all of his request was read and
/// meet with a reset.
fn admitted(daemon: &Daemon, mut request: Value) -> Option<Answer> {
    request["password"] = PASSWORD.into();
    let mut wire = Wire::try_connect(daemon.address()).ok()?;
    wire.try_send(&frame(request.to_string().as_bytes())).ok()?;
    let mut told = Vec::new();
    loop {
        match wire.read_some().ok()? {
            some if some.is_empty() => break,
            some => told.extend(some),
        }
    }
    Some(Answer::parse(&told)).filter(|answer| answer.status() == "OK")
}

#[test]
fn n11_more_connections_than_max_connections() {
    let mut fake = FakeBurp::new();
    let limited = fake.settings().set("pool", "3").set("max_connections", "10");
    let daemon = limited.start();
    daemon.wait_ready(3);
    let held = ["c:client1", "c:client2", "c:client3"];
    fake.rule(move |_, question| {
        let held_back = held.iter().any(|query| question.is_query(query));
        if held_back { Reply::Hold } else { usual(question) }
    });
    let ask = |query| {
        let mut wire = daemon.connect();
        wire.send(&request(PASSWORD, query));
        wire
    };
    let mut accepted: Vec<Wire> = held.into_iter().map(ask).collect();
    let busy = held.map(|query| fake.wait_query(query));
    accepted.extend(std::iter::repeat_n("c:", 7).map(ask));
    wait_for("all ten have shown their password", || {
        // Until then a connection may have to make room.
        let told = daemon.connect().answer();
        matches!(told, Answer::Er(text) if text.contains("(10)"))
    });
    let mut fault = Fault::begin("N11");
    let mut slowest = Duration::ZERO;
    for _ in 0..50 {
        let began = now();
        let told = daemon.connect().answer();
        slowest = slowest.max(now().duration_since(began));
        assert!(matches!(&told, Answer::Er(text) if text.contains("(10)")), "{told:?}");
    }
    fault.within("50 refused in words, the slowest", slowest, 0.010);
    fake.behave();
    for pid in busy {
        fake.release(pid, &[Step::Answer]);
    }
    assert!(accepted.iter_mut().all(|wire| wire.answer().status() == "OK"));
    fault.saw("the ten accepted before were answered");
    let mut silent = Vec::new();
    // A connection makes room once it is known to be silent, which is a moment after it came; and those
    // of before have their room for a moment longer.
    wait_for("a silent one makes room", || {
        silent.extend((0..15).map(|_| daemon.connect()));
        let is_answered = admitted(&daemon, json!({ "query": "c:client2" })).is_some();
        let status = admitted(&daemon, json!({ "func": "status" })).map(Answer::json);
        is_answered && status.is_some_and(|status| counted(&status, "evicted") >= 1)
    });
    fault.saw("silent strangers make room");
    drop(silent);
}

#[test]
fn n12_one_address_opens_200_connections_without_a_password() {
    let fake = FakeBurp::new();
    // Silence alone ends none of them here.
    let daemon = fake.settings().set("pool", "3").set("header_deadline", "600").start();
    daemon.wait_ready(3);
    let mut fault = Fault::begin("N12");
    let mut silent: Vec<Wire> = (0..200).map(|_| daemon.connect()).collect();
    wait_for("no more than the cap is left", || counted(&daemon.status(), "open") <= 64 + 1);
    assert!(silent[..100].iter_mut().all(|wire| wire.answer() == Answer::Closed));
    fault.saw("64 of 200 silent ones stay, the newest");
    // The newest ones have not been silent for longer than the others: they stay, and may ask.
    let last = silent.last_mut().unwrap();
    last.send(&request(PASSWORD, "c:client1"));
    assert_eq!(last.answer().status(), "OK");
    let (answer, took) = timed(daemon.address(), PASSWORD);
    assert_eq!(answer.status(), "OK");
    fault.within("a right password of the same address", took, 0.1);

    let path = fake.directory().join("socket");
    let places = format!("127.0.0.1, unix:{}", path.display());
    let exempt = fake.settings().set("trusted", "127.0.0.0/8").set("bind", &places);
    let exempt = exempt.set("header_deadline", "600").set("max_unauthenticated", "5");
    let daemon = exempt.start();
    daemon.wait_ready(2);
    let unix = Address::Unix(path);
    let both = || [daemon.connect(), Wire::connect(&unix)];
    let mut silent: Vec<Wire> = (0..50).flat_map(|_| both()).collect();
    let mut twice = 0;
    // The cap is looked at four times a second; a deadline of its own tells when it was.
    let mut probe = Wire::connect(&unix);
    probe.send(&[0]);
    wait_for("deadlines were looked at", || {
        twice += 1;
        counted(&daemon.status(), "evicted") == 0 && twice > 20
    });
    for wire in &mut silent {
        wire.send(&request(PASSWORD, "c:client1"));
        assert_eq!(wire.answer().status(), "OK");
    }
    fault.saw("100 of a trusted address and a Unix socket stay");
}

#[test]
fn a02_wrong_passwords_are_answered_ever_later_and_a_right_one_never() {
    let mut fake = FakeBurp::new();
    let daemon = ready(&fake, 3);
    // What a cache would have.
    assert_eq!(daemon.ask(&json!({ "query": "c:client1" })).status(), "OK");
    fake.forget();
    let before = daemon.status();
    let mut fault = Fault::begin("A02");
    let mut times = String::new();
    for number in 1..=7 {
        let (answer, took) = timed(daemon.address(), "wrong");
        assert_eq!(answer, Answer::Ko);
        let _ =
            write!(times, "{}{:.0}", if number == 1 { "" } else { ", " }, took.as_secs_f64() * 1e3);
    }
    fault.saw(format_args!("seven wrong ones answered after {times} ms"));
    // The next wrong ones wait for a second, two, four and so on, and a right one overtakes them.
    let mut late: Vec<Wire> = (0..5).map(|_| daemon.connect()).collect();
    for wire in &mut late {
        wire.send(&request("wrong", "c:client1"));
    }
    wait_for("they are kept back", || counted(&daemon.status(), "parked") >= 1);
    let (answer, took) = timed(daemon.address(), PASSWORD);
    assert_eq!(answer.status(), "OK");
    fault.within("meanwhile a right one", took, 0.1);
    assert!(counted(&daemon.status(), "parked") >= 1, "a wrong one still waits");
    assert_eq!(late[0].answer(), Answer::Ko);
    let after = daemon.status();
    let asked = |status: &Value| status["totals"]["answered"].as_u64();
    assert_eq!(
        asked(&after),
        asked(&before).map(|asked| asked + 1),
        "only the right one was asked"
    );
    assert_eq!(after["cache"], before["cache"]);
    fault.saw("KO, no child asked");
}

#[test]
fn l06_long_answers_stay_within_their_limits() {
    const OTHERS: u64 = 8 << 20;
    let longest: u64 = if is_long() { 64 << 20 } else { 16 << 20 };
    let fake = FakeBurp::new();
    let limit = longest.to_string();
    let settings = fake.settings().set("pool", "2").set("max_answer", &limit);
    let daemon = settings.set("max_pending_answers", &limit).start();
    daemon.wait_ready(2);
    let mut fault = Fault::begin("L06");
    let size = usize::try_from(longest).unwrap() - 1024;
    fake.rule(move |_, question| match question {
        Question::Query(text) if text.ends_with(b":b:1") => Reply::Do(vec![Step::Filler(size)]),
        question => usual(question),
    });
    let slow: Vec<Wire> = (0..8)
        .map(|number| {
            let query = format!("c:client{number}:b:1");
            let mut wire = daemon.connect();
            wire.send(&request(PASSWORD, &query));
            wire
        })
        .collect();
    wait_for("all were answered", || has_answered(&daemon, 8));
    wait_for("what is too much is cut off", || counted(&daemon.status(), "dropped_answers") >= 4);
    let peak = memory(daemon.pid(), "VmHWM");
    let bound = longest * 2 + longest + OTHERS;
    let words = format!(
        "8 slow readers of {} MiB: {} MiB at most, bound {} MiB",
        longest >> 20,
        peak >> 20,
        bound >> 20
    );
    fault.figure(words, peak <= bound);
    drop(slow);
}

fn has_answered(daemon: &Daemon, wanted: u64) -> bool {
    daemon.status()["totals"]["answered"].as_u64() >= Some(wanted)
}
