//! The database before it is served from: are its tables there, and may they be made?

use ostler_runtime::Exit;

use crate::config::Configuration;
use crate::{Database, Migrator, Plan, Step, StoreError};

/// Makes a new SQLite file, brings tables up to date if that is asked for, and refuses to serve
/// from a database that is not. A server that cannot be reached may come later.
pub(crate) fn prepare(config: &Configuration) -> Result<(), Exit> {
    let migrator = Migrator::new(&config.store.database);
    let plan = match migrator.plan() {
        Ok(plan) => plan,
        Err(StoreError::Unavailable(why)) if may_come(config) => {
            log::warn!("the database cannot be used yet: {why}");
            return Ok(());
        }
        Err(error) => return Err(told(&error)),
    };
    if plan.steps.is_empty() {
        return Ok(());
    }
    if !config.migrate && plan.steps.first() != Some(&Step::File) {
        log::error!(
            "{} is not up to date; `katalogus migrate` would do this: {}",
            config.store.database,
            steps(&plan)
        );
        return Err(Exit::Config);
    }
    let done = migrator.apply().map_err(|error| told(&error))?;
    log::info!("{} was brought up to date: {}", config.store.database, steps(&done));
    Ok(())
}

/// What a plan does, in words.
pub(crate) fn steps(plan: &Plan) -> String {
    let words: Vec<String> = plan.steps.iter().map(ToString::to_string).collect();
    words.join(", ")
}

/// Logs what went wrong, and how that ends a program.
pub(crate) fn told(error: &StoreError) -> Exit {
    log::error!("{error}");
    match error {
        StoreError::Unavailable(_) | StoreError::Late | StoreError::Full => Exit::Unavailable,
        _ => Exit::Config,
    }
}

fn may_come(config: &Configuration) -> bool {
    matches!(config.store.database, Database::Postgres(_)) && !config.migrate
}
