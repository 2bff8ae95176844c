//! The files of a machine of its own: whose they are, and what is said where they cannot be used.

use std::fs;
use std::sync::Arc;

use boefjes::{LocalSettings, Services, TaskKind};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use katalogus::{Access, Cipher, Database, Organisation, Store, StoreSettings};
use ostler_runtime::Deadline;
use ostler_tests::checked::write;
use ostler_tests::wait::PATIENCE;

use crate::local_place::{Place, is_private, pop, task};

fn opened(place: &Place) -> Result<Services, String> {
    let opened = Services::local_with(place.settings(), Arc::clone(&place.plugins));
    opened.map_err(|error| error.to_string())
}

#[test]
fn everything_is_private_to_its_owner() {
    let place = Place::new(&[]);
    let services = place.services();
    services.scheduler.push(&task("a", "1")).unwrap();
    assert_eq!(pop(&services, TaskKind::Boefje, 1).len(), 1);
    assert!(is_private(&place.folder()));
    let mut files = 0;
    for entry in fs::read_dir(place.folder()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            assert!(is_private(&entry.path()), "{}", entry.path().display());
            files += 1;
        }
    }
    // Two databases, and what SQLite keeps beside them while they are open.
    assert!(files >= 4, "{files}");
}

#[test]
fn who_waits_for_a_locked_file_is_told_so_in_time_and_goes_on_later() {
    let place = Place::new(&[]);
    let services = place.services();
    let path = place.database();
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let told = services.scheduler.push(&task("a", "1")).unwrap_err().to_string();
    let words = "boefjes.db: another process has locked it for more than 0.3 s";
    assert!(told.ends_with(words), "{told}");
    // Whoever only reads need not wait.
    assert!(services.bytes.raw(uuid::Uuid::new_v4(), u64::MAX).unwrap().is_none());
    other.batch_execute("ROLLBACK").unwrap();
    services.scheduler.push(&task("a", "1")).unwrap();
}

#[test]
fn a_file_that_is_lost_or_replaced_is_not_written_to() {
    let place = Place::new(&[]);
    let services = place.services();
    let moved = place.folder().join("moved.db");
    fs::rename(place.database(), &moved).unwrap();
    let told = services.scheduler.push(&task("a", "1")).unwrap_err().to_string();
    assert!(told.contains("boefjes.db: No such file"), "{told}");
    write(&place.database(), "");
    let told = services.scheduler.push(&task("a", "1")).unwrap_err().to_string();
    assert!(told.ends_with("another file is in its place"), "{told}");
    fs::rename(&moved, place.database()).unwrap();
    services.scheduler.push(&task("a", "1")).unwrap();
}

#[test]
fn what_is_no_database_or_a_newer_one_is_refused() {
    let place = Place::new(&[]);
    fs::create_dir(place.folder()).unwrap();
    write(&place.database(), "no database at all, but a text that is long enough");
    let told = opened(&place).err().unwrap();
    assert!(told.ends_with("boefjes.db: file is not a database"), "{told}");
    fs::remove_file(place.database()).unwrap();
    drop(place.services());
    let path = place.database();
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    other.batch_execute("PRAGMA user_version = 7").unwrap();
    let told = opened(&place).err().unwrap();
    let words = "its tables are of version 7, and this program knows 1";
    assert!(told.ends_with(words), "{told}");
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let place = Place::new(&[]);
    write(&place.folder(), "a file in its place");
    let told = opened(&place).err().unwrap();
    assert!(told.starts_with(place.folder().to_str().unwrap()), "{told}");
}

#[test]
fn settings_are_read_as_the_catalogue_keeps_them() {
    // The private key of the bytes 1 to 32, and its public key.
    let private = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
    let public = "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw=";
    let cipher = || Cipher::sealbox(private, public).unwrap();
    let place = Place::new(&[]);
    let open = |cipher| {
        let settings = LocalSettings { cipher, ..place.settings() };
        Services::local_with(settings, Arc::clone(&place.plugins)).unwrap()
    };
    let services = open(cipher());
    assert!(services.settings.settings("acme", "dns").unwrap().is_empty());
    let stored = cipher().encode(r#"{"KEY": "secret", "N": 5}"#).unwrap();
    let file = place.folder().join("katalogus.db");
    let store = Store::open(&StoreSettings::new(Database::Sqlite(file))).unwrap();
    let set = store.call(Access::Write, Deadline::after(PATIENCE), move |session| {
        let acme = Organisation { id: "acme".into(), name: "Acme".into(), deduplicate: true };
        let pk = session.ensure_organisation(&acme)?;
        Ok(session.set_settings(pk, "dns", &stored)?)
    });
    set.unwrap();
    let settings = services.settings.settings("acme", "dns").unwrap();
    let shown = katalogus::Json::Object(settings).compact();
    assert_eq!(shown, r#"{"KEY":"secret","N":5}"#);
    assert!(services.settings.settings("other", "dns").unwrap().is_empty());
    let told = open(Cipher::identity()).settings.settings("acme", "dns").unwrap_err().to_string();
    assert!(told.contains("the settings of dns for acme"), "{told}");
    assert!(!told.contains("secret"), "{told}");
}
