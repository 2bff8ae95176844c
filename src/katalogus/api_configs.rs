//! The configurations of boefjes across organisations, which generation 1.20 shows: what each
//! organisation has set and enabled, and which others have set the same.
//!
//! The duplicates of a configuration are those of the same boefje with equal settings in other
//! organisations, if that organisation and its own let their results be shared. Where only enabled
//! or disabled ones are asked for, duplicates are too.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use ostler_http::{Response, Status};
use ostler_runtime::{Deadline, Seldom};

use crate::api::{Call, Core, MAX_ANSWER};
use crate::asked::Asked;
use crate::errands::Lane;
use crate::failure::{Failure, Stop};
use crate::filter::Page;
use crate::json_number::canonical;
use crate::kept::Kept;
use crate::step::Step;
use crate::{Config, ConfigFilter, Json, Object, PluginKind, Session, StoreError};

/// A configuration as it is stored, and whether it is enabled, be it by default.
#[derive(Clone)]
struct Found {
    config: Config,
    enabled: bool,
}

/// What a request asks for.
#[derive(Clone)]
struct Wanted {
    filter: ConfigFilter,
    enabled: Option<bool>,
    duplicates: bool,
    page: Page,
}

/// What there is for a request, before anything is decrypted.
struct Listing {
    page: Vec<Found>,
    /// Those that may be duplicates, if they are asked for.
    others: Vec<Found>,
    /// The organisations that let their results be shared.
    sharing: HashSet<String>,
}

/// What is not among duplicates since it cannot be decrypted is told, but fills no disk.
static TOLD: Seldom = Seldom::new(Duration::from_secs(1));

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
        let listing = Listing::find(session, &kept, &wanted)?;
        let kept = kept.clone();
        // Decryption takes its time, and nobody who waits for the database should wait for it.
        Ok(Step::waits(Lane::Local, move |_, deadline| {
            let json = listing.json(&kept, deadline)?;
            Ok(Step::Answer(Response::json(Status::Ok, json)))
        }))
    }))
}

/// The organisations that let their results be shared.
fn sharing(session: &mut Session<'_>) -> Result<HashSet<String>, Stop> {
    let organisations = session.organisations()?.into_iter();
    let sharing = organisations.filter(|organisation| organisation.deduplicate);
    Ok(sharing.map(|organisation| organisation.id).collect())
}

fn found(
    session: &mut Session<'_>,
    kept: &Kept,
    filter: &ConfigFilter,
    enabled: Option<bool>,
) -> Result<Vec<Found>, Stop> {
    // Whether those of a boefje are enabled where nobody has decided; none of a normalizer are shown.
    let mut by_default: HashMap<String, Option<bool>> = HashMap::new();
    let mut all = Vec::new();
    for config in session.configs(filter)? {
        let default = if let Some(default) = by_default.get(&config.boefje_id) {
            *default
        } else {
            let kept = kept.beside("", &config.boefje_id);
            let is_shown = kept.kind(session)? != Some(PluginKind::Normalizer);
            let default = is_shown.then(|| kept.enabled_by_default());
            by_default.insert(config.boefje_id.clone(), default);
            default
        };
        let Some(default) = default else { continue };
        let found = Found { enabled: config.enabled.unwrap_or(default), config };
        if enabled.is_none_or(|enabled| enabled == found.enabled) {
            all.push(found);
        }
    }
    Ok(all)
}

impl Listing {
    fn find(session: &mut Session<'_>, kept: &Kept, wanted: &Wanted) -> Result<Self, Stop> {
        let all = found(session, kept, &wanted.filter, wanted.enabled)?;
        let page = wanted.page.of_list(&all).to_vec();
        let (mut others, mut sharing_ones) = Default::default();
        if wanted.duplicates {
            let filter = ConfigFilter { organisation_id: None, ..wanted.filter.clone() };
            others = found(session, kept, &filter, wanted.enabled)?;
            sharing_ones = sharing(session)?;
            let boefjes: HashSet<&str> =
                page.iter().map(|found| found.config.boefje_id.as_str()).collect();
            others.retain(|other| {
                boefjes.contains(other.config.boefje_id.as_str())
                    && sharing_ones.contains(&other.config.organisation_id)
            });
        }
        Ok(Self { page, others, sharing: sharing_ones })
    }

