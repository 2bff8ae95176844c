//! The raw files of a machine of its own, and who made them. Each file that is saved pushes a task for
//! every normalizer that reads one of its media types.

use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sqlite::SqliteConnection;
use katalogus::{Json, Plugin};
use ostler_runtime::Moment;
use uuid::Uuid;

use crate::boefje_cut_short::{DIED, cut_short};
use crate::boefje_run::tagged;
use crate::job::Output;
use crate::local::Local;
use crate::local_database::Failure;
use crate::local_queue;
use crate::local_tables::{boefje_meta, normalizer_meta, raw};
use crate::models::{BoefjeMeta, NormalizerMeta, PluginName, RawDataMeta};
use crate::service_error::ServiceError;
use crate::services::Bytes;
use crate::task::TaskData;

/// Bytes of a raw file, at most: what a boefje may return, and less than a row of SQLite's takes.
const MAX_RAW_BYTES: usize = 512 << 20;
/// What begins like this tells of a failure and is for nobody to read but people.
const ERROR: &str = "error/";

impl Bytes for Local {
    fn save_boefje_meta(&self, meta: &BoefjeMeta) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            let values = (
                boefje_meta::id.eq(meta.id.to_string()),
                boefje_meta::meta.eq(meta.to_json().compact()),
            );
            let inserted =
                diesel::insert_into(boefje_meta::table).values(values).execute(connection);
            once(inserted, meta.id)
        })
    }

    fn has_run(&self, id: Uuid) -> Result<bool, ServiceError> {
        self.database.read(|connection| {
            let runs = boefje_meta::table.filter(boefje_meta::id.eq(id.to_string()));
            Ok(diesel::select(diesel::dsl::exists(runs)).get_result(connection)?)
        })
    }

    fn save_raws(&self, run: Uuid, raws: &[Output]) -> Result<Vec<Option<Uuid>>, ServiceError> {
        if let Some(raw) = raws.iter().find(|raw| raw.content.len() > MAX_RAW_BYTES) {
            let bytes = raw.content.len();
            let words =
                format!("a raw file of {bytes} bytes is above the limit of {MAX_RAW_BYTES}");
            return Err(self.database.told(words));
        }
        let meta = self.database.read(|connection| of_run(connection, &run.to_string()))?;
        let normalizers = self.catalogue.normalizers(&meta.organization)?;
        let (ids, pushed) = self.database.write(|connection| {
            let mut pushed = Vec::new();
            let save = |raw| save(connection, &meta, raw, &normalizers, &mut pushed);
            let ids: Result<Vec<_>, Failure> = raws.iter().map(save).collect();
            Ok((ids?, pushed))
        })?;
        for (task, normalizer) in pushed {
            log::debug!("Task {task} waits for the normalizer {normalizer}");
        }
        Ok(ids)
    }

    fn raw(&self, id: Uuid, limit: u64) -> Result<Option<Vec<u8>>, ServiceError> {
        let content: Option<Vec<u8>> = self.database.read(|connection| {
            Ok(raw::table
                .filter(raw::id.eq(id.to_string()))
                .select(raw::content)
                .first(connection)
                .optional()?)
        })?;
        if content.as_ref().is_some_and(|content| content.len() as u64 > limit) {
            let request = format!("raw file {id}");
            return Err(ServiceError::TooLong { service: "this machine", request, limit });
        }
        Ok(content)
    }

    fn raw_meta(&self, id: Uuid) -> Result<Option<RawDataMeta>, ServiceError> {
        self.database.read(|connection| {
            let row: Option<(String, String)> = raw::table
                .filter(raw::id.eq(id.to_string()))
                .select((raw::run, raw::mime_types))
                .first(connection)
                .optional()?;
            let Some((run, mime_types)) = row else { return Ok(None) };
            let boefje_meta = of_run(connection, &run)?;
            let mime_types = texts(&mime_types)
                .ok_or_else(|| Failure::Words(format!("the media types of {id} are no list")))?;
            Ok(Some(RawDataMeta { id, boefje_meta, mime_types }))
        })
    }

    fn save_normalizer_meta(&self, meta: &NormalizerMeta) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            let values = (
                normalizer_meta::id.eq(meta.id.to_string()),
                normalizer_meta::meta.eq(meta.to_json().compact()),
            );
            let inserted =
                diesel::insert_into(normalizer_meta::table).values(values).execute(connection);
            once(inserted, meta.id)
        })
    }
}

