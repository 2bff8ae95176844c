//! Plugins that are added over HTTP, beyond the recorded calls.

use katalogus::Generation;
use serde_json::{Value, json};

use crate::instance::{Client, Instance};

const PLUGINS: &str = "/v1/organisations/acme/plugins";
const BOEFJES: &str = "/v1/organisations/acme/boefjes";

fn instance() -> Instance {
    let instance = Instance::new(Generation::V1_20);
    let made = instance.ask("POST", "/v1/organisations/", r#"{"id":"acme","name":"A"}"#);
    assert_eq!(made.status, 201);
    instance
}

fn add(client: &mut Client, plugin: &Value) -> u16 {
    client.ask("POST", PLUGINS, &plugin.to_string()).status
}

fn ids(client: &mut Client, query: &str) -> Vec<String> {
    let listed = client.ask("GET", &format!("{PLUGINS}?{query}"), "").json();
    let listed = listed.as_array().unwrap().iter();
    listed.map(|plugin| plugin["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn an_added_plugin_is_listed_shown_and_removed() {
    let instance = instance();
    let mut client = instance.connect();
    let made = json!({"id": "made", "name": "Made", "type": "boefje", "consumes": ["X", "X"],
        "created": "2024-05-06", "enabled": true, "static": true});
    assert_eq!(add(&mut client, &made), 201);
    assert_eq!(ids(&mut client, "consumes=X"), ["made"]);
    assert_eq!(ids(&mut client, "limit=2"), ["made", "alpha"]);
    assert_eq!(ids(&mut client, "ids=alpha&ids=made"), ["alpha", "made"]);
    let shown = client.ask("GET", &format!("{PLUGINS}/made"), "").json();
    let expected = json!({"id": "made", "name": "Made", "version": null,
        "created": "2024-05-06T00:00:00", "description": null, "enabled": false, "static": false,
        "type": "boefje", "scan_level": 1, "consumes": ["X"], "produces": [],
        "boefje_schema": null, "cron": null, "interval": null, "run_on": null,
        "runnable_hash": null, "oci_image": null, "oci_arguments": [], "deduplicate": true});
    assert_eq!(shown, expected);
    assert_eq!(client.ask("DELETE", &format!("{BOEFJES}/made"), "").status, 204);
    assert_eq!(client.ask("GET", &format!("{PLUGINS}/made"), "").status, 404);
    assert!(!ids(&mut client, "").contains(&"made".to_owned()));
}

#[test]
fn without_a_type_the_kind_that_knows_most_of_the_members_is_meant() {
    let instance = instance();
    let mut client = instance.connect();
    for (plugin, kind) in [
        (json!({"id": "a", "name": "a"}), "boefje"),
        (json!({"id": "b", "name": "b", "scan_level": 0}), "boefje"),
        (json!({"id": "c", "name": "c", "type": "normalizer"}), "normalizer"),
    ] {
        assert_eq!(add(&mut client, &plugin), 201);
        let path = format!("{PLUGINS}/{}", plugin["id"].as_str().unwrap());
        assert_eq!(client.ask("GET", &path, "").json()["type"], kind, "{plugin}");
    }
}

#[test]
fn what_is_wrong_with_a_plugin_is_told_by_kind() {
    let instance = instance();
    let mut client = instance.connect();
    for (body, place, kind) in [
        (json!([]), json!(["body", "Boefje"]), "model_attributes_type"),
        (json!({"scan_level": 5}), json!(["body", "Boefje", "scan_level"]), "less_than_equal"),
        (json!({"scan_level": -1}), json!(["body", "Boefje", "scan_level"]), "greater_than_equal"),
        (json!({"consumes": "X"}), json!(["body", "Boefje", "consumes"]), "set_type"),
        (json!({"produces": [1]}), json!(["body", "Boefje", "produces", 0]), "string_type"),
        (json!({"run_on": ["x"]}), json!(["body", "Boefje", "run_on", 0]), "enum"),
        (
            json!({"created": "x"}),
            json!(["body", "Boefje", "created"]),
            "datetime_from_date_parsing",
        ),
        (json!({"boefje_schema": []}), json!(["body", "Boefje", "boefje_schema"]), "dict_type"),
        (json!({"cron": "1 2 3 4"}), json!(["body", "Boefje", "cron"]), "value_error"),
        (json!({"interval": 1.5}), json!(["body", "Boefje", "interval"]), "int_from_float"),
        (json!({"parameters": {}}), json!(["body", "Bit", "parameters"]), "list_type"),
    ] {
        let heard = client.ask("POST", PLUGINS, &body.to_string());
        assert_eq!(heard.status, 422, "{body}");
        let details = heard.json()["detail"].as_array().unwrap().clone();
        let told = details.iter().find(|detail| detail["loc"] == place);
        assert_eq!(told.map(|detail| &detail["type"]), Some(&json!(kind)), "{body}: {details:?}");
    }
}

#[test]
fn ids_and_names_are_taken_once() {
    let instance = instance();
    let mut client = instance.connect();
    let boefje = |id: &str, name: &str| json!({"id": id, "name": name, "type": "boefje"});
    let normalizer = |id: &str, name: &str| json!({"id": id, "name": name, "type": "normalizer"});
    assert_eq!(add(&mut client, &boefje("made", "Made")), 201);
    for (plugin, taken) in [
        (boefje("alpha", "x"), "id"),
        (normalizer("alpha_normalize", "x"), "id"),
        (normalizer("made", "x"), "plugin_id"),
        (boefje("x", "Alpha"), "name"),
        (boefje("x", "Made"), "name"),
        (normalizer("x", "Alpha normalizer"), "name"),
    ] {
        let heard = client.ask("POST", PLUGINS, &plugin.to_string());
        let words = format!("Duplicate plugin: a plugin with this {taken} already exists");
        assert_eq!((heard.status, &heard.json()["detail"]), (400, &json!(words)), "{plugin}");
    }
    // A name is one of its kind.
    assert_eq!(add(&mut client, &normalizer("x", "Made")), 201);
    let other = boefje("other", "Other");
    assert_eq!(add(&mut client, &other), 201);
    let rename = |client: &mut Client, name: Value| {
        client.ask("PATCH", &format!("{BOEFJES}/other"), &json!({ "name": name }).to_string())
    };
    assert_eq!(rename(&mut client, json!("Made")).status, 400);
    assert_eq!(rename(&mut client, json!("Other")).status, 204);
    assert_eq!(rename(&mut client, json!("Alpha")).status, 400);
    let heard = rename(&mut client, Value::Null);
    assert_eq!((heard.status, heard.text()), (400, r#"{"detail":"A plugin needs a name"}"#));
    assert_eq!(client.ask("GET", &format!("{PLUGINS}/other"), "").json()["name"], "Other");
}

#[test]
fn a_plugin_is_changed_as_the_kind_that_it_is() {
    let instance = instance();
    let mut client = instance.connect();
    let normalizer = json!({"id": "n", "name": "N", "type": "normalizer"});
    assert_eq!(add(&mut client, &normalizer), 201);
    let missing = r#"{"message":"Plugin with id 'n' not found"}"#;
    for method in ["PATCH", "DELETE"] {
        let heard = client.ask(method, &format!("{BOEFJES}/n"), "{}");
        assert_eq!((heard.status, heard.text()), (404, missing), "{method}");
    }
    let path = "/v1/organisations/acme/normalizers/n";
    assert_eq!(client.ask("PATCH", path, r#"{"consumes":["a","a"]}"#).status, 204);
    assert_eq!(client.ask("PATCH", path, "").status, 422);
    assert_eq!(client.ask("PATCH", path, r#"{"consumes":null}"#).status, 422);
    let shown = client.ask("GET", &format!("{PLUGINS}/n"), "").json();
    assert_eq!(shown["consumes"], json!(["a", "a"]));
    assert_eq!(client.ask("DELETE", path, "").status, 204);
    assert_eq!(client.ask("DELETE", path, "").status, 404);
}

#[test]
fn settings_are_held_to_the_schema_of_an_added_boefje() {
    let instance = instance();
    let mut client = instance.connect();
    let schema = json!({"type": "object", "required": ["K"]});
    let made = json!({"id": "made", "name": "M", "type": "boefje", "boefje_schema": schema});
    assert_eq!(add(&mut client, &made), 201);
    let settings = "/v1/organisations/acme/made/settings";
    let heard = client.ask("PUT", settings, "{}");
    assert_eq!(heard.status, 500);
    assert_eq!(
        heard.text(),
        r#"{"message":"Settings for plugin made are not conform the plugin schema: 'K' is a required property"}"#
    );
    assert_eq!(client.ask("PUT", settings, r#"{"K":1}"#).status, 200);
    assert_eq!(client.ask("GET", &format!("{PLUGINS}/made/schema.json"), "").json(), schema);
    let described = client.ask("PATCH", &format!("{BOEFJES}/made"), r#"{"description":"ä"}"#);
    assert_eq!(described.status, 204);
    assert_eq!(client.ask("GET", &format!("{PLUGINS}/made/description.md"), "").text(), "ä");
}
