//! Organisations.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use ostler_http::Status;

use crate::api::{Call, Core};
use crate::failure::Failure;
use crate::fields::Fields;
use crate::scalars::{text, truth};
use crate::step::Step;
use crate::{Generation, Json, Object, Organisation, body};

/// All of them, by id.
pub(crate) fn list(core: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    let generation = core.generation;
    Ok(Step::reads(move |session| {
        let shown = |organisation: Organisation| {
            let json = to_json(&organisation, generation);
            (organisation.id, json)
        };
        let organisations = session.organisations()?.into_iter();
        Ok(Step::shows(&Json::Object(organisations.map(shown).collect())))
    }))
}

/// One.
pub(crate) fn show(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let (generation, id) = (core.generation, call.owned(0));
    Ok(Step::reads(move |session| match session.organisation(&id)? {
        Some((_, organisation)) => Ok(Step::shows(&to_json(&organisation, generation))),
        None => Err(Failure::NoOrganisation(id.clone()).into()),
    }))
}

/// Adds one.
pub(crate) fn add(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let new = body::model(call.request, |fields| read(fields, core.generation))?;
    Ok(Step::writes(move |session| {
        session.add_organisation(&new)?;
        Ok(Step::null(Status::Created))
    }))
}

/// Changes one.
pub(crate) fn change(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let new = body::model(call.request, |fields| read(fields, core.generation))?;
    Ok(Step::writes(move |session| {
        if session.update_organisation(&new)? {
            return Ok(Step::null(Status::Ok));
        }
        Err(Failure::NoOrganisation(new.id.clone()).into())
    }))
}

/// Removes one, and all that it had.
pub(crate) fn remove(_: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let id = call.owned(0);
    Ok(Step::writes(move |session| {
        if session.remove_organisation(&id)? {
            return Ok(Step::null(Status::Ok));
        }
        Err(Failure::NoOrganisation(id.clone()).into())
    }))
}

fn read(fields: &mut Fields<'_>, generation: Generation) -> Option<Organisation> {
    let (id, name) = (fields.required("id", text), fields.required("name", text));
    let deduplicate = match generation {
        Generation::V1_15 => None,
        Generation::V1_20 => fields.optional("deduplicate", truth),
    };
    Some(Organisation { id: id?, name: name?, deduplicate: deduplicate.unwrap_or(true) })
}

fn to_json(organisation: &Organisation, generation: Generation) -> Json {
    let mut shown = Object::new();
    shown.insert("id", organisation.id.as_str());
    shown.insert("name", organisation.name.as_str());
    if generation == Generation::V1_20 {
        shown.insert("deduplicate", organisation.deduplicate);
    }
    shown.into()
}
