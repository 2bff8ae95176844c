//! What is answered when it cannot be done now.

use std::time::Duration;

use katalogus::{Generation, StoreSettings};
use serde_json::json;

use crate::instance::{Instance, Setup};

const CALLS: [(&str, &str, &str); 4] = [
    ("GET", "/v1/organisations", ""),
    ("GET", "/v1/organisations/acme/plugins/alpha/cover.jpg", ""),
    ("PUT", "/v1/organisations/acme/alpha/settings", "{}"),
    ("POST", "/v1/organisations/a/settings/clone/b", ""),
];

#[test]
fn a_request_for_which_there_is_no_room_is_refused_at_once() {
    let change = |store: &mut StoreSettings| store.max_queued = 0;
    let instance = Instance::start(Setup { change, ..Setup::new(Generation::V1_15) });
    for (method, path, body) in CALLS {
        let heard = instance.ask(method, path, body);
        assert_eq!(heard.status, 503, "{method} {path}");
        assert_eq!(heard.json(), json!({ "detail": "Too many requests wait already" }));
    }
    assert_eq!(instance.ask("GET", "/health", "").status, 200);
}

#[test]
fn a_request_whose_time_is_over_is_not_begun() {
    let setup = Setup { deadline: Duration::ZERO, ..Setup::new(Generation::V1_15) };
    let instance = Instance::start(setup);
    for (method, path, body) in CALLS {
        let heard = instance.ask(method, path, body);
        assert_eq!(heard.status, 503, "{method} {path}: {}", heard.text());
        assert_eq!(heard.json(), json!({ "detail": "The database did not answer in time" }));
    }
    let rows = instance.look(|session| Ok(session.organisations()?.len()));
    assert_eq!(rows, 0);
}
