//! With which code it ends, and what it says then; and what it says of a database that may come.

use std::fs;
use std::net::TcpListener;

use diesel::connection::{Connection, SimpleConnection};
use diesel::sqlite::SqliteConnection;
use ostler_tests::{Caller, CatalogueSettings, wait_for};
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
    let file = directory.path().join("theirs.db");
    let mut theirs = SqliteConnection::establish(&file.display().to_string()).unwrap();
    theirs.batch_execute("CREATE TABLE theirs (pk INTEGER)").unwrap();
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

#[test]
fn a_server_that_is_not_there_is_logged_once_and_not_by_every_connection() {
    let uri = "\"postgresql://u@/db?host=/nowhere\"";
    let settings = CatalogueSettings::default().set("Database", "uri", uri);
    let catalogue = settings.set("Database", "connections", "16").start();
    let log = catalogue.log();
    log.wait("ERROR");
    wait_for("all connections have been tried", || {
        let figures = catalogue.ask("GET", "/metrics", None);
        let mut lines = figures.text().lines();
        let tried = lines.find_map(|line| {
            line.strip_prefix("katalogus_database_failed_connects_total ")?.parse::<u32>().ok()
        });
        tried.expect("a figure") >= 32
    });
    assert_eq!(log.count("ERROR"), 1, "{:?}", log.lines());
}

#[test]
fn of_several_who_start_on_a_new_file_each_serves() {
    for is_there in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("new.db");
        if is_there {
            // As it is left by whoever is killed before the tables are there.
            fs::write(&file, "").unwrap();
        }
        let uri = format!("sqlite:///{}", file.display());
        let start = || CatalogueSettings::default().set("Database", "uri", &uri).launch();
        let mut catalogues: Vec<_> = (0..4).map(|_| start()).collect();
        for catalogue in &mut catalogues {
            assert_eq!(catalogue.ask("GET", "/v1/organisations", None).text(), "{}");
        }
    }
}

#[test]
fn a_plugin_that_hangs_keeps_up_neither_a_stop_nor_what_needs_no_plugins() {
    let settings = CatalogueSettings::default();
    let directory = tempfile::tempdir().unwrap();
    let plugin = directory.path().join("plugins/hangs");
    fs::create_dir_all(&plugin).unwrap();
    let begun = directory.path().join("begun");
    let module = format!("open({begun:?}, 'w')\nimport threading\nthreading.Event().wait()\n");
    fs::write(plugin.join("main.py"), module).unwrap();
    fs::write(plugin.join("__init__.py"), "").unwrap();
    fs::write(plugin.join("boefje.json"), r#"{"id": "hangs", "name": "H"}"#).unwrap();
    let folder = directory.path().join("plugins").display().to_string();
    let settings =
        settings.set("Plugins", "python", "python3").set("Plugins", "directory", &folder);
    let settings = settings.set("Plugins", "import_time", "3600");
    let mut early = settings.clone().launch();
    wait_for("the import", || begun.exists());
    early.signal(Signal::TERM);
    assert_eq!(early.ended().code(), Some(0));
    early.log().wait("stopped before the plugins were known");

    let mut catalogue = settings.start();
    assert_eq!(catalogue.ask("GET", "/health", None).status, 200);
    assert_eq!(catalogue.ask("GET", "/v1/organisations", None).status, 200);
    let heard = catalogue.ask("GET", "/v1/organisations/a/plugins", None);
    assert_eq!(heard.status, 503);
    let words = "The plugins are being looked at for the first time";
    assert_eq!(heard.json(), serde_json::json!({ "detail": words }));
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
}

#[test]
fn a_second_stop_waits_for_no_other_catalogue() {
    let settings = CatalogueSettings::default().set("Plugins", "remote_timeout", "3600");
    let settings = settings.set("Global", "timeout", "3600").set("Global", "drain", "3600");
    let mut catalogue = settings.start();
    // Those who ask are let in, and never answered.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let base_url = format!("http://{address}");
    let repository = serde_json::json!({"id": "r", "name": "R", "base_url": base_url});
    let path = "/v1/organisations/a/repositories/";
    assert_eq!(catalogue.ask("POST", path, Some(&repository)).status, 201);
    let mut listings: Vec<Caller> = (0..6).map(|_| Caller::new(catalogue.port())).collect();
    for listing in &mut listings {
        listing.send("GET /v1/organisations/a/plugins HTTP/1.1\r\nHost: k\r\n\r\n");
    }
    let _asked = silent.accept().unwrap();
    catalogue.signal(Signal::TERM);
    catalogue.log().wait("stopping");
    catalogue.signal(Signal::TERM);
    assert_eq!(catalogue.ended().code(), Some(0));
}
