//! Plugins: listed, shown, and enabled for an organisation.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use std::collections::HashMap;
use std::sync::Arc;

use ostler_http::{Response, Status};

use crate::api::{Call, Core};
use crate::api_repositories::known;
use crate::asked::Asked;
use crate::failure::{Failure, Stop};
use crate::filter::Filter;
use crate::kept::Kept;
use crate::step::Step;
use crate::{Catalogue, Generation, Listed, Pk, Repository, Session, body};

/// Bytes of most plugins in a listing.
const USUAL_PLUGIN: usize = 512;

/// Those that the query asks for.
pub(crate) fn list(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let filter = Arc::new(Filter::of(Asked::of(call.request), core.generation)?);
    Ok(look(core, call.owned(0), move |found| found.list(&filter)))
}

/// One.
pub(crate) fn show(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let id = call.owned(1);
    Ok(look(core, call.owned(0), move |found| {
        let (listed, enabled) = found.plugin(&id).ok_or(Failure::NotListed)?;
        Ok(shown(listed, enabled))
    }))
}

/// Those of a remote repository, by id.
pub(crate) fn list_of_repository(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    Ok(look_remotely(core, call, |plugins, states| {
        let mut json = Vec::with_capacity(plugins.len().saturating_mul(USUAL_PLUGIN));
        json.push(b'{');
        for (place, listed) in plugins.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            json.extend_from_slice(crate::Json::from(&*listed.plugin().id).compact().as_bytes());
            json.push(b':');
            listed.write_json(states.enabled(listed), &mut json);
        }
        json.push(b'}');
        Ok(Response::json(Status::Ok, json))
    }))
}

/// One of a remote repository.
pub(crate) fn show_of_repository(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let id = call.owned(2);
    Ok(look_remotely(core, call, move |plugins, states| {
        let listed = plugins.iter().find(|listed| listed.plugin().id == id);
        let listed = listed.ok_or(Failure::NotListed)?;
        Ok(shown(listed, states.enabled(listed)))
    }))
}

/// Enables or disables one of a repository, which need not be there.
pub(crate) fn enable_of_repository(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let enabled = body::truth(call.request, "enabled")?;
    let (repository, kept) = (call.owned(1), Kept::new(core, call.owned(0), call.owned(2)));
    Ok(Step::writes(move |session| {
        let organisation = kept.lock(session)?;
        let (repository, _) = known(session, &repository)?;
        if enabled {
            let settings = kept.read(session, organisation)?.unwrap_or_default();
            kept.check(session, &settings)?;
        }
        session.set_state(organisation, repository, &kept.plugin, enabled)?;
        Ok(Step::null(Status::Ok))
    }))
}

/// Enables or disables one.
pub(crate) fn enable(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let enabled = body::truth(call.request, "enabled")?;
    let kept = Kept::new(core, call.owned(0), call.owned(1));
    Ok(Step::writes(move |session| {
        let organisation = kept.generation.known_organisation(session, &kept.organisation)?;
        if kept.kind(session)?.is_none() {
            return Err(Failure::NoPlugin(kept.plugin.clone()).into());
        }
        let (local, _) = known(session, Repository::LOCAL)?;
        session.set_state(organisation, local, &kept.plugin, enabled)?;
        Ok(Step::nothing())
    }))
}

/// What there is for an organisation.
struct Found {
    catalogue: Arc<Catalogue>,
    /// Plugins of remote repositories, or those that were added.
    others: Vec<Arc<Listed>>,
    states: States,
}

impl Found {
    /// All plugins, and whether they are enabled.
    fn all(&self) -> impl Iterator<Item = (&Listed, bool)> {
        let all = self.others.iter().chain(self.catalogue.local());
        all.map(|listed| (&**listed, self.states.enabled(listed)))
    }

    /// The first plugin of this id.
    fn plugin(&self, id: &str) -> Option<(&Listed, bool)> {
        let other = self.others.iter().find(|listed| listed.plugin().id == id);
        let listed = other.or_else(|| self.catalogue.plugin(id))?;
        Some((listed, self.states.enabled(listed)))
    }

