//! The files beside a plugin's manifest.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use std::sync::Arc;

use ostler_http::{Response, Status};
use ostler_runtime::utc::HttpDate;

use crate::added::Added;
use crate::api::{Call, Core};
use crate::catalogue::Schema;
use crate::failure::{Failure, Stop};
use crate::step::Step;
use crate::{BoefjePart, Generation, Json, Kind, Listed, Session};

/// The schema of a boefje's settings; `null` where there is none.
pub(crate) fn schema(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, catalogue) = (core.generation, core.plugins.current());
    let (organisation, id, added) = (call.owned(0), call.owned(1), Arc::clone(&core.added));
    Ok(Step::reads(move |session| {
        let other = other(session, generation, &organisation, &id, &added)?;
        let Some(listed) = catalogue.boefje(&id).or(other.as_ref()) else {
            return Ok(Step::shows(&Json::Null));
        };
        match (&listed.plugin().kind, listed.schema()) {
            (Kind::Boefje(BoefjePart { schema: Some(schema), .. }), _) => Ok(Step::shows(schema)),
            (_, Schema::Invalid(_)) => Err(Failure::NoSchema(id.clone()).into()),
            _ => Ok(Step::shows(&Json::Null)),
        }
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
    let added = Arc::clone(&core.added);
    Ok(Step::reads(move |session| {
        let other = other(session, generation, &organisation, &id, &added)?;
        let id = id.clone();
        Ok(Step::waits(move |core, _| {
            let catalogue = core.plugins.current();
            let text = match other {
                Some(other) if catalogue.plugin(&id).is_none() => {
                    other.plugin().description.clone().unwrap_or_default().into_bytes()
                }
                _ => catalogue.description(&id),
            };
            Ok(Step::Answer(Response::with_body(Status::Ok, "text/markdown; charset=utf-8", text)))
        }))
    }))
}

/// The added plugin of this id, where the generation has any; where it has not, it is seen to that
/// the organisation is there.
fn other(
    session: &mut Session<'_>,
    generation: Generation,
    organisation: &str,
    id: &str,
    added: &Added,
) -> Result<Option<Arc<Listed>>, Stop> {
    match generation {
        Generation::V1_15 => {
            generation.organisation(session, organisation)?;
            Ok(None)
        }
        Generation::V1_20 => added.one(session, id),
    }
}
