//! The status listener: what it tells, to whom, and when there is little room.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::net::UnixStream;

use ostler_tests::http::ask_under_names;
use ostler_tests::self_contained::self_contained;
use ostler_tests::wire::PASSWORD;
use ostler_tests::{Answer, Caller, Daemon, FakeBurp, Heard, Settings, Step, Wire, wait_for};
use rustix::process::Signal;
use serde_json::json;

fn place(daemon: &Daemon) -> SocketAddr {
    let line = daemon.wait_log("status on ");
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

/// A connection on which this was asked, and which may go on.
fn ask(place: SocketAddr, method: &str, path: &str) -> Caller {
    let mut caller = Caller::new(place);
    caller.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    caller
}

fn get(place: SocketAddr, path: &str) -> Heard {
    ask(place, "GET", path).one()
}

fn shown(fake: &FakeBurp) -> Settings {
    fake.settings().status("port", "0")
}

/// The value of a metric, by its name and labels as they are written.
fn figure(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in\n{text}")).parse().unwrap()
}

#[test]
fn without_a_port_there_is_none() {
    let fake = FakeBurp::new();
    let daemon = fake.settings().start();
    daemon.wait_ready(2);
    assert_eq!(daemon.logged("status on"), 0);
}

#[test]
fn the_monitor_tells_of_itself_under_names_of_this_machine() {
    let fake = FakeBurp::new();
    let near = shown(&fake).start();
    for path in ["/v1/status", "/metrics", "/"] {
        ask_under_names(place(&near), path, 421);
    }
    // Whoever checks its health says what he likes.
    ask_under_names(place(&near), "/healthz", 200);
    let far = shown(&fake).status("bind", "0.0.0.0").start();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, place(&far).port()));
    ask_under_names(address, "/metrics", 200);
}

#[test]
fn behind_a_unix_socket_every_name_is_right() {
    let fake = FakeBurp::new();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("status");
    let daemon = fake.settings().status("bind", &format!("unix:{}", socket.display())).start();
    daemon.wait_log("status on ");
    let mut stream = UnixStream::connect(&socket).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: status.example\r\n\r\n").unwrap();
    assert_eq!(Heard::read(&mut stream, true).unwrap().status, 200);
}

#[test]
fn health_and_readiness_follow_the_pool() {
    let fake = FakeBurp::new();
    fake.at_start(vec![Step::Hang]);
    let mut daemon = shown(&fake).start();
    let place = place(&daemon);
    assert_eq!(get(place, "/healthz").status, 200);
    let unready = get(place, "/readyz");
    assert_eq!((unready.status, unready.text()), (503, "No burp monitor is ready\n"));
    fake.behave();
    for child in daemon.children() {
        ostler_tests::process::kill(child.pid, Signal::KILL);
    }
    wait_for("it is ready", || get(place, "/readyz").status == 200);

    // A request in flight holds the end up; meanwhile balancers are told.
    fake.hold_at("c:client1");
    let mut wire = daemon.connect();
    wire.frame(br#"{"query":"c:client1","cache":false,"password":"only for tests"}"#);
    wait_for("the query is with a child", || daemon.status()["n_busy"] == 1);
    daemon.signal(Signal::TERM);
    wait_for("it is not ready any more", || get(place, "/readyz").status == 503);
    assert_eq!(get(place, "/readyz").text(), "The monitor is being stopped\n");
    assert_eq!(get(place, "/healthz").status, 200);
    let held = fake.alive();
    fake.behave();
    for child in held {
        fake.release(child, &[Step::body(r#"{"clients":[]}"#)]);
    }
    assert_eq!(wire.answer().status(), "OK");
    assert!(daemon.ended().success());
}

#[test]
fn figures_count_what_happened() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).start();
    daemon.wait_ready(2);
    let place = place(&daemon);
    assert_eq!(daemon.query("c:client1").status(), "OK");
    assert_eq!(daemon.query("c:unknown").status(), "KO");
    for _ in 0..2 {
        let cached = json!({"query": "c:client2", "cache": true});
        assert_eq!(daemon.ask(&cached).status(), "OK");
    }
    let wrong = json!({"query": "c:", "password": "wrong"});
    assert_eq!(daemon.ask(&wrong).status(), "KO");
    assert_eq!(daemon.query(" ").status(), "ER");
    let child = daemon.children()[0].pid;
    ostler_tests::process::kill(child, Signal::KILL);
    wait_for("the loss is counted", || daemon.status()["losses"]["exited"] == 1);
    daemon.wait_ready(2);
    let page = get(place, "/metrics");
    assert_eq!(page.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let text = page.text();
    for (name, value) in [
        ("requests_total{kind=\"client\",outcome=\"ok\"}", 3.0),
        ("requests_total{kind=\"client\",outcome=\"warning\"}", 1.0),
        ("refused_requests_total{reason=\"password\"}", 1.0),
        ("refused_requests_total{reason=\"malformed\"}", 1.0),
        ("cache_queries_total{result=\"hit\"}", 1.0),
        ("cache_queries_total{result=\"executed\"}", 3.0),
        ("queue_wait_seconds_count", 3.0),
        ("queue_wait_seconds_bucket{le=\"+Inf\"}", 3.0),
        ("children{state=\"ready\"}", 2.0),
        ("pool_size", 2.0),
        ("queue_length", 0.0),
        ("child_restarts_total{cause=\"exited\"}", 1.0),
        ("child_starts_total", 3.0),
        ("tls_failures_total", 0.0),
        ("connections_refused_total", 0.0),
    ] {
        let name = format!("bui_monitor_{name}");
        assert!((figure(text, &name) - value).abs() < 1e-9, "{name}:\n{text}");
    }
    assert!(figure(text, "bui_monitor_request_duration_seconds_count") >= 4.0, "{text}");
    assert!(text.contains("server_version=\"3.1.4\""), "{text}");
    // Each family is described once, before its figures.
    let described = text.lines().filter(|line| line.starts_with("# TYPE ")).count();
    let named = text.lines().filter(|line| line.starts_with("# HELP ")).count();
    assert_eq!((described, named), (described, described));
    assert!(described > 20, "{text}");
}

#[test]
fn the_state_is_that_of_the_function_status() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).start();
    daemon.wait_ready(2);
    let state = get(place(&daemon), "/v1/status").json();
    assert_eq!(state["slots"].as_array().unwrap().len(), 2);
    for key in ["version", "client_version", "server_version", "transport", "queue", "slots"] {
        assert_eq!(state.get(key).is_some(), daemon.status().get(key).is_some(), "{key}");
    }
    let slot = &state["slots"][0];
    for key in ["state", "pid", "age_seconds", "requests", "last_error"] {
        assert!(slot.get(key).is_some(), "{key}");
    }
}

#[test]
fn the_page_is_one_file_whose_script_its_policy_names() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).start();
    let page = get(place(&daemon), "/");
    assert_eq!(page.status, 200);
    let policy = page.header("Content-Security-Policy").unwrap();
    self_contained(page.text(), policy);
}

