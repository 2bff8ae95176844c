//! The objects of a machine of its own: what was said of them, and how they were at a moment.
//!
//! What is said of a later moment adds to what is known of an object and takes its place where they
//! differ, in whatever order it is told. Nothing is ever taken away. An object of which nothing was said is built from its reference.

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
            let at = match whole.get("valid_time") {
                Some(Json::Text(text)) => Moment::parse(text),
                _ => None,
            };
            let at = at.ok_or_else(|| Failure::Words("it is said for no time".to_owned()))?;
            let at = at.unix_micros();
            diesel::insert_into(statement::table)
                .values((
                    statement::organization.eq(organization),
                    statement::origin.eq(name(origin)),
                    statement::valid_from.eq(at),
                    statement::said.eq(said.compact()),
                ))
                .execute(connection)?;
            let one = whole.get("ooi").into_iter();
            let many = match whole.get("result") {
                Some(Json::List(result)) => result.as_slice(),
                _ => &[],
            };
            for one in one.chain(many) {
                add(connection, organization, at, members(one, "an object")?)?;
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

fn name(origin: Origin) -> &'static str {
    match origin {
        Origin::Observation => "observation",
        Origin::Declaration => "declaration",
        Origin::Affirmation => "affirmation",
    }
}

/// Keeps what is new in an object.
fn add(
    connection: &mut SqliteConnection,
    organization: &str,
    at: i64,
    new: &Object,
) -> Result<(), Failure> {
    let reference = text(new, "primary_key")?;
    let old = known(connection, organization, reference, at)?;
    let mut merged = old.clone().unwrap_or_default();
    merge(&mut merged, new);
    if old.as_ref() == Some(&merged) {
        return Ok(());
    }
    diesel::insert_into(objects::table)
        .values((
            objects::organization.eq(organization),
            objects::reference.eq(reference),
            objects::valid_from.eq(at),
            objects::json.eq(Json::Object(new.clone()).compact()),
        ))
        .execute(connection)?;
    Ok(())
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

/// What was known of an object at a moment: all that was said of it up to then, together.
fn known(
    connection: &mut SqliteConnection,
    organization: &str,
    reference: &str,
    at: i64,
) -> Result<Option<Object>, Failure> {
    let all: Vec<String> = objects::table
        .filter(objects::organization.eq(organization))
        .filter(objects::reference.eq(reference).and(objects::valid_from.le(at)))
        .order((objects::valid_from, objects::place))
        .select(objects::json)
        .load(connection)?;
    let mut known = None;
    for said in &all {
        merge(known.get_or_insert_with(Object::new), &read(said, reference)?);
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

fn text<'a>(members: &'a Object, key: &str) -> Result<&'a str, Failure> {
    match members.get(key) {
        Some(Json::Text(text)) => Ok(text),
        _ => Err(Failure::Words(format!("an object of those to be kept has no {key}"))),
    }
}
