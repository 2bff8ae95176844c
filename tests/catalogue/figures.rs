//! `/metrics`, the status listener and the state in the log.

use std::net::{Ipv4Addr, SocketAddr};

use ostler_tests::http::ask_under_names;
use ostler_tests::{Caller, Catalogue, CatalogueSettings, Heard, wait_for};
use rustix::process::Signal;
use serde_json::json;

/// The value of a figure, labels included.
fn figure(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    line.parse().ok()
}

fn figures(catalogue: &Catalogue) -> String {
    let heard = catalogue.ask("GET", "/metrics", None);
    assert_eq!(heard.status, 200);
    assert_eq!(heard.header("Cache-Control"), Some("no-store"));
    heard.text().to_owned()
}

#[test]
fn requests_tasks_and_plugins_are_counted() {
    let catalogue = CatalogueSettings::default().start();
    let body = json!({"id": "acme", "name": "Acme"});
    for status in [201, 404] {
        assert_eq!(catalogue.ask("POST", "/v1/organisations/", Some(&body)).status, status);
    }
    catalogue.ask("GET", "/v1/organisations/acme/plugins", None);
    catalogue.ask("GET", "/nothing", None);
    catalogue.ask("GET", "/health", None);
    let text = figures(&catalogue);
    for (name, value) in [
        ("katalogus_info{version=\"0.1.0\",generation=\"1.15\"}", 1.0),
        ("katalogus_requests_total{area=\"organisations\",status=\"2xx\"}", 1.0),
        ("katalogus_requests_total{area=\"organisations\",status=\"4xx\"}", 1.0),
        ("katalogus_requests_total{area=\"plugins\",status=\"2xx\"}", 1.0),
        ("katalogus_requests_total{area=\"other\",status=\"4xx\"}", 1.0),
        ("katalogus_requests_total{area=\"health\",status=\"2xx\"}", 1.0),
        ("katalogus_request_duration_seconds_count", 5.0),
        ("katalogus_database_tasks_total{access=\"write\",outcome=\"failed\"}", 0.0),
        ("katalogus_plugins{type=\"boefje\"}", 0.0),
        ("katalogus_plugin_scans_total", 1.0),
        ("katalogus_remote_requests_total", 0.0),
        ("katalogus_panics_total{part=\"store\"}", 0.0),
    ] {
        assert_eq!(figure(&text, name), Some(value), "{name}:\n{text}");
    }
    let commits = figure(&text, "katalogus_database_commits_total").unwrap();
    assert!(commits >= 1.0, "{text}");
    let post = catalogue.ask("POST", "/metrics", None);
    assert_eq!((post.status, post.header("Allow")), (405, Some("GET, HEAD")));
}

/// Where its status listener is.
fn place(catalogue: &Catalogue) -> SocketAddr {
    let line = catalogue.log().wait("status on ");
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
fn the_catalogue_tells_of_itself_under_names_of_this_machine() {
    let near = CatalogueSettings::default().set("Status", "port", "0").start();
    ask_under_names(place(&near), "/metrics", 421);
    ask_under_names(place(&near), "/healthz", 200);
    let far = CatalogueSettings::default().set("Status", "port", "0");
    let far = far.set("Status", "bind", "0.0.0.0").start();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place(&far).port()));
    ask_under_names(address, "/metrics", 200);
}

#[test]
fn the_status_listener_answers_while_all_other_places_are_taken() {
    let catalogue = CatalogueSettings::default()
        .set("Global", "max_connections", "2")
        .set("Status", "port", "0")
        .start();
    let status = place(&catalogue);
    let ask = |path: &str| -> Heard {
        let mut caller = Caller::new(status);
        caller.send(format!("GET {path} HTTP/1.1\r\nHost: {status}\r\n\r\n"));
        caller.one()
    };
    let mut held: Vec<Caller> = (0..2).map(|_| Caller::new(catalogue.port())).collect();
    for caller in &mut held {
        caller.send("GET /health HTTP/1.1\r\n");
    }
    wait_for("both places are taken", || {
        figure(ask("/metrics").text(), "katalogus_connections_open") == Some(2.0)
    });
    assert_eq!(ask("/healthz").text(), "ok\n");
    wait_for("it is ready", || ask("/readyz").status == 200);
    assert_eq!(ask("/v1/organisations").status, 404, "nothing but this is told there");
}

#[test]
fn its_state_is_in_the_log_when_somebody_asks() {
    let mut catalogue = CatalogueSettings::default().start();
    catalogue.signal(Signal::USR1);
    let line = catalogue.log().wait("status: ");
    let (_, text) = line.split_once("status: ").unwrap();
    let state: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(state["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(state["plugins"]["failing"], false);
    assert!(state["database"]["commits"].is_u64() && state["connections"]["open"].is_u64());
}
