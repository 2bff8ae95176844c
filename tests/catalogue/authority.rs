//! The token: what is open without it, what a wrong one is told, and how it is changed.

use std::fs;
use std::io::Read as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use ostler_tests::catalogue::request;
use ostler_tests::clients::connect_from;
use ostler_tests::{Caller, Catalogue, CatalogueSettings, Heard, PATIENCE};
use tempfile::NamedTempFile;

use crate::{path, secret};

const TOKEN: &str = "the token of this test";

/// A catalogue that wants a token, and the file that it stands in.
fn guarded() -> (Catalogue, NamedTempFile) {
    let file = secret(TOKEN);
    let settings = CatalogueSettings::default().set("Global", "token_file", path(&file));
    (settings.start(), file)
}

fn ask(catalogue: &Catalogue, token: &str, path: &str) -> Heard {
    catalogue.ask_with(&format!("Authorization: {token}\r\n"), "GET", path)
}

#[test]
fn without_the_token_nothing_is_told_but_that_it_is_there() {
    let (catalogue, _file) = guarded();
    for open in ["/health", "/metrics", "/docs", "/redoc"] {
        assert_eq!(catalogue.ask("GET", open, None).status, 200, "{open}");
    }
    assert_eq!(catalogue.ask("GET", "/", None).status, 307);
    for closed in ["/v1/organisations", "/openapi.json", "/v1/", "/nothing", "//health", "/health/"]
    {
        let heard = catalogue.ask("GET", closed, None);
        assert_eq!(heard.status, 401, "{closed}");
        assert_eq!(heard.text(), r#"{"detail":"Not authenticated"}"#);
        assert_eq!(heard.header("WWW-Authenticate"), Some("Bearer"));
    }
    let body = serde_json::json!({"id": "a", "name": "A"});
    assert_eq!(catalogue.ask("POST", "/v1/organisations/", Some(&body)).status, 401);
    let right = format!("Bearer {TOKEN}");
    assert_eq!(ask(&catalogue, &right, "/v1/organisations").text(), "{}", "nothing was added");
}

#[test]
fn the_right_token_opens_everything_and_a_wrong_one_ends_the_connection() {
    let (catalogue, _file) = guarded();
    for right in [format!("Bearer {TOKEN}"), format!("bearer  {TOKEN} ")] {
        assert_eq!(ask(&catalogue, &right, "/v1/organisations").status, 200, "{right}");
        assert_eq!(ask(&catalogue, &right, "/nothing").status, 404);
    }
    for wrong in ["Bearer x", &format!("Bearer {TOKEN}x"), "Bearer the token of this tesu"] {
        let mut caller = Caller::new(catalogue.port());
        caller.send(format!(
            "GET /v1/organisations HTTP/1.1\r\nHost: k\r\nAuthorization: {wrong}\r\n\r\n"
        ));
        let heard = caller.last();
        assert_eq!((heard.status, heard.text()), (401, r#"{"detail":"Invalid token"}"#));
        assert_eq!(heard.header("WWW-Authenticate"), Some("Bearer error=\"invalid_token\""));
    }
    assert_eq!(ask(&catalogue, TOKEN, "/v1/organisations").status, 401, "without its scheme");
    let log = catalogue.log().wait("wrong token from 127.0.0.1:");
    assert!(!log.contains("token of this"), "{log}");
}

#[test]
fn many_wrong_tokens_of_one_address_are_answered_late_and_a_right_one_never() {
    let (catalogue, _file) = guarded();
    let address = Ipv4Addr::new(127, 0, 0, 7);
    let guess = request("GET", "/v1/organisations", "Authorization: Bearer x\r\n", None);
    let mut late = Vec::new();
    for _ in 0..12 {
        let mut stream = connect_from(address, catalogue.port());
        std::io::Write::write_all(&mut stream, &guess).unwrap();
        late.push(stream);
    }
    let header = format!("Authorization: Bearer {TOKEN}\r\n");
    let mut right = connect_from(address, catalogue.port());
    let asked = request("GET", "/v1/organisations", &header, None);
    std::io::Write::write_all(&mut right, &asked).unwrap();
    right.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(Heard::read(&mut right, true).unwrap().status, 200);
    // The last of them waits for eight seconds, which no answer above has taken.
    let mut last = late.pop().unwrap();
    last.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    assert!(last.read(&mut [0]).is_err(), "a guess was answered before a right token");
    for mut stream in late.into_iter().take(5) {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        assert_eq!(Heard::read(&mut stream, true).unwrap().status, 401);
    }
}

#[test]
fn a_reload_puts_another_token_in_force_and_a_wrong_file_changes_nothing() {
    let (mut catalogue, file) = guarded();
    let (old, new) = (format!("Bearer {TOKEN}"), "Bearer new");
    fs::write(file.path(), "new\n").unwrap();
    assert_eq!(ask(&catalogue, &old, "/v1/organisations").status, 200, "not yet");
    assert!(catalogue.reload());
    assert_eq!(ask(&catalogue, &old, "/v1/organisations").status, 401);
    assert_eq!(ask(&catalogue, new, "/v1/organisations").status, 200);
    fs::write(file.path(), "\n").unwrap();
    assert!(!catalogue.reload());
    catalogue.log().wait("katalogus.cfg:3: [Global] token_file: has no token in its first line");
    assert_eq!(ask(&catalogue, new, "/v1/organisations").status, 200, "the old one stays");
}

#[test]
fn a_credential_of_the_service_manager_stands_in_for_the_file() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("katalogus.token"), TOKEN).unwrap();
    let catalogue =
        CatalogueSettings::default().environment("CREDENTIALS_DIRECTORY", directory.path()).start();
    assert_eq!(catalogue.ask("GET", "/v1/organisations", None).status, 401);
    assert_eq!(ask(&catalogue, &format!("Bearer {TOKEN}"), "/v1/organisations").status, 200);
}
