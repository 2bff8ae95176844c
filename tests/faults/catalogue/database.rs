//! A SQLite file that is held, full, or whose writer is killed.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use ostler_tests::process::command;
use ostler_tests::{Catalogue, CatalogueSettings, Fault, wait_for};
use rustix::process::Signal;
use serde_json::json;

use super::{ADD, organisation, organisations};

/// Another process's lock on the database: nobody else writes until it is dropped.
pub(super) struct Holder(SqliteConnection);

impl Holder {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let mut connection = open(catalogue);
        connection.batch_execute("BEGIN IMMEDIATE").unwrap();
        Self(connection)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.0.batch_execute("ROLLBACK").unwrap();
    }
}

fn open(catalogue: &Catalogue) -> SqliteConnection {
    let file = catalogue.directory().join("katalogus.db");
    SqliteConnection::establish(file.to_str().unwrap()).unwrap()
}

#[test]
fn kat_d01_a_file_that_is_held_is_read_and_writes_are_refused_in_time() {
    let catalogue = CatalogueSettings::default().set("Database", "lock_wait", "0.2").start();
    assert_eq!(catalogue.ask("POST", ADD, Some(&organisation("a"))).status, 201);
    let mut fault = Fault::begin("KAT-D01");
    let holder = Holder::of(&catalogue);
    let refused = catalogue.ask("POST", ADD, Some(&organisation("b")));
    fault.within("a write was refused", fault.elapsed(), 0.2 + 1.0);
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.json()["detail"].is_string());
    assert_eq!(organisations(&catalogue), ["a"]);
    drop(holder);
    fault.injected();
    wait_for("writes are taken", || {
        let heard = catalogue.ask("POST", ADD, Some(&organisation("b")));
        matches!(heard.status, 201 | 404)
    });
    fault.within("the next was taken", fault.elapsed(), 0.5);
    assert_eq!(organisations(&catalogue), ["a", "b"]);
}

/// No file may grow beyond a few hundred KiB: a write is an error then, as on a full disk, and no
/// signal.
fn limited(program: &Path) -> Command {
    let mut limit = command("env");
    limit.args(["--ignore-signal=XFSZ", "prlimit", "--fsize=400000:400000"]).arg(program);
    limit
}

#[test]
fn kat_d02_a_full_disk_refuses_writes_and_loses_nothing() {
    let mut catalogue = CatalogueSettings::default().through(limited).start();
    let mut fault = Fault::begin("KAT-D02");
    let mut kept = Vec::new();
    let words = "x".repeat(400);
    let refused = (0..10_000).find_map(|number| {
        let path = format!("/v1/organisations/acme/plug{number}/settings");
        let heard = catalogue.ask("PUT", &path, Some(&json!({ "TEXT": words })));
        if heard.status == 200 {
            kept.push(path);
            return None;
        }
        Some(heard)
    });
    let refused = refused.expect("the limit was reached");
    assert!(matches!(refused.status, 500 | 503), "{}: {}", refused.status, refused.text());
    assert!(kept.len() > 10, "{}", refused.text());
    assert_eq!(organisations(&catalogue), ["acme"], "reads go on");
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
    let mut unlimited = open(&catalogue);
    unlimited.batch_execute("PRAGMA integrity_check").unwrap();
    drop(unlimited);
    let again = catalogue.again(Signal::TERM);
    for path in kept.iter().step_by(10).chain(kept.last()) {
        assert_eq!(again.ask("GET", path, None).json(), json!({ "TEXT": words }), "{path}");
    }
    fault.saw(format!("{} writes kept, the next refused, reads went on", kept.len()));
}

#[test]
fn kat_d03_what_was_acknowledged_outlives_a_kill() {
    let mut catalogue = CatalogueSettings::default().start();
    let mut fault = Fault::begin("KAT-D03");
    let acknowledged = Mutex::new(Vec::new());
    for round in 0..5 {
        let before = acknowledged.lock().unwrap().len();
        thread::scope(|scope| {
            for client in 0..4 {
                let (catalogue, acknowledged) = (&catalogue, &acknowledged);
                scope.spawn(move || {
                    for number in 0.. {
                        let id = format!("r{round}c{client}n{number}");
                        match catalogue.try_ask("POST", ADD, Some(&organisation(&id))) {
                            Ok(heard) if heard.status == 201 => {
                                acknowledged.lock().unwrap().push(id);
                            }
                            // It was killed before it had answered.
                            _ => return,
                        }
                    }
                });
            }
            wait_for("writes are on their way", || {
                acknowledged.lock().unwrap().len() > before + 20
            });
            ostler_tests::process::kill(catalogue.pid(), Signal::KILL);
        });
        catalogue = catalogue.again(Signal::KILL);
        let there = organisations(&catalogue);
        for id in acknowledged.lock().unwrap().iter() {
            assert!(there.contains(id), "{id} was acknowledged and is lost");
        }
    }
    let count = acknowledged.lock().unwrap().len();
    fault.saw(format!("killed 5 times, {count} acknowledged writes, none lost"));
}

#[test]
fn kat_d05_two_processes_lose_no_update_of_one_organisation() {
    let first = CatalogueSettings::default().start();
    let uri = format!("sqlite:///{}", first.directory().join("katalogus.db").display());
    let second = CatalogueSettings::default().set("Database", "uri", &uri).start();
    let mut fault = Fault::begin("KAT-D05");
    thread::scope(|scope| {
        for (place, catalogue) in [&first, &second].into_iter().enumerate() {
            for client in 0..2 {
                scope.spawn(move || {
                    for number in 0..25 {
                        let path =
                            format!("/v1/organisations/acme/p{place}-{client}-{number}/settings");
                        let heard = catalogue.ask("PUT", &path, Some(&json!({ "N": number })));
                        assert_eq!(heard.status, 200, "{}", heard.text());
                    }
                });
            }
        }
    });
    for place in 0..2 {
        for client in 0..2 {
            for number in 0..25 {
                let path = format!("/v1/organisations/acme/p{place}-{client}-{number}/settings");
                assert_eq!(first.ask("GET", &path, None).json(), json!({ "N": number }));
            }
        }
    }
    assert!(fs::metadata(first.directory().join("katalogus.db")).unwrap().len() > 0);
    fault.saw("100 writes of 4 clients of 2 processes, all there");
}
