//! What the service manager is told, and when.

use ostler_tests::{CatalogueSettings, Manager};
use rustix::process::Signal;

fn watched(manager: &Manager) -> CatalogueSettings {
    CatalogueSettings::default()
        .environment("NOTIFY_SOCKET", manager.path())
        .environment("WATCHDOG_USEC", "100000")
}

#[test]
fn readiness_reloads_signs_of_life_and_the_end_are_told() {
    let manager = Manager::new();
    let mut catalogue = watched(&manager).start();
    manager.wait("READY=1");
    // There is a connection with the database by then.
    assert_eq!(catalogue.ask("GET", "/v1/organisations", None).status, 200);
    for _ in 0..2 {
        catalogue.signal(Signal::HUP);
        manager.wait("RELOADING=1\nMONOTONIC_USEC=");
        manager.wait("READY=1");
    }
    manager.lives(2);
    catalogue.signal(Signal::TERM);
    manager.wait("STOPPING=1");
    assert_eq!(catalogue.ended().code(), Some(0));
}

#[test]
fn a_server_that_is_not_there_keeps_nobody_waiting_for_ever() {
    let manager = Manager::new();
    let mut catalogue = watched(&manager)
        .set("Database", "uri", "\"postgresql://nobody@/none?host=/nowhere\"")
        .start();
    catalogue.log().wait("the database cannot be used yet: ");
    assert_eq!(catalogue.ask("GET", "/v1/organisations", None).status, 503);
    assert_eq!(catalogue.ask("GET", "/health", None).status, 200);
    manager.wait("READY=1");
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
}
