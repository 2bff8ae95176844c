//! The settings of plugins: one JSON object for each plugin of each organisation.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use ostler_http::Status;

use crate::api::{Call, Core};
use crate::failure::{Failure, Stop};
use crate::kept::Kept;
use crate::step::Step;
use crate::{Generation, Json, Object, Pk, PluginKind, Repository, Session, body};

/// All settings of a plugin; none where nothing is known of it.
pub(crate) fn show(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    Ok(Step::reads(move |session| {
        let settings = match kept.generation.organisation(session, &kept.organisation)? {
            Some(pk) => kept.read(session, pk)?,
            None => None,
        };
        Ok(Step::shows(&Json::Object(settings.unwrap_or_default())))
    }))
}

/// Puts settings in the place of what is there.
pub(crate) fn replace(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let settings = body::dictionary(call.request)?;
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    Ok(Step::writes(move |session| {
        let pk = kept.generation.known_organisation(session, &kept.organisation)?;
        must_have_boefje(&kept, session)?;
        kept.write(session, pk, &settings)?;
        Ok(Step::null(Status::Ok))
    }))
}

/// Puts settings where there are none.
pub(crate) fn create(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let settings = body::dictionary(call.request)?;
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    Ok(Step::writes(move |session| {
        let pk = kept.lock(session)?;
        must_have_boefje(&kept, session)?;
        if session.settings(pk, &kept.plugin)?.is_some() {
            let (organisation, plugin) = (kept.organisation.clone(), kept.plugin.clone());
            return Err(Failure::SettingsExist { organisation, plugin }.into());
        }
        kept.write(session, pk, &settings)?;
        Ok(Step::null(Status::Created))
    }))
}

/// Takes all settings away.
pub(crate) fn remove(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    Ok(Step::writes(move |session| {
        let nothing = || Failure::NoSettings {
            organisation: kept.organisation.clone(),
            plugin: kept.plugin.clone(),
        };
        let Some(pk) = kept.generation.organisation(session, &kept.organisation)? else {
            return Err(nothing().into());
        };
        session.lock_organisation(pk)?;
        let kind = kept.kind(session)?;
        let mut removed = session.remove_settings(pk, &kept.plugin)?;
        match kept.generation {
            // Without its settings, it may not be able to work.
            Generation::V1_15 if removed => disable_unfit(&kept, session, pk, &Object::new())?,
            Generation::V1_15 => {}
            // State and settings are one there.
            Generation::V1_20 => {
                let local = session.repository(Repository::LOCAL)?;
                if let Some((local, _)) = local.filter(|_| kind != Some(PluginKind::Normalizer)) {
                    removed |= session.remove_state(pk, local, &kept.plugin)?;
                }
            }
        }
        if removed { Ok(Step::null(Status::Ok)) } else { Err(nothing().into()) }
    }))
}

/// One setting.
pub(crate) fn show_key(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    let key = call.owned(2);
    Ok(Step::reads(move |session| {
        let settings = match kept.generation.organisation(session, &kept.organisation)? {
            Some(pk) => kept.read(session, pk)?.unwrap_or_default(),
            None => Object::new(),
        };
        settings.get(&key).map(Step::shows).ok_or_else(|| Failure::NoKey.into())
    }))
}

/// Adds one setting.
pub(crate) fn create_key(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let value = body::value(call.request, "value")?;
    change(core, call, Status::Created, move |settings, key| {
        if settings.insert(key, value.clone()).is_some() {
            return Err(Failure::KeyExists(key.to_owned()));
        }
        Ok(())
    })
}

/// Changes one setting.
pub(crate) fn replace_key(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let value = body::value(call.request, "value")?;
    change(core, call, Status::Ok, move |settings, key| {
        settings.insert(key, value.clone()).map(drop).ok_or(Failure::NoKey)
    })
}

/// Takes one setting away. A plugin that cannot do without it is disabled.
pub(crate) fn remove_key(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    let key = call.owned(2);
    Ok(Step::writes(move |session| {
        let pk = kept.lock(session)?;
        let mut settings = kept.read(session, pk)?.unwrap_or_default();
        settings.remove(&key).ok_or(Failure::NoKey)?;
        let stored = kept.encode(settings.clone())?;
        session.set_settings(pk, &kept.plugin, &stored)?;
        disable_unfit(&kept, session, pk, &settings)?;
        Ok(Step::null(Status::Ok))
    }))
}

/// Reads settings, changes one, and writes them, so that nobody else's change is lost.
fn change(
    core: &Core,
    call: &Call<'_>,
    status: Status,
    change: impl Fn(&mut Object, &str) -> Result<(), Failure> + Send + 'static,
) -> Result<Step, Failure> {
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    let key = call.owned(2);
    Ok(Step::writes(move |session| {
        let pk = kept.lock(session)?;
        must_have_boefje(&kept, session)?;
        let mut settings = kept.read(session, pk)?.unwrap_or_default();
        change(&mut settings, &key)?;
        kept.write(session, pk, &settings)?;
        Ok(Step::null(status))
    }))
}

/// In generation 1.20 only boefjes that are there have settings.
fn must_have_boefje(kept: &Kept, session: &mut Session<'_>) -> Result<(), Stop> {
    if kept.generation == Generation::V1_20 && kept.kind(session)? != Some(PluginKind::Boefje) {
        return Err(Failure::NoPlugin(kept.plugin.clone()).into());
    }
    Ok(())
}

/// Disables a plugin whose schema does not take what is left of its settings.
fn disable_unfit(
    kept: &Kept,
    session: &mut Session<'_>,
    pk: Pk,
    settings: &Object,
) -> Result<(), Stop> {
    match kept.check(session, settings) {
        Err(Stop::Failed(Failure::Unfit { .. })) => {}
        result => return result,
    }
    if let Some((local, _)) = session.repository(Repository::LOCAL)? {
        session.set_state(pk, local, &kept.plugin, false)?;
    }
    Ok(())
}
