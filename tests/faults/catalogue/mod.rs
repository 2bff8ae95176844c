//! The catalogue: slow and large clients, signals, its database, its configuration, its secrets.

mod database;
mod network;
mod postgres;
mod security;
mod signals;

use ostler_tests::catalogue::request;
use ostler_tests::{Caller, Catalogue};
use serde_json::{Value, json};

/// The address of organisations that are added.
const ADD: &str = "/v1/organisations/";

/// A new organisation.
fn organisation(id: &str) -> Value {
    json!({ "id": id, "name": id })
}

/// A client that has asked for an organisation to be added, and waits.
fn adding(catalogue: &Catalogue, id: &str) -> Caller {
    let mut caller = Caller::new(catalogue.port());
    caller.send(request("POST", ADD, "", Some(&organisation(id).to_string())));
    caller
}

/// The ids of the organisations that there are.
fn organisations(catalogue: &Catalogue) -> Vec<String> {
    let heard = catalogue.ask("GET", "/v1/organisations", None);
    assert_eq!(heard.status, 200, "{}", heard.text());
    heard.json().as_object().unwrap().keys().cloned().collect()
}