    /// Those that a filter wants, as an answer.
    fn list(&self, filter: &Filter) -> Result<Response, Failure> {
        let mut wanted: Vec<(&Listed, bool)> = if filter.ids.is_empty() {
            self.all().collect()
        } else {
            let known = |id: &String| self.plugin(id).ok_or(Failure::NotListed);
            filter.ids.iter().map(known).collect::<Result<_, _>>()?
        };
        wanted.retain(|(listed, enabled)| filter.shows(listed, *enabled));
        let page = filter.page.of_list(&wanted);
        let mut json =
            Vec::with_capacity(page.len().saturating_add(1).saturating_mul(USUAL_PLUGIN));
        json.push(b'[');
        for (place, (listed, enabled)) in page.iter().enumerate() {
            if place > 0 {
                json.push(b',');
            }
            listed.write_json(*enabled, &mut json);
        }
        json.push(b']');
        Ok(Response::json(Status::Ok, json))
    }
}

/// What an organisation has enabled and disabled, by repository and plugin.
#[derive(Default)]
struct States(HashMap<String, HashMap<String, bool>>);

impl States {
    fn of(session: &mut Session<'_>, organisation: Option<Pk>) -> Result<Self, Stop> {
        let mut states: HashMap<String, HashMap<String, bool>> = HashMap::new();
        if let Some(organisation) = organisation {
            for (plugin, repository, enabled) in session.states(organisation)? {
                states.entry(repository).or_default().insert(plugin, enabled);
            }
        }
        Ok(Self(states))
    }

    fn enabled(&self, listed: &Listed) -> bool {
        let plugin = listed.plugin();
        let decided = self.0.get(&plugin.repository_id).and_then(|states| states.get(&plugin.id));
        decided.copied().unwrap_or(plugin.enabled)
    }
}

/// Answers with what there is for an organisation.
fn look(
    core: &Core,
    organisation: String,
    answer: impl Fn(&Found) -> Result<Response, Failure> + Send + Sync + 'static,
) -> Step {
    let (generation, catalogue) = (core.generation, core.plugins.current());
    let (added, answer) = (Arc::clone(&core.added), Arc::new(answer));
    Step::reads(move |session| {
        let pk = generation.organisation(session, &organisation)?;
        let states = States::of(session, pk)?;
        let catalogue = Arc::clone(&catalogue);
        let mut found = Found { catalogue, others: Vec::new(), states };
        if generation == Generation::V1_20 {
            found.others = added.all(session, &found.catalogue)?;
            return Ok(Step::Answer(answer(&found)?));
        }
        let mut repositories = session.repositories()?;
        repositories.retain(|repository| repository.id != Repository::LOCAL);
        if repositories.is_empty() {
            return Ok(Step::Answer(answer(&found)?));
        }
        let answer = Arc::clone(&answer);
        Ok(Step::waits(move |core, deadline| {
            for repository in &repositories {
                found.others.extend(core.remotes.plugins(repository, deadline).iter().cloned());
            }
            answer(&found).map(Step::Answer)
        }))
    })
}

/// Answers with what a remote repository has.
fn look_remotely(
    core: &Core,
    call: &Call<'_>,
    answer: impl Fn(&[Arc<Listed>], &States) -> Result<Response, Failure> + Send + Sync + 'static,
) -> Step {
    let (generation, organisation, id) = (core.generation, call.owned(0), call.owned(1));
    let answer = Arc::new(answer);
    Step::reads(move |session| {
        let pk = generation.organisation(session, &organisation)?;
        let (_, repository) = known(session, &id)?;
        if repository.id == Repository::LOCAL {
            // Which has none that are remote.
            return Ok(Step::Answer(answer(&[], &States::default())?));
        }
        let states = States::of(session, pk)?;
        let answer = Arc::clone(&answer);
        Ok(Step::waits(move |core, deadline| {
            answer(&core.remotes.plugins(&repository, deadline), &states).map(Step::Answer)
        }))
    })
}

fn shown(listed: &Listed, enabled: bool) -> Response {
    let mut json = Vec::with_capacity(USUAL_PLUGIN);
    listed.write_json(enabled, &mut json);
    Response::json(Status::Ok, json)
}
