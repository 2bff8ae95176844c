//! The subcommands, which do one thing to the database and end.

use ostler_runtime::Exit;

use crate::Migrator;
use crate::config::Configuration;
use crate::database_ready::{steps, told};
use crate::options::Action;

/// Does what a subcommand asks for.
pub(crate) fn run(command: &Action, config: &Configuration) -> Result<(), Exit> {
    match command {
        Action::Migrate => migrate(config),
        _ => Err(Exit::Internal),
    }
}

fn migrate(config: &Configuration) -> Result<(), Exit> {
    let done = Migrator::new(&config.store.database).apply().map_err(|error| told(&error))?;
    if done.steps.is_empty() {
        println!("{} is up to date", config.store.database);
    } else {
        println!("{}: {}", config.store.database, steps(&done));
    }
    Ok(())
}