#[test]
fn news_come_over_http_as_they_do_over_the_wire() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).start();
    daemon.wait_ready(2);
    let place = place(&daemon);
    let mut caller = ask(place, "GET", "/v1/live?interval=0.25&clients_only=true");
    let first = caller.one().json();
    assert_eq!(first["summary"]["clients"][0]["name"], "client1", "{first}");
    let path = format!("/v1/live?after={}&interval=0.25&clients_only=true", first["tick"]);
    caller.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    wait_for("the page waits", || daemon.status()["viewers"] == 1);
    fake.at_query("c:", vec![Step::body(r#"{"clients":[{"name":"new","backups":[]}]}"#)]);
    let second = caller.one().json();
    assert_eq!(second["summary"]["clients"][0]["name"], "new");
    for wrong in ["after=-1", "interval=x", "clients_only=7", "hold="] {
        let page = get(place, &format!("/v1/live?{wrong}"));
        assert_eq!(page.status, 400, "{wrong}");
        let key = wrong.split('=').next().unwrap();
        assert!(page.json()["detail"].as_str().unwrap().contains(key), "{}", page.text());
    }
}

#[test]
fn only_what_is_there_can_be_asked_and_only_by_get() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).start();
    let place = place(&daemon);
    assert_eq!(get(place, "/nothing").status, 404);
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        let page = ask(place, method, "/v1/status").one();
        assert_eq!(page.status, 405, "{method}");
        assert_eq!(page.header("Allow"), Some("GET, HEAD, OPTIONS"), "{page:?}");
    }
}

#[test]
fn figures_are_told_while_all_other_places_are_taken() {
    let fake = FakeBurp::new();
    let settings = shown(&fake).set("max_connections", "3").set("pool", "1").set("max_queue", "2");
    let daemon = settings.set("trusted", "127.0.0.1").timeout(600).start();
    let place = place(&daemon);
    wait_for("it is ready", || get(place, "/readyz").status == 200);
    fake.hold_at("c:client1");
    // One query is with the only child and stays there; the others fill the queue, and together they
    // take all connections.
    let mut busy: Vec<Wire> = Vec::new();
    for (query, running, waiting) in
        [("c:client1", 1.0, 0.0), ("c:client2", 1.0, 1.0), ("c:client3", 1.0, 2.0)]
    {
        let mut wire = daemon.connect();
        wire.frame(json!({ "query": query, "password": PASSWORD }).to_string().as_bytes());
        busy.push(wire);
        wait_for("it has its place", || {
            let page = get(place, "/metrics");
            let is = |name, wanted: f64| (figure(page.text(), name) - wanted).abs() < 0.5;
            is("bui_monitor_queries_running", running) && is("bui_monitor_queue_length", waiting)
        });
    }
    let refused = daemon.connect().rest();
    assert_eq!(Answer::parse(&refused).error(), "Too many connections are open already (3)");
    assert_eq!(get(place, "/healthz").status, 200);
    let page = get(place, "/metrics");
    let refused = figure(page.text(), "bui_monitor_connections_refused_total");
    assert!((refused - 1.0).abs() < 0.5, "{refused}");
}

#[test]
fn silence_and_viewers_leave_room_for_others() {
    let fake = FakeBurp::new();
    let daemon = shown(&fake).status("max_viewers", "2").start();
    daemon.wait_ready(2);
    let place = place(&daemon);
    let silent: Vec<Caller> = (0..200).map(|_| Caller::new(place)).collect();
    // Those that have only just come may still be on their way to where they can make room.
    wait_for("there is room", || get(place, "/healthz").status == 200);
    let first = get(place, "/v1/live?clients_only=true").json();
    let path = format!("/v1/live?after={}&clients_only=true&hold=60", first["tick"]);
    let mut viewers: Vec<Caller> = Vec::new();
    for wanted in 1..=2 {
        viewers.push(ask(place, "GET", &path));
        wait_for("it watches", || get(place, "/v1/status").json()["viewers"] == wanted);
    }
    let refused = get(place, &path);
    assert_eq!(refused.status, 503);
    assert_eq!(refused.json()["detail"], "Too many are watching already (2)");
    // Pages take no place of clients with the password.
    let client = daemon.ask(&json!({ "func": "live", "clients_only": true }));
    assert!(client.json()["tick"].is_u64());
    assert_eq!(get(place, "/healthz").status, 200);
    drop(silent);
}
