//! Clients that are slow, silent or too large.

use std::io::Write as _;

use ostler_tests::process::memory;
use ostler_tests::{Caller, CatalogueSettings, Fault, wait_for};

use super::{ADD, organisation};

/// How much the resident memory may grow, in bytes.
const GROWTH: u64 = 1 << 20;

#[test]
fn kat_n01_silent_clients_are_closed_and_hold_nobody_up() {
    // Others have no time to keep to.
    let patient = CatalogueSettings::default().set("Global", "header_deadline", "600").start();
    let mut fault = Fault::begin("KAT-N01");
    let silent: Vec<Caller> = (0..100).map(|_| Caller::new(patient.port())).collect();
    for number in 0..20 {
        let body = organisation(&format!("o{number}"));
        assert_eq!(patient.ask("POST", ADD, Some(&body)).status, 201);
    }
    fault.within("20 others were answered", fault.elapsed(), 2.0);
    drop((silent, patient));

    let catalogue = CatalogueSettings::default().set("Global", "header_deadline", "2").start();
    fault.injected();
    let mut silent: Vec<Caller> = (0..100).map(|_| Caller::new(catalogue.port())).collect();
    assert!(silent.iter_mut().all(Caller::is_closed));
    fault.within("all were closed", fault.elapsed(), 2.0 + 5.0);
}

#[test]
fn kat_n02_a_request_that_drips_is_closed_at_the_total_deadline() {
    let catalogue = CatalogueSettings::default().set("Global", "request_deadline", "1").start();
    let mut fault = Fault::begin("KAT-N02");
    let mut caller = Caller::new(catalogue.port());
    caller.send("POST /v1/organisations/ HTTP/1.1\r\nHost: k\r\nContent-Length: 1000000\r\n\r\n");
    // Each byte comes well within the deadline, which is not one for each read.
    wait_for("it is closed", || caller.stream().write_all(b"x").is_err());
    fault.within("it was closed", fault.elapsed(), 1.0 + 1.0);
    assert_eq!(catalogue.ask("GET", "/health", None).status, 200);
}

#[test]
fn kat_n03_a_body_that_is_too_long_is_refused_before_it_is_read() {
    let catalogue = CatalogueSettings::default().set("Global", "max_request", "64 KiB").start();
    let mut fault = Fault::begin("KAT-N03");
    catalogue.ask("GET", "/health", None);
    let before = memory(catalogue.pid(), "VmRSS");
    for announced in [1_u64 << 40, (64 << 10) + 1, u64::MAX] {
        let mut caller = Caller::new(catalogue.port());
        caller
            .send(format!("POST {ADD} HTTP/1.1\r\nHost: k\r\nContent-Length: {announced}\r\n\r\n"));
        let heard = caller.one();
        assert!(matches!(heard.status, 400 | 413), "{announced}: {}", heard.status);
        assert!(heard.json()["detail"].is_string());
    }
    let mut caller = Caller::new(catalogue.port());
    caller.send(format!("POST {ADD} HTTP/1.1\r\nHost: k\r\nTransfer-Encoding: chunked\r\n\r\n"));
    let chunk = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
    for _ in 0..64 {
        caller.try_send(&chunk);
    }
    assert_eq!(caller.one().status, 413);
    let grown = memory(catalogue.pid(), "VmRSS").saturating_sub(before);
    let kib = grown >> 10;
    fault.figure(format!("refused; resident memory grew by {kib} KiB"), grown <= GROWTH);
}

#[test]
fn kat_n08_a_client_that_never_reads_is_cut_off_and_holds_nobody_up() {
    let catalogue = CatalogueSettings::default().set("Global", "write_deadline", "1").start();
    let mut fault = Fault::begin("KAT-N08");
    let mut deaf = Caller::new(catalogue.port());
    let ask = "GET /docs HTTP/1.1\r\nHost: k\r\n\r\n".repeat(200);
    wait_for("it is cut off", || {
        // Answers that nobody takes fill the buffers of both sides.
        assert_eq!(catalogue.ask("GET", "/health", None).status, 200);
        deaf.stream().set_nonblocking(true).unwrap();
        let written = deaf.stream().write_all(ask.as_bytes());
        written.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock)
    });
    fault.saw("cut off, others answered meanwhile");
}
