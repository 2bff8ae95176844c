//! What one organisation has enabled and set, copied to another: in one transaction, so that
//! nobody sees half of it.

use ostler_http::Status;

use crate::api::{Call, Core};
use crate::failure::{Failure, Stop};
use crate::kept::Kept;
use crate::step::Step;
use crate::{Generation, Pk, Repository, Session};

/// Plugins that other catalogues list.
type Remote = Vec<String>;

/// Clones.
#[expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]
pub(crate) fn clone(core: &Core, call: &Call<'_>) -> Result<Step, Failure> {
    let from = Kept::new(core, call.owned(0), String::new());
    let to = call.owned(1);
    Ok(Step::reads(move |session| {
        let mut repositories = session.repositories()?;
        repositories.retain(|repository| repository.id != Repository::LOCAL);
        let (from, to) = (from.clone(), to.clone());
        if repositories.is_empty() {
            return Ok(copying(from, to, Remote::new()));
        }
        Ok(Step::waits(move |core, deadline| {
            let mut remote = Remote::new();
            for repository in &repositories {
                let listed = core.remotes.plugins(repository, deadline);
                remote.extend(listed.iter().map(|listed| listed.plugin().id.clone()));
            }
            Ok(copying(from, to, remote))
        }))
    }))
}

fn copying(from: Kept, to: String, remote: Remote) -> Step {
    Step::writes(move |session| {
        copy(session, &from, &to, &remote)?;
        Ok(Step::null(Status::Ok))
    })
}

fn copy(session: &mut Session<'_>, from: &Kept, to: &str, remote: &Remote) -> Result<(), Stop> {
    let source = from.generation.known_organisation(session, &from.organisation)?;
    let Some((target, _)) = session.organisation(to)? else {
        return Err(Failure::NoOrganisation(to.to_owned()).into());
    };
    // Always in the same order, so that two clones in opposite directions wait for each other only
    // once.
    for pk in [source.min(target), source.max(target)] {
        session.lock_organisation(pk)?;
    }
    for (plugin, repository) in enabled(session, target)? {
        if let Some((repository, _)) = session.repository(&repository)? {
            session.set_state(target, repository, &plugin, false)?;
        }
    }
    copy_settings(session, from, to, (source, target), remote)?;
    for (plugin, repository) in enabled(session, source)? {
        let kept = from.beside(to, &plugin);
        if from.generation == Generation::V1_15 {
            let settings = kept.read(session, target)?.unwrap_or_default();
            kept.check(session, &settings)?;
        }
        if let Some((repository, _)) = session.repository(&repository)? {
            session.set_state(target, repository, &plugin, true)?;
        }
    }
    Ok(())
}

/// The plugins that an organisation has enabled itself, with their repositories.
fn enabled(session: &mut Session<'_>, pk: Pk) -> Result<Vec<(String, String)>, Stop> {
    let states = session.states(pk)?.into_iter().filter(|(_, _, enabled)| *enabled);
    Ok(states.map(|(plugin, repository, _)| (plugin, repository)).collect())
}

/// Copies the settings of all plugins that are listed, but no empty ones.
fn copy_settings(
    session: &mut Session<'_>,
    from: &Kept,
    to: &str,
    (source, target): (Pk, Pk),
    remote: &Remote,
) -> Result<(), Stop> {
    for (plugin, stored) in session.all_settings(source)? {
        let source = from.beside(&from.organisation, &plugin);
        if source.kind(session)?.is_none() && !remote.contains(&plugin) {
            continue;
        }
        let settings = source.decode(&stored)?;
        if !settings.is_empty() {
            from.beside(to, &plugin).write(session, target, &settings)?;
        }
    }
    Ok(())
}
