//! The subcommands, which do one thing to the database and end.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use ostler_runtime::Exit;
use ostler_runtime::environment::variable_of_any_case;
use zeroize::Zeroizing;

use crate::config::Configuration;
use crate::database_ready::{prepare, steps, told};
use crate::encryption::{Encryption, Middleware, read_key};
use crate::options::{Action, NewKeys};
use crate::{Migrator, RekeyError, TransferError, export, import, rekey};

/// What `rekey` encrypts with from then on, where no option says it.
const NEW_MIDDLEWARE: &str = "KATALOGUS_NEW_ENCRYPTION_MIDDLEWARE";
const NEW_PRIVATE_KEY: &str = "KATALOGUS_NEW_PRIVATE_KEY_B64";
const NEW_PUBLIC_KEY: &str = "KATALOGUS_NEW_PUBLIC_KEY_B64";

/// Does what a subcommand asks for.
pub(crate) fn run(command: &Action, config: &Configuration) -> Result<(), Exit> {
    let database = &config.store.database;
    match command {
        // These two are no subcommands.
        Action::Serve | Action::Check(_) => Err(Exit::Internal),
        Action::Migrate => {
            let done = Migrator::new(database).apply().map_err(|error| told(&error))?;
            if done.steps.is_empty() {
                println!("{database} is up to date");
            } else {
                println!("{database}: {}", steps(&done));
            }
            Ok(())
        }
        Action::Export(file) => {
            let rows = match file {
                None => export(database, &mut BufWriter::new(io::stdout().lock())),
                Some(path) => create(path).and_then(|file| {
                    let mut out = BufWriter::new(file);
                    let rows = export(database, &mut out)?;
                    out.get_ref().sync_all()?;
                    Ok(rows)
                }),
            };
            let rows = rows.map_err(|error| transfer(file.as_deref(), &error))?;
            log::info!("{rows} rows were written");
            Ok(())
        }
        Action::Import { file, existing } => {
            // Into a new file, too.
            prepare(config)?;
            let rows = match file {
                None => import(database, &mut io::stdin().lock(), *existing),
                Some(path) => File::open(path)
                    .map_err(TransferError::from)
                    .and_then(|file| import(database, &mut BufReader::new(file), *existing)),
            };
            let rows = rows.map_err(|error| transfer(file.as_deref(), &error))?;
            println!("{rows} rows were read into {database}");
            Ok(())
        }
        Action::Rekey(new) => {
            let old = config.encryption.cipher().map_err(|error| failed(&error))?;
            let new = encryption(new)?.cipher();
            let new = new.map_err(|error| failed(&format!("the new keys: {error}")))?;
            let rows = rekey(database, &old, &new).map_err(|error| match &error {
                RekeyError::Store(error) => told(error),
                RekeyError::Row { .. } => failed(&error),
            })?;
            println!("{rows} rows of {database} were encrypted anew");
            Ok(())
        }
    }
}

/// A new file that only its owner can read: there may be passwords in it.
fn create(path: &Path) -> Result<File, TransferError> {
    Ok(OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?)
}

fn transfer(file: Option<&Path>, error: &TransferError) -> Exit {
    match error {
        TransferError::Store(error) => told(error),
        TransferError::Io(error) => {
            match file {
                Some(path) => log::error!("{}: {error}", path.display()),
                None => log::error!("{error}"),
            }
            match error.kind() {
                io::ErrorKind::PermissionDenied => Exit::NoPermission,
                _ => Exit::Os,
            }
        }
        error => failed(error),
    }
}

fn failed(error: &impl Display) -> Exit {
    log::error!("{error}");
    Exit::Config
}

/// What the options of `rekey` say, or the environment.
fn encryption(new: &NewKeys) -> Result<Encryption, Exit> {
    let variable = |name: &str| variable_of_any_case(name).map(|(_, value)| value);
    let key = |file: Option<&Path>, name| match file {
        None => Ok(variable(name).unwrap_or_default()),
        Some(file) => {
            read_key(file).map_err(|words| failed(&format!("{}: {words}", file.display())))
        }
    };
    let middleware = match (new.middleware, variable(NEW_MIDDLEWARE)) {
        (Some(middleware), _) => middleware,
        (None, Some(name)) => Middleware::named(&name).ok_or_else(|| {
            failed(&format!("environment: {NEW_MIDDLEWARE}: must be IDENTITY or NACL_SEALBOX"))
        })?,
        (None, None) => Middleware::Sealbox,
    };
    Ok(Encryption {
        middleware,
        private_key: Zeroizing::new(key(new.private_key_file.as_deref(), NEW_PRIVATE_KEY)?),
        public_key: key(new.public_key_file.as_deref(), NEW_PUBLIC_KEY)?,
        private_key_file: None,
    })
}
