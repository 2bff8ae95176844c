//! Plugins that generation 1.20 lets be added, changed and removed over HTTP. They belong to all
//! organisations, whatever their paths say, and those on disk win over them.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use std::sync::Arc;

use ostler_http::Status;

use crate::added_read::{Described, Named, changes, whole_plugin};
use crate::api::{Call, Core};
use crate::failure::{Failure, Stop};
use crate::step::Step;
use crate::{
    AddedPlugin, Catalogue, Generation, Json, Listed, Plugin, PluginKind, Session, StoreError, body,
};

/// Adds one.
pub(crate) fn add(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let body = body::required(call.request)?;
    let plugin = match whole_plugin(&body)? {
        Described::Plugin(plugin) => plugin,
        Described::Bit => return Err(Failure::Bit),
    };
    let catalogue = core.plugins.current();
    Ok(Step::writes(move |session| {
        session.lock_added_plugins()?;
        if catalogue.plugin(&plugin.id).is_some() {
            return Err(Failure::Taken("id").into());
        }
        if session.added_plugin(&plugin.id)?.is_some() {
            return Err(Failure::Taken("plugin_id").into());
        }
        check_name(session, &catalogue, &plugin)?;
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
    let catalogue = core.plugins.current();
    Ok(Step::writes(move |session| {
        session.lock_added_plugins()?;
        if is_local(&catalogue, kind, &id) {
            return Err(Failure::Static.into());
        }
        let Some(mut plugin) = added_of(session, kind, &id)? else {
            return Err(Failure::NoPlugin(id.clone()).into());
        };
        let name = plugin.name.clone();
        if changes(&body, &mut plugin).map_err(Failure::from)? == Named::Nothing {
            return Err(Failure::Nameless.into());
        }
        if plugin.name != name {
            check_name(session, &catalogue, &plugin)?;
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
    catalogue: &Catalogue,
    plugin: &Plugin,
) -> Result<(), Stop> {
    let same = |other: &Plugin| {
        other.kind.of() == plugin.kind.of() && other.name == plugin.name && other.id != plugin.id
    };
    if catalogue.local().iter().any(|listed| same(listed.plugin())) {
        return Err(Failure::Taken("name").into());
    }
    for row in session.added_plugins()? {
        if same(&read(&row)?) {
            return Err(Failure::Taken("name").into());
        }
    }
    Ok(())
}

/// The added plugin of this id, a boefje rather than a normalizer.
pub(crate) fn added(session: &mut Session<'_>, id: &str) -> Result<Option<Plugin>, Stop> {
    let row = session.added_plugin(id)?;
    Ok(row.map(|row| read(&row)).transpose()?)
}

fn added_of(session: &mut Session<'_>, kind: PluginKind, id: &str) -> Result<Option<Plugin>, Stop> {
    Ok(added(session, id)?.filter(|plugin| plugin.kind.of() == kind))
}

/// All added plugins but those that are hidden by one on disk, the oldest first.
pub(crate) fn all_added(
    session: &mut Session<'_>,
    catalogue: &Catalogue,
) -> Result<Vec<Arc<Listed>>, Stop> {
    let mut all = Vec::new();
    for row in session.added_plugins()? {
        if catalogue.plugin(&row.id).is_none() {
            all.push(Arc::new(Listed::new(read(&row)?, Generation::V1_20)));
        }
    }
    Ok(all)
}

/// The row of a plugin.
fn row(plugin: &Plugin) -> AddedPlugin {
    let document = Json::Object(plugin.to_json(Generation::V1_20)).compact();
    AddedPlugin { kind: plugin.kind.of(), id: plugin.id.clone(), document }
}

/// The plugin of a row.
fn read(row: &AddedPlugin) -> Result<Plugin, StoreError> {
    let json = Json::parse(&row.document).map_err(|fault| fault.to_string());
    let plugin = json.and_then(|json| {
        Plugin::from_json(&json, Generation::V1_20).map_err(|fault| fault.to_string())
    });
    plugin
        .map_err(|why| StoreError::Other(format!("ostler_plugin.document of {:?}: {why}", row.id)))
}
