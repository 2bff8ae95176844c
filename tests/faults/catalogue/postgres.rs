//! A PostgreSQL server that goes and comes back.

use ostler_tests::postgres::Postgres;
use ostler_tests::{CatalogueSettings, Fault, wait_for};

use super::{ADD, organisation, organisations};

#[test]
fn kat_d04_a_server_that_was_away_is_used_again_without_a_restart() {
    let mut server = Postgres::new();
    let catalogue = CatalogueSettings::default()
        .set("Database", "uri", &format!("\"{}\"", server.database()))
        .set("Database", "migrate", "true")
        .set("Database", "connections", "2")
        .start();
    wait_for("it is there", || catalogue.ask("GET", "/v1/organisations", None).status == 200);
    assert_eq!(catalogue.ask("POST", ADD, Some(&organisation("a"))).status, 201);
    let mut fault = Fault::begin("KAT-D04");
    server.stop();
    wait_for("it is missed", || catalogue.ask("GET", "/v1/organisations", None).status == 503);
    fault.injected();
    let refused = catalogue.ask("POST", ADD, Some(&organisation("b")));
    fault.within("a request was refused", fault.elapsed(), 1.0);
    assert_eq!(refused.status, 503);
    assert!(refused.json()["detail"].is_string());
    assert_eq!(catalogue.ask("GET", "/health", None).status, 200);
    server.start();
    fault.injected();
    wait_for("it is back", || catalogue.ask("GET", "/v1/organisations", None).status == 200);
    fault.within("answers came again", fault.elapsed(), 10.0);
    assert_eq!(catalogue.ask("POST", ADD, Some(&organisation("b"))).status, 201);
    assert_eq!(organisations(&catalogue), ["a", "b"]);
}
