//! What becomes of what containers bring, and what newer ones ask for.

use std::thread;

use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble};
use serde_json::{Value, json};

use crate::api::{Containers, task};

fn hello() -> Value {
    json!({"status": "COMPLETED", "files": [
        {"name": "greeting", "content": "aGVsbG8=", "tags": ["text/plain", "short"]},
        {"content": "AP8="},
    ]})
}

#[test]
fn results_are_saved_before_the_task_ends_and_are_taken_once() {
    let containers = Containers::new(|settings| settings);
    let id = containers.running(1);
    assert_eq!(containers.bring(&id, &hello()).status, 200);
    assert_eq!(containers.bring(&id, &hello()).status, 403);
    let books = containers.openkat.books();
    let calls: Vec<_> = books.calls.iter().filter(|call| call.status != Some(401)).collect();
    let lines: Vec<String> = calls.iter().map(|call| call.line()).collect();
    let at = |words: &str| {
        lines.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{lines:#?}"))
    };
    let [looked, settings, meta, raw, told] = [
        "scheduler GET /tasks/",
        "katalogus GET",
        "bytes POST /bytes/boefje_meta",
        "bytes POST /bytes/raw?",
        "scheduler PATCH",
    ]
    .map(at);
    assert!(looked < settings && settings < meta && meta < raw && raw < told, "{lines:#?}");
    let saved = &books.boefje_metas[0];
    assert_eq!(saved["started_at"], "2026-11-22T08:59:28Z", "when the task began to run");
    assert_eq!(saved["environment"], json!({"REMOTE_NS": "9.9.9.9"}));
    assert_ne!(saved["ended_at"], Value::Null);
    let raws: Vec<_> = books.raws.iter().map(|raw| (&raw.mime_types, &raw.content)).collect();
    let own = "boefje/dns-records".to_owned();
    assert_eq!(
        raws,
        [
            (&vec!["text/plain".to_owned(), "short".to_owned(), own.clone()], &b"hello".to_vec()),
            (&vec![own], &b"\0\xff".to_vec()),
        ]
    );
    assert_eq!(books.tasks[&id].history, ["queued", "running", "completed"]);
}

#[test]
fn results_that_come_twice_at_once_are_saved_once() {
    let containers = Containers::new(|settings| settings);
    let id = containers.running(1);
    containers.openkat.inject(
        Asked::Bytes,
        "POST /bytes/boefje_meta",
        1,
        Trouble::Delay(ostler_tests::PATIENCE),
    );
    thread::scope(|scope| {
        let first = scope.spawn(|| containers.bring(&id, &hello()).status);
        containers.openkat.wait("the first is being saved", |books| {
            books.calls.iter().any(|call| call.target == "/bytes/boefje_meta")
        });
        assert_eq!(containers.bring(&id, &hello()).status, 403);
        containers.openkat.heal(Asked::Bytes);
        assert_eq!(first.join().unwrap(), 200);
    });
    assert_eq!(containers.openkat.books().boefje_metas.len(), 1);
}

#[test]
fn a_service_that_is_slow_keeps_nobody_else_waiting() {
    let containers = Containers::new(|settings| settings);
    let id = containers.running(1);
    let all = usize::MAX;
    containers.openkat.inject(
        Asked::Scheduler,
        "GET /tasks",
        all,
        Trouble::Delay(ostler_tests::PATIENCE),
    );
    let path = format!("/api/v0/tasks/{id}");
    thread::scope(|scope| {
        let waiting: Vec<_> =
            (0..8).map(|_| scope.spawn(|| containers.ask("GET", &path, None).status)).collect();
        containers.openkat.wait("the threads wait", |books| {
            books.calls.iter().filter(|call| call.target.starts_with("/tasks")).count() >= 4
        });
        let healthy = containers.ask("GET", "/healthz", None);
        assert_eq!((healthy.status, healthy.text()), (200, r#""OK""#));
        containers.openkat.heal(Asked::Scheduler);
        for one in waiting {
            assert_eq!(one.join().unwrap(), 200);
        }
    });
}

#[test]
fn what_other_services_refuse_is_told_to_the_log_only() {
    let containers = Containers::new(|settings| settings);
    let id = containers.running(1);
    containers.openkat.inject(Asked::Bytes, "POST /bytes/raw", 1, Trouble::Status(500));
    let heard = containers.bring(&id, &hello());
    assert_eq!((heard.status, heard.text()), (500, "Internal Server Error"));
    containers.workers.log().wait("Bytes answered 500");
    assert_eq!(containers.openkat.books().tasks[&id].status(), "running");
}

#[test]
fn requests_that_are_none_are_refused_as_by_the_original() {
    let containers = Containers::new(|settings| settings.set("Containers", "max_body", "4 KiB"));
    let id = containers.running(1);
    let path = format!("/api/v0/tasks/{id}");
    for (method, path, body, status, told) in [
        ("PUT", path.as_str(), None, 405, r#"{"detail":"Method Not Allowed"}"#),
        ("GET", "/api/v0/nothing", None, 404, r#"{"detail":"Not Found"}"#),
        ("POST", path.as_str(), None, 422, r#""missing","loc":["body"]"#),
        ("POST", "/api/v0/tasks/x", Some("{}"), 422, r#"["body","status"]"#),
        ("POST", "/api/v0/tasks/x", Some("{}"), 422, r#"["path","task_id"]"#),
        ("POST", "/api/v0/scheduler/boefje/pop", None, 404, r#"{"detail":"Not Found"}"#),
        (
            "POST",
            path.as_str(),
            Some(r#"{"status":"COMPLETED","files":[{"content":"YQ"}]}"#),
            422,
            r#"["body","files",0,"content"]"#,
        ),
    ] {
        let heard = containers.ask(method, path, body);
        assert_eq!(heard.status, status, "{method} {path}: {}", heard.text());
        assert!(heard.text().contains(told), "{method} {path}: {}", heard.text());
    }
    let elsewhere = containers.ask("GET", "/healthz/", None);
    assert_eq!(elsewhere.status, 307);
    assert_eq!(elsewhere.header("Location"), Some("http://localhost/healthz"));
    let long = json!({"status": "COMPLETED", "files": [{"content": "A".repeat(8000)}]});
    assert_eq!(containers.bring(&id, &long).status, 413);
    assert_eq!(containers.openkat.books().tasks[&id].status(), "running");
}

#[test]
fn the_newer_form_has_the_whole_task_and_tells_the_ids_of_raw_files() {
    let containers = newer();
    let id = containers.queue(1, "dns-records", Some("Hostname|internet|example.com"));
    containers.openkat.set_status(&id, "running");
    let path = format!("/api/v0/tasks/{id}");
    let input = containers.ask("GET", &path, None).json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&input), ["output_url", "task"]);
    assert!(input["output_url"].as_str().unwrap().ends_with(&path), "{input}");
    let task = &input["task"];
    for (key, value) in [
        ("id", json!(id)),
        ("scheduler_id", json!("boefje")),
        ("organisation", json!("acme")),
        ("status", json!("running")),
        ("type", json!("boefje")),
    ] {
        assert_eq!(task[key], value, "{task}");
    }
    assert_eq!(task["data"]["arguments"]["input"]["name"], "example.com");
    assert_eq!(task["data"]["environment"], json!({"REMOTE_NS": "9.9.9.9"}));
    let saved = containers.bring(&id, &hello()).json();
    let books = containers.openkat.books();
    let ids: Vec<&str> = books.raws.iter().map(|raw| raw.id.as_str()).collect();
    assert_eq!(saved, json!({"greeting": ids[0], "1": ids[1]}));
}

#[test]
fn workers_that_reach_nothing_else_get_their_tasks_here() {
    let containers = newer();
    let ids: Vec<String> = (1..=3).map(|n| containers.queue(n, "dns-records", None)).collect();
    let ask = |method, path: &str, body: Value| {
        let body = (!body.is_null()).then(|| body.to_string());
        containers.ask(method, &format!("/api/v0/scheduler/{path}"), body.as_deref())
    };
    let popped = ask("POST", "boefje/pop?limit=2", Value::Null).json();
    let results = popped.as_array().unwrap();
    assert_eq!(results.iter().map(|task| &task["id"]).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    let filter = |id: &str| {
        json!({"filters": [
            {"column": "data", "field": "boefje__id", "operator": "in", "value": [id]}]})
    };
    let none = ask("POST", "boefje/pop", filter("another"));
    assert_eq!((none.status, none.json()), (200, json!([])));
    let third = ask("POST", "boefje/pop", filter("dns-records")).json();
    assert_eq!(third[0]["id"], json!(ids[2]));
    assert_eq!(ask("POST", "boefje/push", third[0].clone()).status, 201);
    assert_eq!(containers.openkat.books().tasks[&ids[2]].status(), "queued");
    let own = format!("tasks/{}", ids[0]);
    let running = ask("PATCH", &own, json!({"status": "running"}));
    assert_eq!((running.status, &running.json()["status"]), (200, &json!("running")));
    assert_eq!(ask("GET", &own, Value::Null).json()["data"]["boefje"]["id"], "dns-records");
    for (method, path, body, status) in [
        ("GET", format!("tasks/{}", task(9)), Value::Null, 404),
        ("PATCH", format!("tasks/{}", task(9)), json!({"status": "running"}), 404),
        ("PATCH", own, json!({"status": "done"}), 422),
        ("POST", "nothing/pop".to_owned(), Value::Null, 422),
        ("POST", "boefje/pop?limit=0".to_owned(), Value::Null, 422),
        ("POST", "boefje/push".to_owned(), json!({"id": 1}), 422),
    ] {
        assert_eq!(ask(method, &path, body).status, status, "{method} {path}");
    }
}

#[test]
fn results_whose_end_could_not_be_told_are_not_saved_again() {
    let containers = Containers::new(|settings| settings);
    let id = containers.running(1);
    containers.openkat.inject(Asked::Scheduler, "PATCH /tasks", 1, Trouble::Status(500));
    assert_eq!(containers.bring(&id, &hello()).status, 500);
    assert_eq!(containers.bring(&id, &hello()).status, 200);
    let books = containers.openkat.books();
    assert_eq!((books.boefje_metas.len(), books.raws.len()), (1, 2));
    let saves = books.calls.iter().filter(|call| call.target == "/bytes/boefje_meta");
    assert_eq!(saves.filter(|call| call.status != Some(401)).count(), 1);
    assert_eq!(books.tasks[&id].history, ["queued", "running", "completed"]);
}

#[test]
fn tasks_are_handed_out_with_all_that_they_need_and_others_fail() {
    let containers = newer();
    let bad = containers.queue(1, "no-such-boefje", None);
    let good = containers.queue(2, "dns-records", Some("Hostname|internet|example.com"));
    let pop = "/api/v0/scheduler/boefje/pop?limit=2";
    let popped = containers.ask("POST", pop, None).json();
    assert_eq!(popped.as_array().unwrap().len(), 1, "{popped}");
    let data = &popped[0]["data"];
    assert_eq!(data["arguments"]["input"]["name"], "example.com");
    assert_eq!(data["environment"], json!({"REMOTE_NS": "9.9.9.9"}));
    assert_eq!(containers.openkat.books().tasks[&bad].status(), "failed");
    let own = format!("/api/v0/scheduler/tasks/{good}");
    let again = containers.ask("GET", &own, None).json();
    assert_eq!(again["data"]["arguments"]["input"]["name"], "example.com");
    // That a bad one cannot be failed costs the good ones nothing.
    containers.openkat.inject(Asked::Scheduler, "PATCH /tasks", 1, Trouble::Status(500));
    containers.queue(3, "no-such-boefje", None);
    let good = containers.queue(4, "dns-records", None);
    let popped = containers.ask("POST", pop, None);
    assert_eq!((popped.status, &popped.json()[0]["id"]), (200, &json!(good)));
}

fn newer() -> Containers {
    Containers::of(OpenKatVersion::V1_19, |settings| {
        settings.set("Global", "generation", "1.20").set("Containers", "scheduler_proxy", "yes")
    })
}
