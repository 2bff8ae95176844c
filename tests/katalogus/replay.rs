//! Every recorded call of the original, in its order, to a fresh instance: equal in status, headers
//! and body, and what is in the database is equal too, but for what differs on purpose.

use std::collections::HashMap;

use katalogus::{Abort, ConfigFilter, Generation, Session, Store};
use ostler_tests::{Caller, CatalogueSettings, Heard};

use crate::differences::{self, Difference};
use crate::folder::Folder;
use crate::instance::{Client, Instance, Setup};
use crate::place::{Place, write};
use crate::recorded::{Recorded, calls};

#[test]
fn generation_1_15_answers_as_recorded() {
    replay(Generation::V1_15, "1.15", differences::V1_15);
}

#[test]
fn generation_1_20_answers_as_recorded() {
    replay(Generation::V1_20, "1.20", differences::V1_20);
}

fn replay(generation: Generation, name: &str, differences: &'static [Difference]) {
    // The process itself, which asks an interpreter what the modules of plugins are.
    let (place, folder) = (Place::sqlite(), Folder::recorded(generation));
    let catalogue = CatalogueSettings::default()
        .set("Global", "generation", name)
        .set("Database", "uri", &place.uri)
        .set("Plugins", "directory", &folder.path().display().to_string())
        .set("Plugins", "python", "python3")
        .start();
    let mut client = Client(Caller::new(catalogue.port()));
    replay_to(&mut client, &place.store(), name, differences);

    let place = Place::postgres().with_tables();
    let instance = Instance::start(Setup { place, ..Setup::new(generation) });
    replay_to(&mut instance.connect(), instance.store(), name, differences);
}

fn replay_to(client: &mut Client, store: &Store, name: &str, differences: &'static [Difference]) {
    let mut expected: HashMap<&str, &Difference> =
        differences.iter().map(|difference| (difference.label, difference)).collect();
    let mut wrong = Vec::new();
    for call in calls(name) {
        let heard = call.send(client);
        let found = match expected.remove(call.label.as_str()) {
            Some(difference) => differs(&call, &heard, difference),
            None => call.differs(&heard),
        };
        wrong.extend(found.into_iter().map(|found| format!("{}: {found}", call.label)));
        if let Some((query, rows)) = &call.rows {
            let ours = rows_of(store, query);
            let mut theirs = rows.clone();
            theirs.sort();
            if ours != theirs {
                wrong.push(format!("{}: {query}\n  {ours:?}\n  recorded: {theirs:?}", call.label));
            }
        }
        let undone_by = differences.iter().find(|difference| difference.label == call.label);
        if let Some((method, path)) = undone_by.and_then(|difference| difference.undone_by) {
            assert_eq!(client.ask(method, path, "").status, 200, "{}", call.label);
        }
    }
    assert!(wrong.is_empty(), "{}\n{} differences", wrong.join("\n"), wrong.len());
    assert!(expected.is_empty(), "never recorded: {:?}", expected.keys());
}

/// What is not as it is to differ. It must differ at all, but for what has not been recorded.
fn differs(call: &Recorded, heard: &Heard, difference: &Difference) -> Vec<String> {
    let Some(body) = difference.body else { return call.differs(heard) };
    let mut wrong = Vec::new();
    if call.differs(heard).is_empty() {
        wrong.push(format!("it is as recorded, and was not to be: {}", difference.reason));
    }
    let (status, text) = (heard.status, heard.text());
    if (status, text) != (difference.status, body) {
        wrong.push(format!("{status} {text}, not {} {body}", difference.status));
    }
    wrong
}

/// The rows that a query of the original's database gives, sorted: ours by our own means.
fn rows_of(store: &Store, query: &str) -> Vec<String> {
    let mut rows = match query {
        "select id,name from organisation order by pk" => look(store, organisations),
        _ if query.contains("from plugin_state") => look(store, states),
        _ if query.contains("from boefje_config") => look(store, configs),
        _ if query.contains("length(values)") => look(store, |session| {
            let all = settings(session)?.into_iter();
            let fields = all.map(|row| row.split('\t').map(str::to_owned).collect::<Vec<_>>());
            let wanted = fields.filter(|fields| fields[1] == "unknown2");
            Ok(wanted.map(|fields| format!("{}\t{}", fields[1], fields[2].len())).collect())
        }),
        _ if query.contains("from settings") => look(store, settings),
        _ => panic!("{query}"),
    };
    rows.sort();
    rows
}

/// What is in the database.
fn look(store: &Store, look: impl FnMut(&mut Session<'_>) -> Rows + Send + 'static) -> Vec<String> {
    // Numbers may be given to what has none yet.
    write(store, look).unwrap()
}

type Rows = Result<Vec<String>, Abort>;

fn organisations(session: &mut Session<'_>) -> Rows {
    let all = session.organisations()?.into_iter();
    Ok(all.map(|organisation| format!("{}\t{}", organisation.id, organisation.name)).collect())
}

fn states(session: &mut Session<'_>) -> Rows {
    let mut rows = Vec::new();
    for organisation in session.organisations()? {
        let id = organisation.id;
        let (pk, _) = session.organisation(&id)?.unwrap();
        for (plugin, repository, enabled) in session.states(pk)? {
            rows.push(format!("{id}\t{repository}\t{plugin}\t{}", truth(enabled)));
        }
    }
    Ok(rows)
}

fn settings(session: &mut Session<'_>) -> Rows {
    let mut rows = Vec::new();
    for organisation in session.organisations()? {
        let (pk, _) = session.organisation(&organisation.id)?.unwrap();
        for (plugin, values) in session.all_settings(pk)? {
            rows.push(format!("{}\t{plugin}\t{values}", organisation.id));
        }
    }
    Ok(rows)
}

/// Configurations of boefjes. Normalizers have theirs elsewhere in the original.
fn configs(session: &mut Session<'_>) -> Rows {
    let all = session.configs(&ConfigFilter::default())?.into_iter();
    let boefjes = all.filter(|config| !config.boefje_id.ends_with("_normalize"));
    let row = |config: katalogus::Config| {
        let enabled = truth(config.enabled.unwrap_or(false));
        let settings = config.settings.unwrap_or_else(|| "{}".into());
        format!("{}\t{}\t{enabled}\t{settings}", config.organisation_id, config.boefje_id)
    };
    Ok(boefjes.map(row).collect())
}

fn truth(value: bool) -> char {
    if value { 't' } else { 'f' }
}
