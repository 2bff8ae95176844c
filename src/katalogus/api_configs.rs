//! The configurations of boefjes across organisations, which generation 1.20 shows: what each
//! organisation has set and enabled, and which others have set the same.
//!
//! The duplicates of a configuration are those of the same boefje with equal settings in other
//! organisations, if that organisation and its own let their results be shared. Where only enabled
//! or disabled ones are asked for, duplicates are too.

use std::collections::HashSet;

use ostler_http::Status;

use crate::api::{Call, Core};
use crate::asked::Asked;
use crate::failure::{Failure, Stop};
use crate::filter::Page;
use crate::kept::Kept;
use crate::step::Step;
use crate::{Config, ConfigFilter, Json, Object, PluginKind, Session};

/// A configuration as it is shown.
#[derive(Clone)]
struct Shown {
    number: i32,
    settings: Object,
    enabled: bool,
    boefje: String,
    organisation: String,
}

/// What a request asks for.
#[derive(Clone)]
struct Wanted {
    filter: ConfigFilter,
    enabled: Option<bool>,
    duplicates: bool,
    page: Page,
}

/// Those that the query asks for, by number.
pub(crate) fn list(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let mut asked = Asked::of(call.request);
    let filter = ConfigFilter {
        organisation_id: asked.text("organisation_id"),
        boefje_id: asked.text("boefje_id"),
    };
    let enabled = asked.truth("enabled");
    let duplicates = asked.truth("with_duplicates").unwrap_or(false);
    let page = Page::of(&mut asked);
    let wanted = asked.finish(Wanted { filter, enabled, duplicates, page })?;
    let kept = Kept::new(core, String::new(), String::new());
    Ok(Step::reads(move |session| {
        let found = shown(session, &kept, &wanted.filter, wanted.enabled)?;
        let page = wanted.page.of_list(&found);
        let (others, sharing) = if wanted.duplicates {
            let filter = ConfigFilter { organisation_id: None, ..wanted.filter.clone() };
            (shown(session, &kept, &filter, wanted.enabled)?, sharing(session)?)
        } else {
            Default::default()
        };
        let json = page.iter().map(|config| {
            let duplicates = others.iter().filter(|other| config.is_shared_by(other, &sharing));
            config.to_json(duplicates.map(|other| other.to_json(Vec::new())).collect())
        });
        Ok(Step::json(Status::Ok, &Json::List(json.collect())))
    }))
}

/// The organisations that let their results be shared.
fn sharing(session: &mut Session<'_>) -> Result<HashSet<String>, Stop> {
    let organisations = session.organisations()?.into_iter();
    let sharing = organisations.filter(|organisation| organisation.deduplicate);
    Ok(sharing.map(|organisation| organisation.id).collect())
}

fn shown(
    session: &mut Session<'_>,
    kept: &Kept,
    filter: &ConfigFilter,
    enabled: Option<bool>,
) -> Result<Vec<Shown>, Stop> {
    let mut all = Vec::new();
    for config in session.configs(filter)? {
        let kept = kept.beside(&config.organisation_id, &config.boefje_id);
        if kept.kind(session)? == Some(PluginKind::Normalizer) {
            continue;
        }
        let shown = Shown::of(config, &kept)?;
        if enabled.is_none_or(|enabled| enabled == shown.enabled) {
            all.push(shown);
        }
    }
    Ok(all)
}

/// Whether two objects have the same members, in whatever order.
fn equal(one: &Object, other: &Object) -> bool {
    let same = |(key, value): (&str, &Json)| match (value, other.get(key)) {
        (Json::Object(one), Some(Json::Object(other))) => equal(one, other),
        (value, other) => Some(value) == other,
    };
    one.len() == other.len() && one.iter().all(same)
}

impl Shown {
    fn of(config: Config, kept: &Kept) -> Result<Self, Failure> {
        let settings = config.settings.map(|stored| kept.decode(&stored)).transpose()?;
        Ok(Self {
            number: config.number,
            settings: settings.unwrap_or_default(),
            enabled: config.enabled.unwrap_or_else(|| kept.enabled_by_default()),
            boefje: config.boefje_id,
            organisation: config.organisation_id,
        })
    }

    fn is_shared_by(&self, other: &Self, sharing: &HashSet<String>) -> bool {
        self.boefje == other.boefje
            && self.organisation != other.organisation
            && [self, other].iter().all(|config| sharing.contains(&config.organisation))
            && equal(&self.settings, &other.settings)
    }

    fn to_json(&self, duplicates: Vec<Json>) -> Json {
        let mut json = Object::new();
        json.insert("id", i64::from(self.number));
        json.insert("settings", self.settings.clone());
        json.insert("enabled", self.enabled);
        json.insert("boefje_id", self.boefje.as_str());
        json.insert("organisation_id", self.organisation.as_str());
        json.insert("duplicates", duplicates);
        json.into()
    }
}
