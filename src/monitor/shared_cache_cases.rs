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

#[test]
fn a_writer_that_stands_still_holds_up_nobody_for_longer_than_the_wait() {
    let endpoint = Endpoint::new(EndpointOptions::default()).unwrap();
    let none = BackendOptions::default();
    let store = endpoint.attach_master("st", BackendKind::Memory, &none).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (conf, authority) = (folder.path().join("burp.conf"), folder.path().join("ca.pem"));
    fs::write(&authority, "one").unwrap();
    let text = format!("server = a\ncname = me\nssl_cert_ca = {}\n", authority.display());
    fs::write(&conf, text).unwrap();
    let (monitor, state) = (monitor(), Arc::<State>::default());
    let (_tell, told) = bounded(1);
    // There is room for one thing, and nobody takes it.
    let (jobs, _standing) = bounded(1);
    let mut keeper = Keeper::new(
        store,
        Whose::new(&conf, None).unwrap(),
        (Arc::clone(&monitor), Arc::clone(&state)),
        (told, jobs),
        (HOUR, 1 << 20),
    );
    keeper.look();
    assert!(state.is_on());
    let query = |text| Query::parse(text).unwrap();
    let flight = |text| Arc::new(Flight::unwanted(query(text)));
    let executed = || monitor.metrics().executed.value();
    keeper.take(Told::Asked(flight("c:one")));
    assert_eq!((keeper.pending.len(), executed()), (1, 0), "one waits for its claim");
    keeper.take(Told::Asked(flight("c:other")));
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
    keeper.take(Told::Asked(flight("c:late")));
    keeper.give_up();
    assert_eq!((keeper.pending.len(), executed()), (0, 2));
    assert!(!state.is_on(), "nobody else waits for it");
}