/// Saves why a boefje has no results, or no more of them, whose process is gone. What its task was to do
/// is JSON; what cannot be read leaves nothing.
pub(crate) fn save_death(
    connection: &mut SqliteConnection,
    data: &str,
    began: Moment,
) -> Result<(), Failure> {
    let data = Json::parse(data).ok().and_then(|json| TaskData::from_json(&json).ok());
    let Some(TaskData::Boefje(asked)) = data else { return Ok(()) };
    let (meta, output) = cut_short(&asked, began, DIED);
    let values =
        (boefje_meta::id.eq(meta.id.to_string()), boefje_meta::meta.eq(meta.to_json().compact()));
    // It may have died after this was saved.
    diesel::insert_or_ignore_into(boefje_meta::table).values(values).execute(connection)?;
    save(connection, &meta, &tagged(&meta, output), &[], &mut Vec::new())?;
    Ok(())
}

/// The run of this id.
fn of_run(connection: &mut SqliteConnection, id: &str) -> Result<BoefjeMeta, Failure> {
    let text: Option<String> = boefje_meta::table
        .filter(boefje_meta::id.eq(id))
        .select(boefje_meta::meta)
        .first(connection)
        .optional()?;
    let text = text.ok_or_else(|| Failure::Words(format!("there is no run {id}")))?;
    let words = |why: String| Failure::Words(format!("the run {id}: {why}"));
    let json = Json::parse(&text).map_err(|fault| words(fault.to_string()))?;
    BoefjeMeta::from_json(&json).map_err(|fault| words(fault.to_string()))
}

/// Saves one file, unless its run has one of the same media types, and pushes the tasks that follow.
fn save(
    connection: &mut SqliteConnection,
    run: &BoefjeMeta,
    output: &Output,
    normalizers: &[Plugin],
    pushed: &mut Vec<(Uuid, String)>,
) -> Result<Option<Uuid>, Failure> {
    let mime_types = &output.mime_types;
    let mut set = mime_types.clone();
    set.sort();
    set.dedup();
    let id = Uuid::new_v4();
    let values = (
        raw::id.eq(id.to_string()),
        raw::run.eq(run.id.to_string()),
        raw::name.eq(&output.name),
        raw::mime_types.eq(list(mime_types)),
        raw::mime_set.eq(list(&set)),
        raw::content.eq(&output.content),
    );
    let saved = diesel::insert_or_ignore_into(raw::table).values(values).execute(connection)?;
    if saved == 0 {
        return Ok(None);
    }
    if mime_types.iter().any(|one| one.starts_with(ERROR)) {
        return Ok(Some(id));
    }
    let reads = |plugin: &&Plugin| plugin.consumes.iter().any(|one| mime_types.contains(one));
    for normalizer in normalizers.iter().filter(reads) {
        let hash = format!("{}-{id}", normalizer.id);
        if local_queue::is_under_way(connection, &hash)? {
            continue;
        }
        let name = PluginName { id: normalizer.id.clone(), version: normalizer.version.clone() };
        let meta = NormalizerMeta {
            id: Uuid::new_v4(),
            started_at: None,
            ended_at: None,
            raw_data: RawDataMeta { id, boefje_meta: run.clone(), mime_types: mime_types.clone() },
            normalizer: name,
        };
        pushed.push((meta.id, normalizer.id.clone()));
        local_queue::add(connection, meta.id, Some(&hash), &TaskData::Normalizer(meta))?;
    }
    Ok(Some(id))
}

/// What is saved once cannot be saved again.
fn once(inserted: QueryResult<usize>, id: Uuid) -> Result<(), Failure> {
    match inserted {
        Ok(_) => Ok(()),
        Err(Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => {
            Err(Failure::Words(format!("the run {id} is there already")))
        }
        Err(error) => Err(error.into()),
    }
}

fn list(texts: &[String]) -> String {
    Json::List(texts.iter().map(|text| text.as_str().into()).collect()).compact()
}

fn texts(list: &str) -> Option<Vec<String>> {
    let Ok(Json::List(items)) = Json::parse(list) else { return None };
    let text = |item| match item {
        Json::Text(text) => Some(text),
        _ => None,
    };
    items.into_iter().map(text).collect()
}
