//! The objects of a machine of its own: what was said of them, and how they were at a moment.
//!
//! An origin is who says it: a normalizer of what a boefje has found at an object. What it says of a
//! later moment takes the place of what it has said before, so that an object which it does not name
//! any more is gone, unless another origin names it. While an object is there, what is said of it adds to
//! what is known and takes its place where they differ. All that holds in whatever order it is told. An
//! object that is not known is built from its reference.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sqlite::SqliteConnection;
use katalogus::{Json, Object};
use ostler_runtime::Moment;

use crate::local::Local;
use crate::local_database::Failure;
use crate::local_reference;
use crate::local_tables::{object as objects, scan_profile, statement};
use crate::service_error::ServiceError;
use crate::services::{Octopoes, Origin};

/// Origins that are asked for at once.
const KEYS_AT_ONCE: usize = 500;

impl Octopoes for Local {
    fn object(
        &self,
        organization: &str,
        reference: &str,
        valid_time: Moment,
    ) -> Result<Option<Json>, ServiceError> {
        let at = valid_time.unix_micros();
        let (known, profile) = self.database.read(|connection| {
            let known = known(connection, organization, reference, at)?;
            Ok((known, profile(connection, organization, reference, at)?))
        })?;
        let mut found = match known {
            Some(known) => known,
            None => local_reference::built(reference).map_err(|why| {
                self.database.told(format!(
                    "{reference:.200} was never seen and cannot be built from its reference: {why}"
                ))
            })?,
        };
        if let Some(profile) = profile {
            found.insert("scan_profile", profile);
        }
        Ok(Some(found.into()))
    }

    fn save(&self, organization: &str, origin: Origin, said: &Json) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            let whole = members(said, "what is said")?;
            let from = time(whole, "valid_time")?;
            let from = from.ok_or_else(|| Failure::Words("it is said for no time".to_owned()))?;
            let one = whole.get("ooi").into_iter();
            let many = match whole.get("result") {
                Some(Json::List(result)) => result.as_slice(),
                _ => &[],
            };
            let statement = Statement { organization, origin, said: whole };
            let place = statement.keep(connection, from)?;
            for one in one.chain(many) {
                let one = members(one, "an object")?;
                diesel::insert_into(objects::table)
                    .values((
                        objects::statement.eq(place),
                        objects::organization.eq(organization),
                        objects::reference.eq(text(one, "primary_key")?),
                        objects::origin_key.eq(statement.origin_key()),
                        objects::json.eq(Json::Object(one.clone()).compact()),
                    ))
                    .execute(connection)?;
            }
            if let Some(end) = time(whole, "end_valid_time")? {
                // From then on it says nothing.
                statement.keep(connection, end)?;
            }
            Ok(())
        })
    }

    fn save_scan_profiles(
        &self,
        organization: &str,
        valid_time: Moment,
        profiles: &Json,
    ) -> Result<(), ServiceError> {
        self.database.write(|connection| {
            let Json::List(profiles) = profiles else {
                return Err(Failure::Words("scan profiles are no list".to_owned()));
            };
            for one in profiles {
                let reference = text(members(one, "a scan profile")?, "reference")?;
                diesel::insert_into(scan_profile::table)
                    .values((
                        scan_profile::organization.eq(organization),
                        scan_profile::reference.eq(reference),
                        scan_profile::valid_from.eq(valid_time.unix_micros()),
                        scan_profile::profile.eq(one.compact()),
                    ))
                    .execute(connection)?;
            }
            Ok(())
        })
    }
}

/// What is said, and by whom.
struct Statement<'a> {
    organization: &'a str,
    origin: Origin,
    said: &'a Object,
}

impl Statement<'_> {
    /// Keeps it without its objects; its place.
    fn keep(&self, connection: &mut SqliteConnection, from: Moment) -> Result<i64, Failure> {
        diesel::insert_into(statement::table)
            .values((
                statement::organization.eq(self.organization),
                statement::origin.eq(self.origin.name()),
                statement::origin_key.eq(self.origin_key()),
                statement::valid_from.eq(from.unix_micros()),
                statement::said.eq(Json::Object(self.said.clone()).compact()),
            ))
            .execute(connection)?;
        let place: Option<i64> =
            statement::table.select(diesel::dsl::max(statement::place)).first(connection)?;
        Ok(place.unwrap_or_default())
    }

    /// The same for all that takes the place of each other: what a normalizer says of what a boefje
    /// has found at an object; of a declared or an affirmed object that is itself.
    fn origin_key(&self) -> String {
        let own = match self.said.get("ooi") {
            Some(Json::Object(ooi)) => ooi.get("primary_key"),
            _ => None,
        };
        let parts = [
            Some(&Json::from(self.origin.name())),
            self.said.get("method"),
            self.said.get("source_method"),
            self.said.get("source").or(own),
        ];
        Json::List(parts.map(|part| part.cloned().unwrap_or_default()).to_vec()).compact()
    }
}

