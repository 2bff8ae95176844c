//! The files beside a plugin's manifest.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use ostler_http::{Response, Status};
use ostler_runtime::utc::HttpDate;

use crate::api::{Call, Core};
use crate::api_added::added;
use crate::failure::Failure;
use crate::step::Step;
use crate::{Generation, Json, Kind};

/// The schema of a boefje's settings; `null` where there is none.
pub(crate) fn schema(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, catalogue) = (core.generation, core.plugins.current());
    let (organisation, id) = (call.owned(0), call.owned(1));
    Ok(Step::reads(move |session| {
        let plugin = match generation {
            Generation::V1_15 => {
                generation.organisation(session, &organisation)?;
                None
            }
            Generation::V1_20 => added(session, &id)?,
        };
        let local = catalogue.boefje(&id).map(|listed| listed.plugin());
        let schema = match local.or(plugin.as_ref()).map(|plugin| &plugin.kind) {
            Some(Kind::Boefje(boefje)) => boefje.schema.as_ref(),
            _ => None,
        };
        Ok(Step::shows(schema.unwrap_or(&Json::Null)))
    }))
}

/// A picture, which every plugin has, known or not.
pub(crate) fn cover(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation, id) = (core.generation, call.owned(0), call.owned(1));
    Ok(Step::reads(move |session| {
        if generation == Generation::V1_15 {
            generation.organisation(session, &organisation)?;
        }
        let id = id.clone();
        Ok(Step::waits(move |core, _| {
            let cover = core.plugins.current().cover(&id);
            let Some(cover) = cover else {
                return Ok(Step::Answer(Response::error(Status::NotFound, "Not Found")));
            };
            let modified = HttpDate::from(cover.modified).to_string();
            let response = Response::with_body(Status::Ok, "image/jpeg", cover.bytes)
                .header("ETag", cover.etag)
                .header("Last-Modified", modified);
            Ok(Step::Answer(response))
        }))
    }))
}

/// A description, perhaps an empty one.
pub(crate) fn description(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation, id) = (core.generation, call.owned(0), call.owned(1));
    Ok(Step::reads(move |session| {
        let plugin = match generation {
            Generation::V1_15 => {
                generation.organisation(session, &organisation)?;
                None
            }
            Generation::V1_20 => added(session, &id)?,
        };
        let id = id.clone();
        Ok(Step::waits(move |core, _| {
            let catalogue = core.plugins.current();
            let text = match plugin {
                Some(plugin) if catalogue.plugin(&id).is_none() => {
                    plugin.description.unwrap_or_default().into_bytes()
                }
                _ => catalogue.description(&id),
            };
            Ok(Step::Answer(Response::with_body(Status::Ok, "text/markdown; charset=utf-8", text)))
        }))
    }))
}
