//! What is said to Octopoes and to KATalogus, and what is made of the answers.

use boefjes::Origin;
use katalogus::Json;
use ostler_runtime::Moment;
use ostler_tests::OpenKat;
use ostler_tests::openkat::{Asked, OpenKatVersion, Trouble};
use serde_json::json;

fn openkat() -> OpenKat {
    OpenKat::new(OpenKatVersion::V1_15)
}

fn moment() -> Moment {
    Moment::parse("2026-11-22T08:59:30.404676Z").unwrap()
}

#[test]
fn an_object_is_read_as_it_was_at_a_moment() {
    let openkat = openkat();
    let object = json!({"object_type": "Hostname", "primary_key": "Hostname|internet|ä b.c"});
    openkat.put_object("acme", &object);
    let octopoes = openkat.services().octopoes;
    let read = octopoes.object("acme", "Hostname|internet|ä b.c", moment()).unwrap().unwrap();
    assert_eq!(read, Json::parse(&object.to_string()).unwrap());
    let target = "/acme/object?reference=Hostname%7Cinternet%7C%C3%A4+b.c\
                  &valid_time=2026-11-22+08%3A59%3A30.404676%2B00%3A00";
    assert_eq!(openkat.lines(), [format!("octopoes GET {target}")]);
    assert_eq!(octopoes.object("acme", "Hostname|internet|d", moment()).unwrap(), None);
}

#[test]
fn a_path_that_is_none_is_not_an_object_that_is_none() {
    let openkat = openkat();
    openkat.inject(Asked::Octopoes, "", 1, Trouble::Status(404));
    let octopoes = openkat.services().octopoes;
    let error = octopoes.object("a/../b", "Network|internet", moment()).unwrap_err();
    let words = "Octopoes answered 404 to GET /a%2F..%2Fb/object: as the test wants";
    assert_eq!(error.to_string(), words);
}

#[test]
fn what_is_said_of_objects_goes_where_it_belongs() {
    let openkat = openkat();
    let octopoes = openkat.services().octopoes;
    let said = Json::parse(r#"{"b":["ä",1.0,null],"a":{}}"#).unwrap();
    for (origin, path) in [
        (Origin::Observation, "observations"),
        (Origin::Declaration, "declarations"),
        (Origin::Affirmation, "affirmations"),
    ] {
        octopoes.save("acme", origin, &said).unwrap();
        let books = openkat.books();
        let call = books.calls.last().unwrap();
        assert_eq!(call.line(), format!("octopoes POST /acme/{path}"));
        assert_eq!(call.header("content-type"), Some("application/json"));
        assert_eq!(call.text(), r#"{"b":["ä",1.0,null],"a":{}}"#);
        assert_eq!(books.said.last().unwrap().what, path);
    }
}

#[test]
fn scan_profiles_are_saved_together() {
    let openkat = openkat();
    let profiles =
        r#"[{"scan_profile_type": "declared", "reference": "Network|\u00e4", "level": 2}]"#;
    let octopoes = openkat.services().octopoes;
    octopoes.save_scan_profiles("acme", moment(), &Json::parse(profiles).unwrap()).unwrap();
    let books = openkat.books();
    let target =
        "/acme/scan_profiles/save_many?valid_time=2026-11-22+08%3A59%3A30.404676%2B00%3A00";
    assert_eq!(books.calls[0].line(), format!("octopoes POST {target}"));
    assert_eq!(books.calls[0].text(), profiles);
    assert_eq!(books.calls[0].header("content-type"), Some("application/json"));
}

#[test]
fn a_failure_of_octopoes_is_told_in_its_words() {
    let openkat = openkat();
    openkat.inject(Asked::Octopoes, "", 2, Trouble::Status(503));
    let octopoes = openkat.services().octopoes;
    let error = octopoes.save("acme", Origin::Declaration, &Json::Null).unwrap_err();
    let words = "Octopoes answered 503 to POST /acme/declarations: as the test wants";
    assert_eq!(error.to_string(), words);
    assert_eq!(openkat.lines().len(), 1, "a status is an answer");
}

#[test]
fn settings_are_read() {
    let openkat = openkat();
    openkat.put_settings("acme", "a boefje", &json!({"B": 1, "A": "x"}));
    let settings = openkat.services().settings;
    let read = settings.settings("acme", "a boefje").unwrap();
    assert_eq!(read.get("B"), Some(&Json::from(1)));
    assert!(settings.settings("acme", "other").unwrap().is_empty());
    let path = "katalogus GET /v1/organisations/acme/a%20boefje/settings";
    assert_eq!(openkat.lines()[0], path);
    openkat.inject(Asked::Katalogus, "", 1, Trouble::Body(b"[]".to_vec()));
    let error = settings.settings("acme", "b").unwrap_err().to_string();
    let path = "GET /v1/organisations/acme/b/settings";
    let words = format!("KATalogus answered something strange to {path}: it is no object");
    assert_eq!(error, words);
}
