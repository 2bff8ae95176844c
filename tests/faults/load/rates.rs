//! How many requests a second, and how long each takes.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use ostler_runtime::environment::variable;
use ostler_tests::clients::{make_room_for_connections, port};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::{Process, command};
use ostler_tests::secure::{Secure, Version};
use ostler_tests::wire::{PASSWORD, ask};
use ostler_tests::{Address, Certificates, FakeBurp, Wire, wait_for};
use serde_json::json;

use super::drive::{Driven, Speech, distinct, drive, question};
use super::{alone, judge, settings};

/// The clients of every row here.
const CLIENTS: usize = 8;
/// Connections that do nothing.
const IDLE: usize = 1000;

/// The time of one run.
fn time() -> Duration {
    Duration::from_millis(if is_long() { 5000 } else { 400 })
}

/// Runs of each side, which take turns.
fn rounds() -> usize {
    if is_long() { 5 } else { 1 }
}

/// The run in the middle of all, by rate.
fn median(mut runs: Vec<Driven>) -> Driven {
    runs.sort_by(|one, other| one.rate().total_cmp(&other.rate()));
    let middle = runs.len() / 2;
    runs.swap_remove(middle)
}

/// The original in front of the same scripted burp, with as many children.
struct Original {
    _process: Process,
    address: SocketAddr,
    _directory: tempfile::TempDir,
}

impl Original {
    /// `None` where it is not at hand.
    fn start(fake: &FakeBurp) -> Option<Self> {
        let binary = Path::new(&variable("BUI_ORIGINAL")?).join("bin/bui-monitor");
        let directory = tempfile::tempdir().unwrap();
        // The original cannot tell which port it was given.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let text = format!(
            "[Global]\nport = {}\nbind = 127.0.0.1\nssl = false\npool = 2\npassword = {PASSWORD}\n\
             [Burp]\nburpbin = {}\nbconfcli = {}\ntimeout = 15\n",
            address.port(),
            fake.program().display(),
            alone(fake).display(),
        );
        let file = directory.path().join("buimonitor.cfg");
        fs::write(&file, text).unwrap();
        let mut start = command(binary);
        start.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let process = Process::start(&mut start);
        let place = Address::Tcp(address);
        wait_for("the original listens", || Wire::try_connect(&place).is_ok());
        // Which waits until a child is ready.
        assert_eq!(ask(&place, &json!({ "query": "c:", "cache": false })).status(), "OK");
        Some(Self { _process: process, address, _directory: directory })
    }
}

/// Runs ours and, where it is at hand, the original in turn; enters the rates and their ratio.
fn beside_the_original(fault: &mut Fault, questions: &[Vec<u8>], ratio: f64) -> Driven {
    let fake = FakeBurp::new();
    let ours = settings(&fake).set("pool", "2").start();
    ours.wait_ready(2);
    let original = Original::start(&fake);
    let (mut own, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        own.push(drive(port(ours.address()), &Speech::Plain, questions, time()));
        if let Some(original) = &original {
            others.push(drive(original.address, &Speech::Plain, questions, time()));
        }
    }
    assert_eq!(ours.wait_ready(2)["totals"]["losses"], 0);
    let own = median(own);
    if others.is_empty() {
        fault.explain("the original is not at hand: BUI_ORIGINAL is not set");
    } else {
        let others = median(others);
        let times = own.rate() / others.rate();
        let words = format!("{times:.1} times the original's {:.0} req/s", others.rate());
        judge(fault, words, times >= ratio);
    }
    own
}

#[test]
fn l01_uncached_queries_of_eight_clients() {
    let mut fault = Fault::begin("L01");
    let own = beside_the_original(&mut fault, &distinct(), 10.0);
    judge(&mut fault, format!("{:.0} req/s", own.rate()), own.rate() >= 5000.0);
    let p99 = own.percentile(99);
    judge(&mut fault, format!("p99 {p99:.2} ms"), p99 <= 5.0);
}

#[test]
fn l02_cached_queries_of_eight_clients() {
    let mut fault = Fault::begin("L02");
    let questions = vec![question("c:", true); CLIENTS];
    let own = beside_the_original(&mut fault, &questions, 3.0);
    fault.saw(format!("{:.0} req/s, p99 {:.2} ms", own.rate(), own.percentile(99)));
}

#[test]
fn l03_a_handshake_for_each_request() {
    let certificates = Certificates::new();
    let pair = certificates.own("server");
    let fake = FakeBurp::new();
    let secured = settings(&fake).set("pool", "2").set("ssl", "true");
    let secured = secured.set("sslcert", &pair.certificate.display().to_string());
    let daemon = secured.set("sslkey", &pair.key.display().to_string()).start();
    let mut fault = Fault::begin("L03");
    let speech = Speech::Tls(Secure::new(Version::Tls13, None));
    // Once first, so that the children are ready.
    drive(port(daemon.address()), &speech, &distinct()[..1], Duration::ZERO);
    let run = drive(port(daemon.address()), &speech, &distinct(), time());
    judge(&mut fault, format!("{:.0} req/s", run.rate()), run.rate() >= 500.0);
    let p99 = run.percentile(99);
    judge(&mut fault, format!("p99 {p99:.1} ms"), p99 <= 25.0);
}

#[test]
fn l04_a_thousand_idle_connections_beside_the_eight() {
    let fake = FakeBurp::new();
    let daemon = settings(&fake).set("pool", "2").set("keep_idle", "3600").start();
    daemon.wait_ready(2);
    make_room_for_connections();
    let mut fault = Fault::begin("L04");
    let run = || drive(port(daemon.address()), &Speech::Plain, &distinct(), time());
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..rounds() {
        without.push(run());
        let idle: Vec<Wire> = (0..IDLE).map(|_| kept(&daemon)).collect();
        with.push(run());
        // None was made to go.
        let open = daemon.status()["connections"]["open"].as_u64().unwrap();
        assert!(open > IDLE as u64, "{open} are open");
        drop(idle);
        wait_for("they have gone", || {
            daemon.status()["connections"]["open"].as_u64() < Some(CLIENTS as u64)
        });
    }
    let (without, with) = (median(without), median(with));
    let share = with.rate() / without.rate();
    judge(
        &mut fault,
        format!("{:.0} req/s, {share:.2} of {:.0} without them", with.rate(), without.rate()),
        share >= 0.8,
    );
}

/// A connection that has been answered once and is kept open.
fn kept(daemon: &ostler_tests::Daemon) -> Wire {
    let mut wire = daemon.connect();
    let request = json!({ "func": "monitor_version", "password": PASSWORD, "keep": true });
    wire.frame(request.to_string().as_bytes());
    assert_eq!(wire.kept_answer().status(), "OK");
    wire
}
