//! Who is no container: web pages that a browser asks for, under whatever name, and whoever wants
//! tasks where nobody hands out any.

use ostler_tests::http::Caller;
use ostler_tests::openkat::OpenKatVersion;

use crate::api::Containers;

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
