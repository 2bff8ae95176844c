//! Whether an account can use every file that it needs: found out by trying with the rights of that
//! account, so that whatever else has a say in it, such as an access control list, has been asked.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use ostler_runtime::{Account, Accounts, privileges};
use rustix::fs::{Access, OFlags, access};

use crate::check_grant;
use crate::check_needs::{Need, Needs};
use crate::check_way::{self, Way};

/// What there is to be said of an account's rights.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// What the account may not do, one sentence each.
    pub(crate) denied: Vec<String>,
    /// What nobody could do.
    pub(crate) missing: Vec<String>,
    /// What root runs to grant what was denied, where a command does it.
    pub(crate) commands: Vec<String>,
}

impl Verdict {
    /// Tries everything with the rights of `account`. Only root can do that for somebody else.
    pub(crate) fn of(needs: Needs, account: &Account, accounts: &Accounts) -> io::Result<Self> {
        if !check_way::is_testable() {
            return Err(io::Error::other("/proc is not there, and has to be mounted"));
        }
        // The ways are gone with the rights of this process, which may reach farther.
        let along = |need: Need| (Way::along(&need.path), need);
        let ways: Vec<(Way, Need)> = needs.files.into_iter().map(along).collect();
        let all = || ways.into_iter().map(|(way, need)| Tried::new(way, need)).collect();
        let tried: Vec<Tried> = if account.uid == rustix::process::geteuid() {
            all()
        } else {
            privileges::with_rights_of(account, all)
                .map_err(|error| io::Error::new(error.kind(), format!("only by root: {error}")))?
        };
        let mut verdict = Self { denied: needs.refused, missing: needs.broken, ..Self::default() };
        let mut lacks = Vec::new();
        for tried in tried {
            verdict.note(tried, account, &mut lacks);
        }
        for Lack { path, rights, held, named } in &lacks {
            let what = verb(*rights, path.is_dir());
            let place = path.display();
            let mut words = format!("{place}: {} cannot {what} it ({named})", account.name);
            match check_grant::command(path, *rights, *held, account, accounts) {
                Ok(command) if verdict.commands.contains(&command) => {}
                Ok(command) => verdict.commands.push(command),
                Err(reason) => words.extend(["; root must decide how, since ", reason]),
            }
            verdict.denied.push(words);
        }
        Ok(verdict)
    }

    fn note(&mut self, tried: Tried, account: &Account, lacks: &mut Vec<Lack>) {
        let Tried { need: Need { path, rights, named }, result, lacking } = tried;
        let Err(error) = result else { return };
        let place = path.display();
        match error.kind() {
            ErrorKind::NotFound => self.missing.push(format!("{place}: does not exist ({named})")),
            // What a command would grant is told below.
            ErrorKind::PermissionDenied if !lacking.is_empty() => {}
            ErrorKind::PermissionDenied => {
                let (name, what) = (&account.name, verb(rights, path.is_dir()));
                self.denied.push(format!("{place}: {name} cannot {what} it ({named})"));
            }
            _ => self.missing.push(format!("{place}: {error} ({named})")),
        }
        for Lacking { path: step, rights, held } in lacking {
            // What is needed for several reasons is granted once, with all that they need.
            if let Some(lack) = lacks.iter_mut().find(|lack| lack.path == step) {
                lack.rights |= rights;
            } else {
                let is_end = path.canonicalize().is_ok_and(|end| end == step);
                let way = if is_end { String::new() } else { format!("on the way to {place}, ") };
                lacks.push(Lack { path: step, rights, held, named: format!("{way}{named}") });
            }
        }
    }
}

/// A right to a directory or file that is lacking, and what it is needed for.
struct Lack {
    path: PathBuf,
    rights: Access,
    held: Access,
    named: String,
}

/// The same of one need: the rights that a step must grant, and those that it does grant.
struct Lacking {
    path: PathBuf,
    rights: Access,
    held: Access,
}

/// A need, how it went, and which steps on the way to it do not grant what they must.
struct Tried {
    need: Need,
    result: io::Result<()>,
    lacking: Vec<Lacking>,
}

impl Tried {
    /// With the rights of this thread.
    fn new(way: Way, need: Need) -> Self {
        let last = if way.end.is_ok() { way.steps.len() } else { usize::MAX };
        let lacking = way.steps.iter().zip(1..).filter_map(|(step, number)| {
            // Directories on the way are entered.
            let rights = if number == last { need.rights } else { Access::EXEC_OK };
            let all = [Access::READ_OK, Access::WRITE_OK, Access::EXEC_OK];
            let held = || all.into_iter().filter(|right| step.grants(*right)).collect();
            let path = step.path.clone();
            (!step.grants(rights)).then(|| Lacking { path, rights, held: held() })
        });
        let lacking = lacking.collect();
        let result = way.end.and_then(|()| test(&need));
        Self { need, result, lacking }
    }
}

/// Does what is needed.
fn test(need: &Need) -> io::Result<()> {
    access(&need.path, need.rights)?;
    if need.rights == Access::READ_OK {
        // Without waiting for whoever might write into a pipe.
        let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or_default();
        OpenOptions::new().read(true).custom_flags(flags).open(&need.path)?;
    }
    Ok(())
}

fn verb(rights: Access, is_directory: bool) -> &'static str {
    match (rights.contains(Access::READ_OK), is_directory) {
        (true, true) => "list",
        (true, false) => "read",
        (false, true) => "enter",
        (false, false) => "run",
    }
}
