//! Requests that are not what an endpoint takes, beyond the recorded ones.

use katalogus::Generation;
use ostler_net::Limits;
use serde_json::json;

use crate::instance::{Client, Instance, Setup};

const ORGANISATIONS: &str = "/v1/organisations/";
const SETTINGS: &str = "/v1/organisations/acme/alpha/settings";

/// Type and place of all that is said to be wrong.
fn complaints(client: &mut Client, method: &str, path: &str, body: &str) -> Vec<String> {
    let heard = client.ask(method, path, body);
    assert_eq!(heard.status, 422, "{method} {path} {body}: {}", heard.text());
    let details = heard.json()["detail"].as_array().unwrap().clone();
    details.iter().map(|detail| format!("{} {}", detail["type"], detail["loc"])).collect()
}

#[test]
fn bodies_that_are_no_json_are_told_where_they_end_being_it() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (body, place) in [
        ("{", 1),
        ("[1,", 3),
        ("\"ä", 0),
        ("{\"ä\": x}", 6),
        ("nul", 0),
        ("{} {}", 3),
        ("{\"a\": NaN}", 6),
        ("\"\\ud800\"", 1),
    ] {
        let told = complaints(&mut client, "PUT", SETTINGS, body);
        assert_eq!(told, [format!("\"json_invalid\" [\"body\",{place}]")], "{body}");
    }
    let deep = "[".repeat(100_000 / 2);
    for body in [&b"{\"a\": \"\xff\"}"[..], deep.as_bytes()] {
        let json = [("Content-Type", "application/json")];
        let heard = client.ask_with("PUT", SETTINGS, &json, body);
        assert_eq!(heard.status, 400);
        assert_eq!(heard.json(), json!({ "detail": "There was an error parsing the body" }));
    }
}

#[test]
fn the_media_type_decides_whether_a_body_is_json() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (media_type, status) in [
        ("application/json; charset=utf-8", 200),
        ("Application/Problem+JSON", 200),
        ("text/json", 422),
        ("application/octet-stream", 422),
        ("nonsense", 422),
    ] {
        let headers = [("Content-Type", media_type)];
        let heard = client.ask_with("PUT", SETTINGS, &headers, b"{\"TOP\": 1}");
        assert_eq!(heard.status, status, "{media_type}: {}", heard.text());
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let instance = Instance::new(Generation::V1_20);
    let mut client = instance.connect();
    let wrong = r#"{"name":1,"deduplicate":null}"#;
    assert_eq!(
        complaints(&mut client, "POST", ORGANISATIONS, wrong),
        [
            r#""missing" ["body","id"]"#,
            r#""string_type" ["body","name"]"#,
            r#""bool_type" ["body","deduplicate"]"#
        ]
    );
    let path = "/v1/organisations/acme/plugins?plugin_type=x&state=&offset=a&limit=";
    assert_eq!(
        complaints(&mut client, "GET", path, ""),
        [
            r#""literal_error" ["query","plugin_type"]"#,
            r#""bool_parsing" ["query","state"]"#,
            r#""int_parsing" ["query","offset"]"#,
            r#""int_parsing" ["query","limit"]"#
        ]
    );
}

#[test]
fn the_last_of_several_values_counts() {
    let instance = Instance::new(Generation::V1_15);
    let path = "/v1/organisations/acme/plugins?limit=x&limit=1&q=zzz&q=a&state=2&state=ON";
    let heard = instance.ask("GET", path, "");
    assert_eq!(heard.json()[0]["id"], "gamma", "{}", heard.text());
    assert_eq!(heard.json().as_array().unwrap().len(), 1);
}

#[test]
fn a_body_over_the_limit_is_refused_and_nothing_is_stored() {
    let limits = Limits { max_request: 1000, ..Limits::default() };
    let instance = Instance::start(Setup { limits, ..Setup::new(Generation::V1_15) });
    let body = format!(r#"{{"a":"{}"}}"#, "x".repeat(1000));
    let heard = instance.ask("PUT", SETTINGS, &body);
    assert_eq!(heard.status, 413);
    assert!(heard.json()["detail"].as_str().unwrap().contains("1000"), "{}", heard.text());
    assert_eq!(instance.ask("GET", "/v1/organisations", "").text(), "{}");
}

#[test]
fn paths_are_decoded_before_they_are_matched() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (path, status) in [
        ("/v1/organisations/a%2Fplugins", 200),
        ("/v1/organisations//plugins", 404),
        ("/v1/organisations/%C3%A4/plugins?limit=0", 200),
        ("/v1/organisations/a/plugins/x/y", 404),
        ("/V1/organisations", 404),
        ("/v1/organisations/a/plugins/..", 404),
    ] {
        assert_eq!(client.ask("GET", path, "").status, status, "{path}");
    }
    let all = client.ask("GET", "/v1/organisations", "").json();
    let ids: Vec<&String> = all.as_object().unwrap().keys().collect();
    assert_eq!(ids, ["a", "ä"]);
}

#[test]
fn no_method_is_answered_by_another_ones_endpoint() {
    let instance = Instance::new(Generation::V1_15);
    let mut client = instance.connect();
    for (method, path, allowed) in [
        ("HEAD", "/v1/organisations", "GET"),
        ("OPTIONS", "/v1/organisations", "GET"),
        ("DELETE", "/v1/organisations", "GET"),
        ("PATCH", SETTINGS, "GET"),
        ("GET", "/v1/organisations/a/settings/clone/b", "POST"),
    ] {
        let heard = client.ask(method, path, "");
        assert_eq!((heard.status, heard.header("Allow")), (405, Some(allowed)), "{method} {path}");
    }
}
