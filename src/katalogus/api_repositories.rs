//! Repositories, which generation 1.15 has. They belong to no organisation, whatever their paths
//! say.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use ostler_http::Status;

use crate::api::{Call, Core};
use crate::failure::{Failure, Stop};
use crate::fields::Fields;
use crate::scalars::{address, text};
use crate::step::Step;
use crate::{Json, Object, Pk, Repository, Session, body};

/// All of them, by id.
pub(crate) fn list(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation) = (core.generation, call.owned(0));
    Ok(Step::reads(move |session| {
        generation.organisation(session, &organisation)?;
        let shown = |repository: Repository| {
            let json = to_json(&repository);
            (repository.id, json)
        };
        let repositories = session.repositories()?.into_iter();
        Ok(Step::shows(&Json::Object(repositories.map(shown).collect())))
    }))
}

/// One.
pub(crate) fn show(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation, id) = (core.generation, call.owned(0), call.owned(1));
    Ok(Step::reads(move |session| {
        generation.organisation(session, &organisation)?;
        let (_, repository) = known(session, &id)?;
        Ok(Step::shows(&to_json(&repository)))
    }))
}

/// Adds one.
pub(crate) fn add(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation) = (core.generation, call.owned(0));
    let new = body::model(call.request, read)?;
    Ok(Step::writes(move |session| {
        generation.organisation(session, &organisation)?;
        session.add_repository(&new)?;
        Ok(Step::null(Status::Created))
    }))
}

/// Removes one with the states of its plugins, but never the local one.
pub(crate) fn remove(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, organisation, id) = (core.generation, call.owned(0), call.owned(1));
    Ok(Step::writes(move |session| {
        generation.organisation(session, &organisation)?;
        if id == Repository::LOCAL {
            return Err(Failure::LocalRepository.into());
        }
        if session.remove_repository(&id)? {
            return Ok(Step::null(Status::Ok));
        }
        Err(Failure::NoRepository(id.clone()).into())
    }))
}

/// The repository of this id.
pub(crate) fn known(session: &mut Session<'_>, id: &str) -> Result<(Pk, Repository), Stop> {
    session.repository(id)?.ok_or_else(|| Failure::NoRepository(id.to_owned()).into())
}

fn read(fields: &mut Fields<'_>) -> Option<Repository> {
    let (id, name) = (fields.required("id", text), fields.required("name", text));
    let base_url = fields.required("base_url", address);
    Some(Repository { id: id?, name: name?, base_url: base_url? })
}

fn to_json(repository: &Repository) -> Json {
    let mut shown = Object::new();
    shown.insert("id", repository.id.as_str());
    shown.insert("name", repository.name.as_str());
    shown.insert("base_url", repository.base_url.as_str());
    shown.into()
}
