//! What containers asked the original's API, and were answered: asked again, of ours.

use katalogus::Json;
use serde_json::{Value, json};

use crate::api::{Containers, task};

/// A request and its answer a line; `running` has the numbers of the tasks that run from there on.
const RECORDED: &str = include_str!("container_api.jsonl");

#[test]
fn every_recorded_exchange_is_answered_so() {
    let containers =
        Containers::new(|settings| settings.environment("BOEFJES_API", "http://127.0.0.1:18006/"));
    let host = "Hostname|internet|example.com";
    for (number, boefje, input) in [
        (1, "dns-records", Some(host)),
        (2, "dns-records", None),
        (3, "dns-records", Some("Hostname|internet|gone.example")),
        (4, "no-such-boefje", None),
        (5, "dns-records", None),
        (6, "dns-records", None),
    ] {
        containers.queue(number, boefje, input);
    }
    let (mut seen, mut differences) = (0, Vec::new());
    for line in RECORDED.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        for number in exchange["running"].as_array().into_iter().flatten() {
            containers.openkat.set_status(&task(number.as_u64().unwrap()), "running");
        }
        let request = &exchange["request"];
        let body = match &request["body"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            body => Some(body.to_string()),
        };
        let (method, path) =
            (request["method"].as_str().unwrap(), request["path"].as_str().unwrap());
        let heard = containers.ask(method, path, body.as_deref());
        let text = heard.text();
        let mut answer = json!({
            "status": heard.status,
            "content_type": heard.header("Content-Type"),
        });
        // The order of members counts, so JSON is compared as text.
        let recorded = &exchange["response"];
        let wanted = match &recorded["body_json"] {
            Value::Null => recorded["body_text"].as_str().unwrap().to_owned(),
            _ => recorded_json(line),
        };
        answer["same_body"] = (text == wanted).into();
        let expected = json!({
            "status": recorded["status"],
            "content_type": recorded["content_type"],
            "same_body": true,
        });
        if answer != expected {
            differences.push(format!("{}: {answer}\n  {text}\n  {wanted}", exchange["label"]));
        }
        seen += 1;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(seen >= 16, "{seen}");
}

/// The recorded body as the original wrote it: without blanks, in its order.
fn recorded_json(line: &str) -> String {
    let member = |json: Json, key: &str| match json {
        Json::Object(mut members) => members.remove(key).unwrap(),
        other => panic!("{other:?}"),
    };
    member(member(Json::parse(line).unwrap(), "response"), "body_json").compact()
}
