//! Tables are made, or those of the original are taken over.

use katalogus::{Access, ConfigFilter, Database, Migrator, Step, StoreError};
use ostler_runtime::Thread;

use crate::place::{Kept, Place, organisation, read, soon, write};

/// A database of the original, with rows.
const ORIGINAL: &str = include_str!("original.sql");

/// Its tables, to the last constraint and sequence.
const LAYOUT: &str = "
    SELECT table_name, column_name, data_type, character_maximum_length, is_nullable, column_default
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name NOT LIKE 'ostler%' ORDER BY 1, 2;
    SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'ostler%'
    ORDER BY conrelid::regclass::text, 2;
    SELECT sequencename, data_type, increment_by FROM pg_sequences
    WHERE sequencename NOT LIKE 'ostler%' ORDER BY 1;
    SELECT indexdef FROM pg_indexes
    WHERE schemaname = 'public' AND tablename NOT LIKE 'ostler%' ORDER BY 1";

fn asked(place: &Place, sql: &str) -> String {
    let Kept::Server(server) = &place.kept else { panic!("no server") };
    server.sql(&place.uri, sql)
}

#[test]
fn an_empty_database_gets_its_tables_once() {
    for place in Place::each() {
        let migrator = Migrator::new(&place.database());
        let mut steps = vec![Step::Original, Step::Apply("ostler-1"), Step::Seed];
        if let Database::Sqlite(path) = place.database() {
            steps.insert(0, Step::File);
            assert_eq!(migrator.plan().unwrap().steps, steps);
            assert!(!path.exists(), "a plan makes no file");
        }
        assert_eq!(migrator.plan().unwrap().steps, steps, "{}", place.name);
        assert_eq!(migrator.apply().unwrap().steps, steps, "{}", place.name);
        assert_eq!(migrator.plan().unwrap().steps, [], "{}", place.name);
        assert_eq!(migrator.apply().unwrap().steps, [], "{}", place.name);
    }
}

#[test]
fn only_its_owner_reads_a_new_file() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::sqlite().with_tables();
    let store = place.store();
    write(&store, |session| Ok(session.add_organisation(&organisation("acme"))?)).unwrap();
    let Database::Sqlite(path) = place.database() else { panic!("no file") };
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", path.display());
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}

#[test]
fn of_several_who_make_the_tables_at_once_one_does() {
    for place in Place::each() {
        let threads: Vec<Thread> = (0..4)
            .map(|_| {
                let migrator = Migrator::new(&place.database());
                let body = move || drop(migrator.apply().unwrap());
                Thread::spawn("migrates", body).unwrap()
            })
            .collect();
        drop(threads);
        let repositories = read(&place.store(), |session| Ok(session.repositories()?)).unwrap();
        assert_eq!(repositories.len(), 1, "{}", place.name);
    }
}

#[test]
fn new_tables_on_a_server_are_the_original_s_to_the_last_constraint() {
    let (theirs, ours) = (Place::postgres(), Place::postgres().with_tables());
    asked(&theirs, ORIGINAL);
    assert_eq!(asked(&ours, LAYOUT), asked(&theirs, LAYOUT));
    let revision = "SELECT version_num FROM alembic_version";
    assert_eq!(asked(&ours, revision), "cd34fdfafdaf");
    let seeded = "SELECT * FROM repository";
    assert_eq!(asked(&ours, seeded), asked(&theirs, seeded));
}

#[test]
fn a_database_of_the_original_is_taken_over_and_stays_its() {
    let place = Place::postgres();
    asked(&place, ORIGINAL);
    let layout = asked(&place, LAYOUT);
    let migrator = Migrator::new(&place.database());
    let steps = [Step::Adopt, Step::Apply("ostler-1")];
    assert_eq!(migrator.plan().unwrap().steps, steps);
    assert_eq!(migrator.apply().unwrap().steps, steps);
    assert_eq!(migrator.apply().unwrap().steps, []);
    assert_eq!(asked(&place, LAYOUT), layout);
    assert_eq!(asked(&place, "SELECT * FROM alembic_version"), "cd34fdfafdaf");

    let store = place.store();
    let found = read(&store, |session| {
        let (pk, _) = session.organisation("acme")?.unwrap();
        Ok((session.organisations()?, session.states(pk)?, session.settings(pk, "alpha")?))
    });
    let (organisations, states, settings) = found.unwrap();
    let ids: Vec<String> = organisations.into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["first", "acme"]);
    let local = |plugin: &str, enabled| (plugin.into(), "LOCAL".into(), enabled);
    assert_eq!(states, [local("alpha", true), local("normal", false)]);
    assert_eq!(settings.as_deref(), Some("{\"TOP\": 5}"));
    // Its rows have no numbers yet; a task that reads them becomes one that writes.
    let numbered = |store| read(store, |session| Ok(session.configs(&ConfigFilter::default())?));
    let configs = numbered(&store).unwrap();
    let line = |one: &katalogus::Config| format!("{} {}", one.number, one.boefje_id);
    let lines: Vec<String> = configs.iter().map(line).collect();
    assert_eq!(lines, ["1 alpha", "2 beta", "3 normal"]);

    // The original goes on with it, and what it removes is gone here too.
    asked(&place, "INSERT INTO organisation (id, name) VALUES ('theirs', 'x')");
    write(&store, |session| {
        let changed = katalogus::Organisation { deduplicate: false, ..organisation("acme") };
        session.update_organisation(&changed)?;
        Ok(session.add_organisation(&organisation("ours"))?)
    })
    .unwrap();
    asked(&place, "DELETE FROM organisation WHERE id = 'acme'");
    let order = asked(&place, "SELECT pk, id FROM organisation ORDER BY pk");
    assert_eq!(order, "1|first\n4|theirs\n5|ours");
    assert_eq!(numbered(&store).unwrap().len(), 1);
}

#[test]
fn another_revision_is_named_and_left_alone() {
    let place = Place::postgres();
    asked(&place, ORIGINAL);
    asked(&place, "UPDATE alembic_version SET version_num = 'fdeaea4481b8'");
    let migrator = Migrator::new(&place.database());
    for outcome in [migrator.plan(), migrator.apply()] {
        let Err(StoreError::Other(words)) = outcome else { panic!("{outcome:?}") };
        assert!(words.contains("fdeaea4481b8") && words.contains("cd34fdfafdaf"), "{words}");
    }
    let ours = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'ostler%'";
    assert_eq!(asked(&place, ours), "0");
    let store = place.store();
    let outcome = store.call(Access::Read, soon(), |session| Ok(session.organisations()?));
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}
