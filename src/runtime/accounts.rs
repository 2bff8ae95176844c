//! Users and groups, as /etc/passwd and /etc/group name them.

use std::fs;
use std::io;

use rustix::fs::{Gid, Uid};

/// What the two files say; nothing by default.
#[derive(Debug, Default)]
pub struct Accounts {
    users: Vec<User>,
    groups: Vec<Group>,
}

#[derive(Debug)]
struct User {
    name: String,
    uid: u32,
    gid: u32,
}

#[derive(Debug)]
struct Group {
    name: String,
    gid: u32,
    members: Vec<String>,
}

/// A user, and the groups that the user has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its name; its number, if it has none.
    pub name: String,
    /// Its number.
    pub uid: Uid,
    /// The number of its own group.
    pub gid: Gid,
    /// All its groups, its own first.
    pub groups: Vec<Gid>,
}

impl Accounts {
    /// Reads both files. What is not UTF-8 in them spoils no more than the name that it stands in.
    pub fn read() -> io::Result<Self> {
        Ok(Self::parse(&read("/etc/passwd")?, &read("/etc/group")?))
    }

    fn parse(passwd: &str, group: &str) -> Self {
        let users = passwd.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let uid = fields.nth(1)?.parse().ok()?;
            Some(User { name, uid, gid: fields.next()?.parse().ok()? })
        });
        let groups = group.lines().filter_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?.to_owned();
            let gid = fields.nth(1)?.parse().ok()?;
            let members = fields.next()?.split(',').filter(|name| !name.is_empty());
            Some(Group { name, gid, members: members.map(str::to_owned).collect() })
        });
        Self { users: users.collect(), groups: groups.collect() }
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<Account> {
        self.users.iter().find(|user| user.name == name).map(|user| self.account(user))
    }

    /// The user that this process runs as, which need not have a name.
    pub fn own(&self) -> Account {
        let uid = rustix::process::geteuid();
        let named = self.users.iter().find(|user| user.uid == uid.as_raw());
        named.map_or_else(
            || {
                let gid = rustix::process::getegid();
                Account { name: uid.as_raw().to_string(), uid, gid, groups: vec![gid] }
            },
            |user| self.account(user),
        )
    }

    /// The name of a group.
    pub fn group(&self, gid: Gid) -> Option<&str> {
        let group = self.groups.iter().find(|group| group.gid == gid.as_raw());
        group.map(|group| group.name.as_str())
    }

    /// Whether nobody but `name` has this group.
    pub fn is_alone(&self, gid: Gid, name: &str) -> bool {
        let own = self.users.iter().filter(|user| user.gid == gid.as_raw()).map(|user| &user.name);
        let groups = self.groups.iter().filter(|group| group.gid == gid.as_raw());
        own.chain(groups.flat_map(|group| &group.members)).all(|member| member == name)
    }

    fn account(&self, user: &User) -> Account {
        let gid = Gid::from_raw(user.gid);
        let more = self.groups.iter().filter(|group| group.members.contains(&user.name));
        let groups = std::iter::once(gid).chain(more.map(|group| Gid::from_raw(group.gid)));
        Account {
            name: user.name.clone(),
            uid: Uid::from_raw(user.uid),
            gid,
            groups: groups.collect(),
        }
    }
}

fn read(path: &str) -> io::Result<String> {
    let bytes =
        fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("{path}: {error}")))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0::/:/bin/sh\nmon:x:77:78:Burp:/nonexistent:/bin/false\n\
                          other:x:79:79::/:/bin/sh\nlast:x:80:79::/:/bin/sh\nbroken\n";
    const GROUP: &str =
        "root:x:0:\nmon:x:78:\nburp:x:80:other,mon\nssl:x:81:month\nother:x:79:\nbroken:x\n";

    #[test]
    fn an_account_has_its_number_and_all_its_groups() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        let account = accounts.user("mon").unwrap();
        assert_eq!((account.uid.as_raw(), account.gid.as_raw()), (77, 78));
        let groups: Vec<u32> = account.groups.iter().map(|group| group.as_raw()).collect();
        assert_eq!(groups, [78, 80]);
        assert_eq!(accounts.user("mo"), None);
    }

    #[test]
    fn a_group_of_ones_own_has_no_other_members() {
        let accounts = Accounts::parse(PASSWD, GROUP);
        let alone = |gid, name| accounts.is_alone(Gid::from_raw(gid), name);
        assert!(alone(78, "mon") && alone(0, "root") && alone(81, "month"));
        assert!(!alone(80, "mon"), "another is a member");
        assert!(!alone(79, "other"), "it is another's own group, too");
        assert_eq!(accounts.group(Gid::from_raw(80)), Some("burp"));
        assert_eq!(accounts.group(Gid::from_raw(99)), None);
    }
}
