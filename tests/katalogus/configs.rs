//! Configurations across organisations.

use katalogus::Generation;
use serde_json::{Value, json};

use crate::instance::{Client, Instance};

fn configs(client: &mut Client, query: &str) -> Vec<Value> {
    let heard = client.ask("GET", &format!("/v1/configs?{query}"), "");
    assert_eq!(heard.status, 200, "{query}: {}", heard.text());
    heard.json().as_array().unwrap().clone()
}

/// Organisations `a`, `b` and `c` with the same settings of `alpha`, and `d` with others; `c` lets
/// nothing be shared, and `b` has it disabled.
fn filled() -> Instance {
    let instance = Instance::new(Generation::V1_20);
    let mut client = instance.connect();
    for (id, share, settings, enabled) in [
        ("a", true, r#"{"TOP":5,"NAME":"n"}"#, true),
        ("b", true, r#"{"NAME":"n","TOP":5}"#, false),
        ("c", false, r#"{"TOP":5,"NAME":"n"}"#, true),
        ("d", true, r#"{"TOP":6,"NAME":"n"}"#, true),
    ] {
        let organisation = json!({"id": id, "name": id, "deduplicate": share}).to_string();
        assert_eq!(client.ask("POST", "/v1/organisations/", &organisation).status, 201);
        let path = format!("/v1/organisations/{id}/alpha/settings");
        assert_eq!(client.ask("PUT", &path, settings).status, 200);
        let path = format!("/v1/organisations/{id}/plugins/alpha");
        let body = json!({ "enabled": enabled }).to_string();
        assert_eq!(client.ask("PATCH", &path, &body).status, 204);
    }
    instance
}

#[test]
fn duplicates_are_equal_ones_of_others_who_share() {
    let instance = filled();
    let mut client = instance.connect();
    let mut duplicates = |query: &str| {
        let found = configs(&mut client, query);
        let organisations = |config: &Value| {
            let duplicates = config["duplicates"].as_array().unwrap().iter();
            let ids = duplicates.map(|other| other["organisation_id"].as_str().unwrap().to_owned());
            format!("{}:{}", config["organisation_id"].as_str().unwrap(), ids.collect::<String>())
        };
        found.iter().map(organisations).collect::<Vec<_>>()
    };
    assert_eq!(duplicates("with_duplicates=true"), ["a:b", "b:a", "c:", "d:"]);
    assert_eq!(duplicates("with_duplicates=true&organisation_id=a"), ["a:b"]);
    assert_eq!(duplicates("with_duplicates=true&enabled=true"), ["a:", "c:", "d:"]);
    assert_eq!(duplicates("organisation_id=a"), ["a:"]);
}

#[test]
fn configurations_are_filtered_and_paged() {
    let instance = filled();
    let mut client = instance.connect();
    let mut organisations = |query: &str| {
        let found = configs(&mut client, query).into_iter();
        let ids = found.map(|config| config["organisation_id"].as_str().unwrap().to_owned());
        ids.collect::<String>()
    };
    for (query, expected) in [
        ("", "abcd"),
        ("enabled=false", "b"),
        ("boefje_id=alpha&enabled=1", "acd"),
        ("boefje_id=beta", ""),
        ("organisation_id=none", ""),
        ("offset=1&limit=2", "bc"),
        ("offset=3", "d"),
        ("limit=0", ""),
    ] {
        assert_eq!(organisations(query), expected, "{query}");
    }
    assert_eq!(client.ask("GET", "/v1/configs?with_duplicates=x", "").status, 422);
}

#[test]
fn a_configuration_keeps_its_number_and_normalizers_have_none() {
    let instance = filled();
    let mut client = instance.connect();
    let disabled = r#"{"enabled":false}"#;
    let normalizer = "/v1/organisations/a/plugins/alpha_normalize";
    assert_eq!(client.ask("PATCH", normalizer, disabled).status, 204);
    let before = configs(&mut client, "");
    assert_eq!(before.len(), 4);
    assert_eq!(client.ask("DELETE", "/v1/organisations/b/alpha/settings", "").status, 200);
    let mut expected = before.clone();
    expected.remove(1);
    assert_eq!(configs(&mut client, ""), expected);
}
