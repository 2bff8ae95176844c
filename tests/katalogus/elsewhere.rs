//! Plugins of other catalogues, as they are listed, shown, enabled and cloned.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use katalogus::{Generation, RemoteSettings};
use ostler_http::{HeadLimits, Http, Method, Response, Router, Status, at_once};
use ostler_net::{Address, Limits, Listener, Server};
use ostler_tests::PATIENCE;
use serde_json::json;

use crate::instance::{Client, Instance, Setup};

const PLUGINS: &str = r#"{
    "far": {"id": "far", "type": "boefje", "name": "Far", "consumes": ["Hostname"]},
    "alpha": {"id": "alpha", "type": "boefje", "name": "Far alpha", "enabled": true}
}"#;

/// A catalogue with two plugins, and an instance that knows it as `remote`.
fn instance() -> (Instance, Server) {
    let plugins = at_once(|_| Response::json(Status::Ok, PLUGINS.as_bytes()));
    let router = Router::new().route(Method::Get, "/far/plugins", plugins).unwrap();
    let listeners = Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap();
    let address = listeners[0].inet().unwrap();
    let service = Arc::new(Http::new(router, HeadLimits::default()));
    let server = Server::start(listeners, 1, Limits::default(), service).unwrap();
    let instance = Instance::new(Generation::V1_15);
    know(&instance, "remote", address);
    (instance, server)
}

/// Makes a catalogue known.
fn know(instance: &Instance, id: &str, address: SocketAddr) {
    let repository = json!({"id": id, "name": "R", "base_url": format!("http://{address}/far")});
    let path = "/v1/organisations/acme/repositories/";
    assert_eq!(instance.ask("POST", path, &repository.to_string()).status, 201);
}

fn shown(client: &mut Client, path: &str) -> serde_json::Value {
    let heard = client.ask("GET", &format!("/v1/organisations/acme/{path}"), "");
    assert_eq!(heard.status, 200, "{path}: {}", heard.text());
    heard.json()
}

#[test]
fn they_come_first_and_carry_the_name_of_their_repository() {
    let (instance, _server) = instance();
    let mut client = instance.connect();
    let listed = shown(&mut client, "plugins?limit=3");
    let facts = listed.as_array().unwrap().iter();
    let facts = facts.map(|plugin| {
        format!("{} {} {}", plugin["repository_id"], plugin["id"], plugin["enabled"])
    });
    let expected =
        [r#""remote" "far" false"#, r#""remote" "alpha" true"#, r#""LOCAL" "alpha" false"#];
    assert_eq!(facts.collect::<Vec<_>>(), expected);
    assert_eq!(shown(&mut client, "plugins/far")["name"], "Far");
    assert_eq!(shown(&mut client, "plugins/alpha")["name"], "Far alpha");
    assert_eq!(shown(&mut client, "plugins/beta")["repository_id"], "LOCAL");
}

#[test]
fn a_repository_lists_and_shows_its_own() {
    let (instance, _server) = instance();
    let mut client = instance.connect();
    let listed = shown(&mut client, "repositories/remote/plugins");
    assert_eq!(listed.as_object().unwrap().keys().collect::<Vec<_>>(), ["alpha", "far"]);
    let far = shown(&mut client, "repositories/remote/plugins/far");
    assert_eq!((&listed["far"], &far["repository_id"]), (&far, &json!("remote")));
    let path = "/v1/organisations/acme/repositories/remote/plugins/beta";
    assert_eq!(client.ask("GET", path, "").status, 404);
}

#[test]
fn each_repository_has_its_own_states_and_a_clone_takes_them_over() {
    let (instance, _server) = instance();
    let mut client = instance.connect();
    let state = |id: &str| format!("/v1/organisations/acme/repositories/remote/plugins/{id}");
    assert_eq!(client.ask("PATCH", &state("alpha"), r#"{"enabled":false}"#).status, 200);
    assert_eq!(client.ask("PATCH", &state("far"), r#"{"enabled":true}"#).status, 200);
    let settings = |organisation: &str, plugin: &str| {
        format!("/v1/organisations/{organisation}/{plugin}/settings")
    };
    for plugin in ["far", "unlisted"] {
        assert_eq!(client.ask("PUT", &settings("acme", plugin), r#"{"K":1}"#).status, 200);
    }
    let listed = shown(&mut client, "plugins?q=a&plugin_type=boefje");
    let enabled = listed.as_array().unwrap().iter().filter(|plugin| plugin["enabled"] == true);
    assert_eq!(enabled.map(|plugin| &plugin["id"]).collect::<Vec<_>>(), ["far", "gamma"]);
    client.ask("POST", "/v1/organisations/", r#"{"id":"to","name":"T"}"#);
    assert_eq!(client.ask("POST", "/v1/organisations/acme/settings/clone/to", "").status, 200);
    let far = client.ask("GET", "/v1/organisations/to/plugins/far", "").json();
    assert_eq!(far["enabled"], true);
    assert_eq!(client.ask("GET", &settings("to", "far"), "").text(), r#"{"K":1}"#);
    assert_eq!(client.ask("GET", &settings("to", "unlisted"), "").text(), "{}");
}

#[test]
fn what_is_away_is_left_out() {
    let (instance, server) = instance();
    server.stop();
    let mut client = instance.connect();
    assert_eq!(shown(&mut client, "plugins?limit=1")[0]["repository_id"], "LOCAL");
    assert_eq!(shown(&mut client, "repositories/remote/plugins"), json!({}));
}

#[test]
fn who_waits_for_them_keeps_nobody_from_files() {
    let generation = Generation::V1_15;
    let (timeout, deadline) = (PATIENCE * 10, PATIENCE * 10);
    let remotes = RemoteSettings { timeout, ..RemoteSettings::new(generation) };
    let instance = Instance::start(Setup { deadline, remotes, ..Setup::new(generation) });
    // Those who ask are let in, and never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    know(&instance, "silent", silent.local_addr().unwrap());
    let mut listings: Vec<Client> = (0..8).map(|_| instance.connect()).collect();
    for listing in &mut listings {
        let request = "GET /v1/organisations/acme/plugins HTTP/1.1\r\nHost: k\r\n\r\n";
        listing.0.send(request);
    }
    let _asked = silent.accept().unwrap();
    let mut client = instance.connect();
    for _ in 0..50 {
        let cover = client.ask("GET", "/v1/organisations/acme/plugins/alpha/cover.jpg", "");
        assert_eq!(cover.status, 200);
    }
}
