//! Single settings, and settings that are put only where there are none: what the original's README
//! tells of.

use katalogus::Generation;

use crate::instance::Instance;

const ALPHA: &str = "/v1/organisations/acme/alpha/settings";
const BETA: &str = "/v1/organisations/acme/beta/settings";

#[test]
fn single_settings_are_added_shown_changed_and_removed() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    let top = format!("{ALPHA}/TOP");
    let unknown = r#"{"detail":"Unknown key"}"#;
    for (method, path, body, status, answer) in [
        ("GET", &*top, "", 404, unknown),
        ("PUT", &top, r#"{"value":5}"#, 404, unknown),
        ("DELETE", &top, "", 404, unknown),
        ("POST", &top, r#"{"value":5}"#, 201, "null"),
        ("POST", &top, r#"{"value":6}"#, 409, r#"{"detail":"Key 'TOP' exists already"}"#),
        ("GET", &top, "", 200, "5"),
        ("PUT", &top, r#"{"value":7}"#, 200, "null"),
        ("POST", &format!("{ALPHA}/a%20key"), r#"{"value":{"b":[1.0,null]}}"#, 201, "null"),
        ("GET", ALPHA, "", 200, r#"{"TOP":7,"a key":{"b":[1.0,null]}}"#),
        ("DELETE", &top, "", 200, "null"),
        ("GET", ALPHA, "", 200, r#"{"a key":{"b":[1.0,null]}}"#),
        ("GET", &top, "", 404, unknown),
    ] {
        let heard = client.ask(method, path, body);
        assert_eq!((heard.status, heard.text()), (status, answer), "{method} {path} {body}");
    }
}

#[test]
fn a_setting_that_the_schema_does_not_take_changes_nothing() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    assert_eq!(client.ask("PUT", ALPHA, r#"{"TOP":5}"#).status, 200);
    for (method, key, value) in [("PUT", "TOP", "11"), ("POST", "NAME", "true")] {
        let body = format!(r#"{{"value":{value}}}"#);
        let heard = client.ask(method, &format!("{ALPHA}/{key}"), &body);
        assert_eq!(heard.status, 404, "{}", heard.text());
        assert!(heard.text().contains("are not conform the plugin schema"), "{}", heard.text());
    }
    assert_eq!(client.ask("GET", ALPHA, "").text(), r#"{"TOP":5}"#);
    let long = format!(r#"{{"value":"{}"}}"#, "x".repeat(500));
    let heard = client.ask("POST", &format!("{ALPHA}/long"), &long);
    assert_eq!((heard.status, heard.text()), (404, r#"{"message":"A storage error occurred"}"#));
    let heard = client.ask("POST", &format!("{ALPHA}/none"), r#"{"other":1}"#);
    assert_eq!(heard.json()["detail"][0]["loc"], serde_json::json!(["body", "value"]));
    assert_eq!(heard.status, 422);
}

#[test]
fn a_plugin_that_loses_a_setting_that_it_needs_is_disabled() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    let enable = "/v1/organisations/acme/repositories/LOCAL/plugins/beta";
    assert_eq!(client.ask("PUT", BETA, r#"{"API_KEY":"k","other":1}"#).status, 200);
    assert_eq!(client.ask("PATCH", enable, r#"{"enabled":true}"#).status, 200);
    let mut is_enabled = |key: &str| {
        assert_eq!(client.ask("DELETE", &format!("{BETA}/{key}"), "").status, 200);
        client.ask("GET", "/v1/organisations/acme/plugins/beta", "").json()["enabled"] == true
    };
    assert!(is_enabled("other"));
    assert!(!is_enabled("API_KEY"));
    assert_eq!(client.ask("GET", BETA, "").text(), "{}");
}

#[test]
fn all_settings_are_created_once() {
    for generation in [Generation::V1_15, Generation::V1_20] {
        let instance = Instance::new(generation);
        let mut client = instance.connect();
        client.ask("POST", "/v1/organisations/", r#"{"id":"acme","name":"A"}"#);
        assert_eq!(client.ask("POST", ALPHA, "[]").status, 422);
        let heard = client.ask("POST", ALPHA, r#"{"TOP":5}"#);
        assert_eq!((heard.status, heard.text()), (201, "null"));
        let heard = client.ask("POST", ALPHA, r#"{"TOP":6}"#);
        let words = "Settings exist already for organisation 'acme' and plugin 'alpha'";
        assert_eq!((heard.status, heard.json()["detail"].as_str()), (409, Some(words)));
        assert_eq!(client.ask("GET", ALPHA, "").text(), r#"{"TOP":5}"#);
        assert_eq!(client.ask("DELETE", ALPHA, "").status, 200);
        assert_eq!(client.ask("POST", ALPHA, "{}").status, 201);
    }
}