    fn json(&self, kept: &Kept, deadline: Deadline) -> Result<Vec<u8>, Failure> {
        let alike = self.alike(kept, deadline)?;
        let mut json = vec![b'['];
        for found in &self.page {
            in_time(deadline)?;
            let settings = found.settings(kept)?;
            if json.len() > 1 {
                json.push(b',');
            }
            json.extend_from_slice(&found.open(&settings));
            let organisation = found.config.organisation_id.as_str();
            let others = alike
                .get(&found.key(settings))
                .filter(|_| self.sharing.contains(organisation))
                .into_iter()
                .flatten()
                .filter(|(other, _)| *other != organisation);
            for (place, (_, duplicate)) in others.enumerate() {
                if place > 0 {
                    json.push(b',');
                }
                json.extend_from_slice(duplicate);
                if json.len() > MAX_ANSWER {
                    return Err(Failure::TooLarge);
                }
            }
            json.extend_from_slice(CLOSE);
            if json.len() > MAX_ANSWER {
                return Err(Failure::TooLarge);
            }
        }
        json.push(b']');
        Ok(json)
    }

    /// Duplicates as they are shown, with their organisations, by what they have in common.
    fn alike(&self, kept: &Kept, deadline: Deadline) -> Result<Alike<'_>, Failure> {
        let mut alike = Alike::new();
        for other in &self.others {
            in_time(deadline)?;
            let Ok(settings) = other.settings(kept) else {
                other.tell_unreadable();
                continue;
            };
            let mut json = other.open(&settings);
            json.extend_from_slice(CLOSE);
            let same = alike.entry(other.key(settings)).or_default();
            same.push((&other.config.organisation_id, json));
        }
        Ok(alike)
    }
}

/// By boefje and settings: organisations, and their configurations as they are shown.
type Alike<'f> = HashMap<(&'f str, String), Vec<(&'f str, Vec<u8>)>>;

/// What stands behind the duplicates of a configuration.
const CLOSE: &[u8] = b"]}";

fn in_time(deadline: Deadline) -> Result<(), Failure> {
    if deadline.passed() { Err(StoreError::Late.into()) } else { Ok(()) }
}

impl Found {
    fn settings(&self, kept: &Kept) -> Result<Object, Failure> {
        let Some(stored) = &self.config.settings else { return Ok(Object::default()) };
        kept.beside(&self.config.organisation_id, &self.config.boefje_id).decode(stored)
    }

    /// What duplicates have in common: the boefje, and members of their settings in whatever order.
    fn key(&self, settings: Object) -> (&str, String) {
        (&self.config.boefje_id, canonical(&Json::Object(settings)))
    }

    /// All up to its duplicates.
    fn open(&self, settings: &Object) -> Vec<u8> {
        let mut json = Object::new();
        json.insert("id", i64::from(self.config.number));
        json.insert("settings", settings.clone());
        json.insert("enabled", self.enabled);
        json.insert("boefje_id", self.config.boefje_id.as_str());
        json.insert("organisation_id", self.config.organisation_id.as_str());
        json.insert("duplicates", Vec::new());
        let mut json = Json::from(json).compact().into_bytes();
        json.truncate(json.len().saturating_sub(CLOSE.len()));
        json
    }

    fn tell_unreadable(&self) {
        if TOLD.allow().is_some() {
            log::warn!(
                "duplicates are shown without those of organisation '{}' and plugin '{}', whose \
                 settings cannot be decrypted",
                self.config.organisation_id,
                self.config.boefje_id
            );
        }
    }
}