/// Adds what is said of an object to what is known of it.
fn merge(known: &mut Object, said: &Object) {
    for (key, value) in said.iter() {
        let says_nothing = matches!(value, Json::Null) && known.get(key).is_some();
        if !says_nothing {
            known.insert(key, value.clone());
        }
    }
}

/// What was said by an origin that once named an object: when and in which place, by whom, and what it
/// said of the object if it named it then.
type Told = (i64, i64, String, String, Option<String>);

/// What was known of an object at a moment; nothing if it was not there.
fn known(
    connection: &mut SqliteConnection,
    organization: &str,
    reference: &str,
    at: i64,
) -> Result<Option<Object>, Failure> {
    let keys: Vec<String> = objects::table
        .filter(objects::organization.eq(organization).and(objects::reference.eq(reference)))
        .select(objects::origin_key)
        .distinct()
        .load(connection)?;
    let mut told: Vec<Told> = Vec::new();
    for keys in keys.chunks(KEYS_AT_ONCE) {
        let is_named = objects::statement.eq(statement::place);
        let named = objects::table.on(is_named.and(objects::reference.eq(reference)));
        let all = statement::table
            .left_join(named)
            .filter(statement::organization.eq(organization))
            .filter(statement::origin_key.eq_any(keys).and(statement::valid_from.le(at)))
            .select((
                statement::valid_from,
                statement::place,
                statement::origin_key,
                statement::origin,
                objects::json.nullable(),
            ))
            .load(connection)?;
        told.extend(all);
    }
    told.sort();
    let mut known = None;
    // Those who have named it last. Who affirms something of it does not say that it is there.
    let mut holders = BTreeSet::new();
    for (_, _, key, origin, said) in &told {
        match said {
            Some(_) if *origin != Origin::Affirmation.name() => _ = holders.insert(key),
            Some(_) => {}
            None => _ = holders.remove(key),
        }
        match said {
            _ if holders.is_empty() => known = None,
            Some(said) => {
                merge(known.get_or_insert_with(Object::new), &read(said, reference)?);
            }
            None => {}
        }
    }
    Ok(known)
}

/// The scan profile that an object had at a moment.
fn profile(
    connection: &mut SqliteConnection,
    organization: &str,
    reference: &str,
    at: i64,
) -> Result<Option<Object>, Failure> {
    let profile: Option<String> = scan_profile::table
        .filter(scan_profile::organization.eq(organization))
        .filter(scan_profile::reference.eq(reference).and(scan_profile::valid_from.le(at)))
        .order((scan_profile::valid_from.desc(), scan_profile::place.desc()))
        .select(scan_profile::profile)
        .first(connection)
        .optional()?;
    profile.map(|profile| read(&profile, reference)).transpose()
}

fn read(text: &str, reference: &str) -> Result<Object, Failure> {
    match Json::parse(text) {
        Ok(Json::Object(object)) => Ok(object),
        _ => Err(Failure::Words(format!("what is kept of {reference} is no object"))),
    }
}

fn members<'a>(value: &'a Json, what: &str) -> Result<&'a Object, Failure> {
    match value {
        Json::Object(members) => Ok(members),
        _ => Err(Failure::Words(format!("{what} is no JSON object"))),
    }
}

/// A moment; `None` if there is none.
fn time(members: &Object, key: &str) -> Result<Option<Moment>, Failure> {
    match members.get(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::Text(text)) => {
            let moment = Moment::parse(text);
            moment.map(Some).ok_or_else(|| Failure::Words(format!("{key} is no time")))
        }
        Some(_) => Err(Failure::Words(format!("{key} is no time"))),
    }
}

fn text<'a>(members: &'a Object, key: &str) -> Result<&'a str, Failure> {
    match members.get(key) {
        Some(Json::Text(text)) => Ok(text),
        _ => Err(Failure::Words(format!("an object of those to be kept has no {key}"))),
    }
}
