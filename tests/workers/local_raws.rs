//! The raw files of a machine of its own, and the tasks that they push.

use boefjes::{Services, TaskData, TaskKind};
use katalogus::{Access, Database, Organisation, Repository, Store, StoreSettings};
use ostler_runtime::Deadline;
use ostler_tests::wait::PATIENCE;
use uuid::Uuid;

use crate::local_place::{Place, pop, raw, run};

const TEXT: &str = r#"{"id": "text", "consumes": ["text/plain", "boefje/dns"], "version": "2"}"#;
const HTML: &str = r#"{"id": "html", "consumes": ["text/html"]}"#;
const OFF: &str = r#"{"id": "off", "consumes": ["text/plain"], "enabled": false}"#;

/// The normalizers of the tasks that wait.
fn waiting(services: &Services) -> Vec<String> {
    let tasks = pop(services, TaskKind::Normalizer, 99);
    tasks.iter().map(|task| task.data.plugin().to_owned()).collect()
}

#[test]
fn raw_files_are_read_again_as_they_were_saved() {
    let place = Place::new(&[]);
    let services = place.services();
    let run = run("acme", "dns");
    services.bytes.save_boefje_meta(&run).unwrap();
    let raws = [raw(b"\0\xff", &["text/plain", "a/b"]), raw(b"", &["text/html"])];
    let ids = services.bytes.save_raws(run.id, &raws).unwrap();
    let ids: Vec<Uuid> = ids.into_iter().flatten().collect();
    let other = place.services();
    assert_eq!(other.bytes.raw(ids[0], u64::MAX).unwrap().as_deref(), Some(&b"\0\xff"[..]));
    assert_eq!(other.bytes.raw(ids[1], u64::MAX).unwrap().as_deref(), Some(&b""[..]));
    let meta = other.bytes.raw_meta(ids[0]).unwrap().unwrap();
    assert_eq!((meta.id, &meta.boefje_meta), (ids[0], &run));
    assert_eq!(meta.mime_types, ["text/plain", "a/b"]);
    assert_eq!(other.bytes.raw(Uuid::new_v4(), u64::MAX).unwrap(), None);
    assert_eq!(other.bytes.raw_meta(Uuid::new_v4()).unwrap(), None);
}

#[test]
fn a_run_has_one_raw_file_of_each_set_of_media_types() {
    let place = Place::new(&[]);
    let services = place.services();
    let run = run("acme", "dns");
    let unknown = services.bytes.save_raws(run.id, &[raw(b"", &["a/b"])]).unwrap_err();
    assert!(unknown.to_string().contains("there is no run"), "{unknown}");
    services.bytes.save_boefje_meta(&run).unwrap();
    let twice = services.bytes.save_boefje_meta(&run).unwrap_err();
    assert!(twice.to_string().contains("is there already"), "{twice}");
    let raws = [raw(b"1", &["a/b", "c/d"]), raw(b"2", &["c/d", "a/b"]), raw(b"3", &["a/b"])];
    let saved = services.bytes.save_raws(run.id, &raws).unwrap();
    assert_eq!(saved.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn a_raw_file_that_is_too_long_is_refused() {
    let place = Place::new(&[]);
    let services = place.services();
    let run = run("acme", "dns");
    services.bytes.save_boefje_meta(&run).unwrap();
    let mut long = raw(b"", &["a/b"]);
    // Memory that nobody writes to costs nothing.
    long.content = vec![0; (512 << 20) + 1];
    let told = services.bytes.save_raws(run.id, &[long]).unwrap_err();
    assert!(told.to_string().contains("above the limit"), "{told}");
}

#[test]
fn each_enabled_normalizer_that_reads_a_raw_file_gets_one_task() {
    let place = Place::new(&[TEXT, HTML, OFF]);
    let services = place.services();
    let run = run("acme", "dns");
    services.bytes.save_boefje_meta(&run).unwrap();
    let raws = [
        raw(b"1", &["text/plain", "boefje/dns"]),
        raw(b"2", &["boefje/dns"]),
        raw(b"3", &["text/html"]),
        raw(b"4", &["a/b"]),
        raw(b"5", &["text/plain", "error/boefje"]),
    ];
    let ids = services.bytes.save_raws(run.id, &raws).unwrap();
    let tasks = pop(&services, TaskKind::Normalizer, 99);
    let found: Vec<_> = tasks
        .iter()
        .map(|task| match &task.data {
            TaskData::Normalizer(meta) => {
                assert_eq!((task.id, &meta.raw_data.boefje_meta), (meta.id, &run));
                (meta.normalizer.id.as_str(), Some(meta.raw_data.id))
            }
            TaskData::Boefje(_) => panic!("no normalizer"),
        })
        .collect();
    assert_eq!(found, [("text", ids[0]), ("text", ids[1]), ("html", ids[2])]);
    assert_eq!(tasks[0].queue, "normalizer-acme");
}

#[test]
fn what_an_organisation_has_enabled_counts() {
    let place = Place::new(&[TEXT, OFF]);
    let services = place.services();
    let file = place.folder().join("katalogus.db");
    let store = Store::open(&StoreSettings::new(Database::Sqlite(file))).unwrap();
    let decided = store.call(Access::Write, Deadline::after(PATIENCE), |session| {
        let acme = Organisation { id: "acme".into(), name: "Acme".into(), deduplicate: true };
        let pk = session.ensure_organisation(&acme)?;
        let (local, _) = session.repository(Repository::LOCAL)?.expect("the plugins on disk");
        session.set_state(pk, local, "text", false)?;
        Ok(session.set_state(pk, local, "off", true)?)
    });
    decided.unwrap();
    for (organization, normalizers) in [("acme", ["off"]), ("other", ["text"])] {
        let run = run(organization, "dns");
        services.bytes.save_boefje_meta(&run).unwrap();
        services.bytes.save_raws(run.id, &[raw(b"1", &["text/plain"])]).unwrap();
        assert_eq!(waiting(&services), normalizers);
    }
}
