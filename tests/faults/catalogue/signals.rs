//! Signals to a catalogue whose database keeps its writes waiting.

use std::net::TcpStream;

use ostler_tests::{Caller, Catalogue, CatalogueSettings, Fault, wait_for};
use rustix::process::Signal;
use serde_json::Value;

use super::database::Holder;
use super::{ADD, adding, organisation, organisations};

/// Waits until so many requests have come whole; only the log tells of those that are not answered.
fn wait_requests(catalogue: &mut Catalogue, wanted: u64) {
    let mut asked = 0;
    wait_for(&format!("{wanted} requests have come"), || {
        asked += 1;
        catalogue.signal(Signal::USR1);
        catalogue.log().wait_count("status: ", asked);
        let lines = catalogue.log().lines();
        let last = lines.iter().rev().find_map(|line| line.split_once("status: ")).unwrap().1;
        let state: Value = serde_json::from_str(last).unwrap();
        state["connections"]["requests"].as_u64().unwrap() >= wanted
    });
}

/// A catalogue that waits for its database as long as it takes.
fn patient() -> Catalogue {
    CatalogueSettings::default()
        .set("Database", "lock_wait", "60")
        .set("Global", "timeout", "60")
        .set("Global", "drain", "60")
        .start()
}

#[test]
fn kat_s02_writes_in_flight_are_answered_and_kept_after_a_stop() {
    let mut catalogue = patient();
    let mut fault = Fault::begin("KAT-S02");
    let holder = Holder::of(&catalogue);
    let mut callers: Vec<Caller> =
        (0..8).map(|number| adding(&catalogue, &format!("o{number}"))).collect();
    wait_requests(&mut catalogue, 8);
    catalogue.signal(Signal::TERM);
    catalogue.log().wait("stopping");
    let port = catalogue.port();
    wait_for("new connections are refused", || TcpStream::connect(port).is_err());
    drop(holder);
    for caller in &mut callers {
        assert_eq!(caller.one().status, 201);
    }
    fault.injected();
    assert_eq!(catalogue.ended().code(), Some(0));
    fault.within("8 answers, then the end", fault.elapsed(), 0.5);
    let catalogue = catalogue.again(Signal::TERM);
    assert_eq!(organisations(&catalogue).len(), 8);
}

#[test]
fn kat_s04_a_second_stop_ends_a_write_that_hangs() {
    let mut catalogue = patient();
    let mut fault = Fault::begin("KAT-S04");
    let holder = Holder::of(&catalogue);
    let mut caller = adding(&catalogue, "late");
    wait_requests(&mut catalogue, 1);
    catalogue.signal(Signal::TERM);
    catalogue.log().wait("stopping");
    fault.injected();
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
    fault.within("the end", fault.elapsed(), 0.5);
    assert!(caller.is_closed(), "nothing was acknowledged");
    drop(holder);
    let catalogue = catalogue.again(Signal::TERM);
    assert!(organisations(&catalogue).is_empty());
}

#[test]
fn kat_s06_a_wrong_file_changes_nothing_and_is_told_with_its_line() {
    let mut catalogue = CatalogueSettings::default().start();
    let mut fault = Fault::begin("KAT-S06");
    let right = std::fs::read_to_string(catalogue.file()).unwrap();
    for (text, words) in [
        ("[Global\n".to_owned(), "katalogus.cfg:1: "),
        (format!("{right}\n[More]\n[Global]\n"), "katalogus.cfg:"),
        (right.replace("port = 0", "port = x"), "[Global] port: is not a whole number"),
        (format!("{right}\nport = \"\n"), "katalogus.cfg:"),
    ] {
        let told = catalogue.log().count(words);
        catalogue.write(&text);
        assert!(!catalogue.reload(), "{text}");
        catalogue.log().wait_count(words, told + 1);
    }
    std::fs::remove_file(catalogue.file()).unwrap();
    assert!(!catalogue.reload());
    catalogue.log().wait("katalogus.cfg: cannot be read: ");
    assert_eq!(catalogue.ask("POST", ADD, Some(&organisation("a"))).status, 201);
    catalogue.write(&right);
    assert!(catalogue.reload(), "a right one counts again");
    fault.saw("5 wrong files refused with their lines, a right one taken afterwards");
}
