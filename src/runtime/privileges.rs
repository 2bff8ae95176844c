//! Rights: whether this process is root's, how it becomes somebody else's, and that nobody else
//! looks into it.
//!
//! The kernel keeps rights for each thread, and a new thread has those of the one that starts it.
//! So the change is made while there is one thread only, and holds for all that come.

use std::fs;
use std::io;
use std::os::unix::fs::chown;
use std::path::PathBuf;

use rustix::fs::{Gid, Uid};
use rustix::process::{DumpableBehavior, set_dumpable_behavior};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// Whether this process runs as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether there is a user `name`.
pub fn has_user(name: &str) -> bool {
    Account::find(name).is_ok()
}

/// Becomes the user `name`, with that user's groups, for good, and takes the files `own` along. To be
/// called before any thread is started.
pub fn become_user(name: &str, own: &[PathBuf]) -> io::Result<()> {
    let account = Account::find(name)?;
    for path in own {
        chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
    }
    set_thread_groups(&account.groups)?;
    set_thread_res_gid(account.gid, account.gid, account.gid)?;
    set_thread_res_uid(account.uid, account.uid, account.uid)?;
    Ok(())
}

/// Keeps this process's memory, which holds keys and passwords, from core files and from every
/// other process but root's, its own children and others of the same user included.
///
/// A process that becomes another user or another program begins anew with what the system grants,
/// so this is to be called after that.
pub fn close_memory() -> io::Result<()> {
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

/// What /etc/passwd and /etc/group say of a user.
#[derive(Debug, PartialEq, Eq)]
struct Account {
    uid: Uid,
    gid: Gid,
    groups: Vec<Gid>,
}

impl Account {
    fn find(name: &str) -> io::Result<Self> {
        Self::parse(name, &fs::read_to_string("/etc/passwd")?, &fs::read_to_string("/etc/group")?)
            .ok_or_else(|| {
                io::Error::new(io::ErrorKind::NotFound, format!("there is no user {name}"))
            })
    }

    fn parse(name: &str, passwd: &str, group: &str) -> Option<Self> {
        let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
        let entry = passwd.lines().map(fields).find(|f| f.first().is_some_and(|n| n == name))?;
        let uid = Uid::from_raw(entry.get(2)?.parse().ok()?);
        let gid = Gid::from_raw(entry.get(3)?.parse().ok()?);
        let mut groups = vec![gid];
        for fields in group.lines().map(fields) {
            let is_member = fields.get(3).is_some_and(|m| m.split(',').any(|m| m == name));
            let number = fields.get(2).and_then(|number| number.parse().ok());
            groups.extend(number.filter(|_| is_member).map(Gid::from_raw));
        }
        Some(Self { uid, gid, groups })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_its_number_and_all_its_groups() {
        let passwd = "root:x:0:0::/:/bin/sh\nmon:x:77:78:Burp:/nonexistent:/bin/false\n";
        let group = "root:x:0:\nmon:x:78:\nburp:x:80:other,mon\nssl:x:81:month\n";
        let account = Account::parse("mon", passwd, group).unwrap();
        assert_eq!((account.uid.as_raw(), account.gid.as_raw()), (77, 78));
        let groups: Vec<u32> = account.groups.iter().map(|group| group.as_raw()).collect();
        assert_eq!(groups, [78, 80]);
        assert_eq!(Account::parse("mo", passwd, group), None);
    }
}
