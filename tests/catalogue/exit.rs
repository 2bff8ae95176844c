//! With which code it ends, and what it says then.

use std::fs;
use std::net::TcpListener;

use ostler_tests::CatalogueSettings;
use rustix::process::Signal;

/// The exit code with these settings, with a line of the log that has `words`.
fn ended(settings: CatalogueSettings, words: &str) -> Option<i32> {
    let mut catalogue = settings.launch();
    let code = catalogue.ended().code();
    catalogue.log().wait(words);
    code
}

#[test]
fn an_address_that_is_taken_ends_it_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let settings = CatalogueSettings::default().set("Global", "port", &port.to_string());
    let words = format!("cannot listen on 127.0.0.1:{port}: ");
    assert_eq!(ended(settings, &words), Some(69));
}

#[test]
fn a_wrong_configuration_is_told_with_its_place() {
    let settings = CatalogueSettings::default().set("Global", "threads", "0");
    assert_eq!(ended(settings, "[Global] threads: must be from 1 to 256"), Some(78));
    let settings = CatalogueSettings::default().set("Global", "user", "nobody-of-this-name");
    if rustix::process::getuid().is_root() {
        assert_eq!(ended(settings, "cannot become nobody-of-this-name: "), Some(77));
    }
}

#[test]
fn a_database_that_cannot_be_made_or_is_none_ends_it() {
    let settings = CatalogueSettings::default().set("Database", "uri", "sqlite:////nowhere/x.db");
    assert_eq!(ended(settings, "/nowhere/x.db: "), Some(69));
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("x.db");
    fs::write(&file, "no database at all, but long enough to be looked at".repeat(100)).unwrap();
    let uri = format!("sqlite:///{}", file.display());
    let mut catalogue = CatalogueSettings::default().set("Database", "uri", &uri).launch();
    assert!(matches!(catalogue.ended().code(), Some(69 | 78)));
    assert!(fs::read_to_string(&file).unwrap().starts_with("no database"), "it is left alone");
}

#[test]
fn tables_are_made_in_a_file_that_is_there_only_if_that_is_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("empty.db");
    fs::write(&file, "").unwrap();
    let uri = format!("sqlite:///{}", file.display());
    let settings = CatalogueSettings::default().set("Database", "uri", &uri);
    let words = "is not up to date; `katalogus migrate` would do this: ";
    assert_eq!(ended(settings.clone(), words), Some(78));
    let mut catalogue = settings.environment("database_migration", "true").start();
    catalogue.log().wait("was brought up to date: ");
    assert_eq!(catalogue.ask("GET", "/v1/organisations", None).text(), "{}");
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
}
