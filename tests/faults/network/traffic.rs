//! Bytes that nobody would send, for a long time.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream};
use std::thread;
use std::time::Duration;

use ostler_runtime::Deadline;
use ostler_runtime::environment::variable;
use ostler_tests::clients::{connect_from, port, reset};
use ostler_tests::fault::{Fault, is_long};
use ostler_tests::process::{descriptors, memory};
use ostler_tests::random::Random;
use ostler_tests::wire::{PASSWORD, frame};
use ostler_tests::{FakeBurp, wait_for};
use serde_json::json;

use super::{CLIENTS, POOL, body, counted, standard};

/// Another seed than the usual one.
const SEED: &str = "OSTLER_FAULT_SEED";

/// Memory in bytes that the daemon may have more of in the end: what its allocator keeps.
const KEPT: u64 = 8 << 20;

/// A request that is nearly one.
fn strange(random: &mut Random) -> Vec<u8> {
    let function = ["monitor_version", "status", "statistics", "\u{0}", "list"];
    let texts = ["c:", "c:client1", "j:pretty-print-on", "", "c:\n\nc:", "c:\u{1}", "\u{1f40e}"];
    let mut bytes = frame(&match random.below(6) {
        0 => b"RE".to_vec(),
        1 => body(&json!({ "func": random.pick(&function), "keep": random.one_in(2) })),
        2 => body(&json!({ "query": random.pick(&texts), "cache": random.one_in(2) })),
        3 => body(&json!({ "query": [random.pick(&texts), { "password": PASSWORD }] })),
        4 => json!({ "func": "status", "password": random.pick(&texts) }).to_string().into_bytes(),
        _ => "[{\"a\":".repeat(random.below(5_000)).into_bytes(),
    });
    if random.one_in(2) {
        let at = random.below(bytes.len());
        bytes[at] ^= 1 << random.below(8);
    }
    if random.one_in(3) {
        bytes.truncate(random.below(bytes.len()));
    }
    bytes
}

/// What one connection carries.
fn bytes(random: &mut Random) -> Vec<u8> {
    match random.below(8) {
        0 => {
            let count = random.below(3_000);
            random.bytes(count)
        }
        // A length that is not too long, and anything behind it.
        1 => {
            let count = random.below(3_000);
            frame(&random.bytes(count))
        }
        // How TLS begins.
        2 => [&[22, 3, 1, 2, 0, 1][..], &random.bytes(200)].concat(),
        3 => [strange(random), strange(random), strange(random)].concat(),
        _ => strange(random),
    }
}

/// One connection, which ends in one of the ways that there are. The daemon may close it at any
/// time, so that nothing here needs to succeed.
fn one(random: &mut Random, to: SocketAddr) {
    let number = u8::try_from(random.below(200)).unwrap();
    let mut stream: TcpStream = connect_from(Ipv4Addr::new(127, 0, 2, number + 1), to);
    let sent = bytes(random);
    let parts = if random.one_in(3) { 1 + random.below(9) } else { 1 };
    for part in sent.chunks(sent.len() / parts + 1) {
        if stream.write_all(part).is_err() {
            break;
        }
    }
    let mut some = [0; 100];
    match random.below(4) {
        0 => reset(stream),
        1 => drop(stream),
        2 => {
            // Some of the answer, if there is one.
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read(&mut some);
        }
        _ => {
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    }
}

#[test]
fn n16_random_bytes_break_nothing_and_leave_nothing_behind() {
    let burp = FakeBurp::new();
    let daemon = standard(&burp).start();
    daemon.wait_ready(POOL);
    let mut fault = Fault::begin("N16");
    let seed = variable(SEED).and_then(|seed| seed.parse().ok()).unwrap_or(16);
    println!("{SEED}={seed}");
    let to = port(daemon.address());
    let storm = |time: Duration, seed: u64| {
        let until = Deadline::after(time);
        let client = |number: usize| {
            let mut random = Random::new(seed ^ ((number as u64) << 32));
            let mut count = 0_u64;
            while !until.passed() {
                one(&mut random, to);
                count += 1;
            }
            count
        };
        thread::scope(|scope| {
            let client = &client;
            let running: Vec<_> =
                (0..CLIENTS).map(|number| scope.spawn(move || client(number))).collect();
            running.into_iter().map(|client| client.join().unwrap()).sum::<u64>()
        })
    };
    let fewest = descriptors(daemon.pid());
    // Whoever was cut off has gone, too.
    let quiet = || {
        wait_for("nobody else is connected", || counted(&daemon, "open") == 1);
        wait_for("their descriptors are closed", || descriptors(daemon.pid()) == fewest);
        daemon.wait_ready(POOL);
        memory(daemon.pid(), "VmRSS")
    };
    // Each thread has made its stack and its buffers.
    storm(Duration::from_secs(1), !seed);
    let before = quiet();
    let time = Duration::from_secs(if is_long() { 3600 } else { 3 });
    let connections = storm(time, seed);
    let after = quiet();
    let status = daemon.status();
    assert_eq!(
        (&status["totals"]["panics"], &status["connections"]["panics"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(daemon.query("c:client1").status(), "OK");
    fault.saw(format!("{connections} connections, 0 panics, pool whole, {fewest} descriptors"));
    let more = after.saturating_sub(before);
    let words = format!("{} KiB resident, {} KiB more than before", after >> 10, more >> 10);
    fault.figure(words, more <= KEPT);
}
