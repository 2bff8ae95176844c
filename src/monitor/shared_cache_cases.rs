//! What the thread behind a shared cache does where the store does not.

use std::fs;
use std::path::Path;
use std::sync::Mutex;

use broker::{BackendKind, BackendOptions, Endpoint, EndpointOptions};
use crossbeam_channel::bounded;
use ostler_pool::{Options, Pool};
use serde_json::json;

use super::*;
use crate::dialect::Burp;
use crate::password::Password;
use crate::plan::Plan;
use crate::service::Settings;
use crate::transport::TransportChoice;
use crate::watched::Watched;

const HOUR: Duration = Duration::from_secs(3600);

/// A monitor whose only child never comes to be: its configuration cannot be read.
fn monitor() -> Arc<Monitor> {
    let mut plan = Plan::new(Path::new("/no/such"), Path::new("/no/such"), TransportChoice::Relay);
    plan.versioned = Mutex::new(Some(Watched::new([])));
    let options = Options { size: 1, ..Options::default() };
    let pool = Pool::start(Burp::new(plan, None), options).unwrap();
    let password = Password::new(&json!("x"));
    let settings = Settings { password, timeout: HOUR, cache_bytes: 1 << 20 };
    Arc::new(Monitor::new(pool, settings, 1))
}

/// The configuration of a client of this server, in a folder.
fn client(folder: &Path) -> Whose {
    let (conf, authority) = (folder.join("burp.conf"), folder.join("ca.pem"));
    fs::write(&authority, "one").unwrap();
    let text = format!("server = a\ncname = me\nssl_cert_ca = {}\n", authority.display());
    fs::write(&conf, text).unwrap();
    Whose::new(&conf, None).unwrap()
}

/// A keeper that nobody tells anything but the test, and what it would have written; there is room
/// for so many things.
fn keeper(store: Store, whose: Whose, room: usize) -> (Keeper, Receiver<Job>) {
    let (monitor, state) = (monitor(), Arc::<State>::default());
    let (_tell, told) = bounded(1);
    let (send, jobs) = bounded(room);
    let keeper = Keeper::new(store, whose, (monitor, state), (told, send), (HOUR, 1 << 20));
    (keeper, jobs)
}

/// A master alone, and who has it.
fn alone() -> (Endpoint, Store) {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let none = BackendOptions::default();
    let store = endpoint.attach_master("st", BackendKind::Memory, &none).unwrap();
    (endpoint, store)
}

fn query(text: &str) -> Query {
    Query::parse(text).unwrap()
}

fn asked(text: &str) -> Told {
    Told::Asked(Arc::new(Flight::unwanted(query(text))))
}

/// The store's word on a claim.
fn claimed(number: u64, text: &str, is_mine: bool) -> Told {
    let answer = Ok(Data::Boolean(is_mine));
    Told::Claimed { number, query: query(text), until: Deadline::after(HOUR), answer }
}

/// The numbers of the claims that were to be written.
fn claims(jobs: &Receiver<Job>) -> Vec<u64> {
    let number = |(_, write)| match write {
        Write::Claim(number, _) => Some(number),
        _ => None,
    };
    jobs.try_iter().map(number).map(Option::unwrap).collect()
}

#[test]
fn a_release_that_is_told_before_the_claim_it_ends_is_heeded() {
    let folder = tempfile::tempdir().unwrap();
    let (_endpoint, store) = alone();
    let (mut keeper, jobs) = keeper(store, client(folder.path()), 9);
    keeper.look();
    keeper.take(asked("c:one"));
    keeper.take(asked("c:other"));
    assert_eq!(claims(&jobs), [1, 2]);
    keeper.released(&query("c:one"));
    keeper.take(claimed(2, "c:other", false));
    assert!(claims(&jobs).is_empty(), "it is not the other one's");
    keeper.take(claimed(1, "c:one", false));
    assert_eq!(claims(&jobs), [3], "at once");
    keeper.take(claimed(3, "c:one", false));
    assert!(claims(&jobs).is_empty(), "a release is heeded once");
    keeper.released(&query("c:one"));
    assert_eq!(claims(&jobs), [4]);
    keeper.take(claimed(4, "c:one", true));
    assert_eq!((keeper.pending.len(), keeper.monitor.metrics().executed.value()), (1, 1));
    assert!(keeper.claims.contains_key(&query("c:one")));
}

#[test]
fn a_claim_that_nobody_needs_any_more_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let (_endpoint, store) = alone();
    let (mut keeper, jobs) = keeper(store, client(folder.path()), 9);
    keeper.look();
    keeper.take(asked("c:one"));
    assert_eq!(claims(&jobs), [1]);
    keeper.learn(&query("c:one"), wall(), lifetime(&query("c:one")), b"{}".to_vec());
    assert_eq!(keeper.pending.len(), 0, "it is spared");
    keeper.take(claimed(1, "c:one", false));
    assert!(jobs.is_empty(), "it is another daemon's");
    keeper.take(claimed(1, "c:one", true));
    let written = jobs.try_recv().map(|(until, write)| (until.passed(), write));
    let written = written.map(|(passed, write)| (passed, matches!(write, Write::Release(_))));
    assert_eq!(written, Ok((false, true)));
    assert!(keeper.claims.is_empty());
}

#[test]
fn a_writer_that_stands_still_holds_up_nobody_for_longer_than_the_wait() {
    let folder = tempfile::tempdir().unwrap();
    let (_endpoint, store) = alone();
    // There is room for one thing, and nobody takes it.
    let (mut keeper, _standing) = keeper(store, client(folder.path()), 1);
    let (monitor, state) = (Arc::clone(&keeper.monitor), Arc::clone(&keeper.state));
    keeper.look();
    assert!(state.is_on());
    let executed = || monitor.metrics().executed.value();
    keeper.take(asked("c:one"));
    assert_eq!((keeper.pending.len(), executed()), (1, 0), "one waits for its claim");
    keeper.take(asked("c:other"));
    assert_eq!((keeper.pending.len(), executed()), (1, 1), "the other goes to burp");
    keeper.give_up();
    assert!(state.is_on(), "it has time");
    keeper.claims.insert(query("c:gone"), Deadline::after(Duration::ZERO));
    keeper.claims.insert(query("c:out"), Deadline::after(HOUR));
    keeper.look();
    assert_eq!(keeper.claims.len(), 1, "what has ended is not remembered");
    // It has had it since it came to be, and all of it is gone.
    keeper.wait = Duration::ZERO;
    keeper.pending.clear();
    let (jobs, _standing) = bounded(1);
    keeper.jobs = jobs;
    keeper.take(asked("c:late"));
    keeper.give_up();
    assert_eq!((keeper.pending.len(), executed()), (0, 2));
    assert!(!state.is_on(), "nobody else waits for it");
}
