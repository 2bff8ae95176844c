//! Who is no container: web pages that a browser asks for, under whatever name, and whoever wants
//! tasks where nobody hands out any; and what those cost whom nobody knows yet.

use std::thread;

use ostler_tests::WorkersSettings;
use ostler_tests::http::Caller;
use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble};

use crate::api::{Containers, address, ask, task};
use crate::openkat;

/// The status of a request with these headers.
fn status(containers: &Containers, line: &str, headers: &str) -> u16 {
    let mut caller = Caller::new(containers.address);
    caller.send(format!("{line} HTTP/1.1\r\n{headers}Content-Length: 0\r\n\r\n"));
    caller.one().status
}

#[test]
fn web_pages_of_others_get_nothing() {
    let containers =
        Containers::new(|settings| settings.environment("BOEFJES_API", "http://boefje:8000/"));
    let path = format!("GET /api/v0/tasks/{}", containers.running(1));
    for headers in [
        "Host: localhost\r\nOrigin: http://evil.example\r\n",
        "Host: localhost\r\nOrigin: null\r\n",
        "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
        "Host: evil.example\r\n",
        "Host: evil.example\r\nSec-Fetch-Site: same-origin\r\nOrigin: http://evil.example\r\n",
        "Host: 127.0.0.1.evil.example:8000\r\n",
    ] {
        assert_eq!(status(&containers, &path, headers), 421, "{headers}");
    }
    for host in ["boefje:8000", "127.0.0.1", "host.docker.internal:8000", "[::1]"] {
        assert_eq!(status(&containers, &path, &format!("Host: {host}\r\n")), 200, "{host}");
    }
}

#[test]
fn tasks_are_handed_out_only_if_that_is_wanted() {
    let containers = Containers::of(OpenKatVersion::V1_19, |settings| {
        settings.set("Global", "generation", "1.20")
    });
    let id = containers.queue(1, "dns-records", None);
    assert_eq!(containers.ask("POST", "/api/v0/scheduler/boefje/pop", None).status, 404);
    let own = format!("/api/v0/scheduler/tasks/{id}");
    assert_eq!(containers.ask("GET", &own, None).status, 404);
    assert_eq!(containers.openkat.books().tasks[&id].status(), "queued");
}

#[test]
fn a_task_that_no_container_has_is_answered_to_nobody() {
    let openkat = openkat();
    let plugins = WorkersSettings::new(&openkat, "boefje").set("Global", "pool_size", "1").start();
    let at = address(&plugins);
    let own = openkat.queue_faulty("wait");
    openkat.wait_status(&own, "running");
    // Its only worker is at work: another program has this one.
    let other = openkat.queue_boefje("trivial");
    openkat.set_status(&other, "running");
    let result = r#"{"status":"COMPLETED","files":[]}"#;
    for task in [&own, &other] {
        let path = format!("/api/v0/tasks/{task}");
        for (method, body) in [("GET", None), ("POST", Some(result))] {
            let heard = ask(at, method, &path, body);
            let told = r#"{"detail":"Task does not have status running"}"#;
            assert_eq!((heard.status, heard.text()), (403, told), "{method} {task}");
        }
        assert_eq!(openkat.books().tasks[task].status(), "running");
    }
}

#[test]
fn a_long_body_is_read_only_if_its_task_runs() {
    let containers = Containers::new(|settings| settings);
    let long = "x".repeat(200_000);
    let id = containers.running(1);
    let bring = |id: &str| containers.ask("POST", &format!("/api/v0/tasks/{id}"), Some(&long));
    let unknown = bring(&task(2));
    assert_eq!((unknown.status, unknown.text()), (404, r#"{"detail":"Task not found"}"#));
    assert_eq!(bring(&id).status, 422);
    let nobody = bring("x");
    assert_eq!(nobody.status, 422);
    assert!(!nobody.text().contains("JSON"), "{}", nobody.text());
}

#[test]
fn all_bodies_together_have_a_limit() {
    let containers = Containers::new(|settings| {
        settings.set("Containers", "max_body", "1 MiB").set("Containers", "max_bodies", "1 KiB")
    });
    let long = serde_json::json!({"status": "COMPLETED", "filler": "x".repeat(1_000_000)});
    let ids: Vec<String> = (1..=3).map(|number| containers.running(number)).collect();
    let delay = Trouble::Delay(ostler_tests::PATIENCE);
    containers.openkat.inject(Asked::Scheduler, "GET /tasks", 2, delay);
    thread::scope(|scope| {
        let waiting: Vec<_> =
            ids[..2].iter().map(|id| scope.spawn(|| containers.bring(id, &long).status)).collect();
        containers.openkat.wait("both wait", |books| {
            books.calls.iter().filter(|call| call.target.starts_with("/tasks")).count() == 2
        });
        assert_eq!(containers.bring(&ids[2], &long).status, 503);
        containers.openkat.heal(Asked::Scheduler);
        for one in waiting {
            assert_eq!(one.join().unwrap(), 200);
        }
    });
    assert_eq!(containers.bring(&ids[2], &long).status, 200);
}

#[test]
fn the_form_is_that_of_the_scheduler_that_answers() {
    let containers = Containers::of(OpenKatVersion::V1_19, |settings| settings);
    let id = containers.running(1);
    let job = containers.ask("GET", &format!("/api/v0/tasks/{id}"), None).json();
    assert_eq!(job["task"]["id"], id, "{job}");
    assert_eq!(job["task_id"], serde_json::Value::Null);
}
