//! Plugins that generation 1.20 lets be added, changed and removed over HTTP. They belong to all
//! organisations, whatever their paths say, and those on disk win over them.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use std::sync::Arc;

use ostler_http::Status;

use crate::added::Added;
use crate::added_read::{Described, Named, changes, whole_plugin};
use crate::api::{Call, Core};
use crate::failure::{Failure, Stop};
use crate::step::Step;
use crate::{AddedPlugin, Catalogue, Generation, Json, Listed, Plugin, PluginKind, Session, body};

/// Adds one.
pub(crate) fn add(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let body = body::required(call.request)?;
    let plugin = match whole_plugin(&body)? {
        Described::Plugin(plugin) => plugin,
        Described::Bit => return Err(Failure::Bit),
    };
    let (catalogue, added) = (core.plugins.current(), Arc::clone(&core.added));
    Ok(Step::writes(move |session| {
        session.lock_added_plugins()?;
        if catalogue.plugin(&plugin.id).is_some() {
            return Err(Failure::Taken("id").into());
        }
        if session.added_plugin(&plugin.id)?.is_some() {
            return Err(Failure::Taken("plugin_id").into());
        }
        check_name(session, (&catalogue, &added), &plugin)?;
        session.add_plugin(&row(&plugin))?;
        Ok(Step::null(Status::Created))
    }))
}

/// Changes a boefje.
pub(crate) fn change_boefje(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    change(core, call, PluginKind::Boefje)
}

/// Changes a normalizer.
pub(crate) fn change_normalizer(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    change(core, call, PluginKind::Normalizer)
}

/// Removes a boefje.
pub(crate) fn remove_boefje(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    Ok(remove(core, call, PluginKind::Boefje))
}

/// Removes a normalizer.
pub(crate) fn remove_normalizer(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    Ok(remove(core, call, PluginKind::Normalizer))
}

fn change(core: &Core, call: &Call<'_>, kind: PluginKind) -> Result<Step, Failure> {
    let body = body::required(call.request)?;
    let id = call.owned(1);
    // What is wrong with the body is told before anybody looks for the plugin.
    changes(&body, &mut Plugin::nameless(kind))?;
    let (catalogue, added) = (core.plugins.current(), Arc::clone(&core.added));
    Ok(Step::writes(move |session| {
        session.lock_added_plugins()?;
        if is_local(&catalogue, kind, &id) {
            return Err(Failure::Static.into());
        }
        let old = added.one(session, &id)?.filter(|old| old.plugin().kind.of() == kind);
        let old = old.ok_or_else(|| Failure::NoPlugin(id.clone()))?;
        let mut plugin = old.plugin().clone();
        if changes(&body, &mut plugin).map_err(Failure::from)? == Named::Nothing {
            return Err(Failure::Nameless.into());
        }
        if plugin.name != old.plugin().name {
            check_name(session, (&catalogue, &added), &plugin)?;
        }
        session.update_plugin(&row(&plugin))?;
        Ok(Step::nothing())
    }))
}

/// Removes a plugin with what organisations have for it. One on disk loses only that.
fn remove(core: &Core, call: &Call<'_>, kind: PluginKind) -> Step {
    let (id, catalogue) = (call.owned(1), core.plugins.current());
    Step::writes(move |session| {
        session.lock_added_plugins()?;
        let removed = session.remove_plugin(kind, &id)?;
        if is_local(&catalogue, kind, &id) {
            session.remove_configs(&id)?;
        } else if !removed {
            return Err(Failure::NoPlugin(id.clone()).into());
        }
        Ok(Step::nothing())
    })
}

fn is_local(catalogue: &Catalogue, kind: PluginKind, id: &str) -> bool {
    match kind {
        PluginKind::Boefje => catalogue.boefje(id).is_some(),
        PluginKind::Normalizer => catalogue.normalizer(id).is_some(),
    }
}

/// No two plugins of a kind have one name.
fn check_name(
    session: &mut Session<'_>,
    (catalogue, added): (&Catalogue, &Added),
    plugin: &Plugin,
) -> Result<(), Stop> {
    let same = |other: &Arc<Listed>| {
        let other = other.plugin();
        other.kind.of() == plugin.kind.of() && other.name == plugin.name && other.id != plugin.id
    };
    let others = added.all(session, catalogue)?;
    if catalogue.local().iter().chain(&others).any(same) {
        return Err(Failure::Taken("name").into());
    }
    Ok(())
}

/// The row of a plugin.
fn row(plugin: &Plugin) -> AddedPlugin {
    let document = Json::Object(plugin.to_json(Generation::V1_20)).compact();
    AddedPlugin { kind: plugin.kind.of(), id: plugin.id.clone(), document }
}
