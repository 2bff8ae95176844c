//! The shell command that gives an account a right to a file that it lacks: nobody else gets one,
//! and nobody loses one.
//!
//! A file of root's group is given to the account's own group, which needs no more than a mode. A
//! group that is there to read keys is joined. Everything else takes an access control list, since
//! what a group may do beside, and who is in it, nobody but the administrator knows.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ostler_runtime::{Account, Accounts};
use rustix::fs::{Access, Gid, getxattr};

use crate::status_text::is_dangerous;

/// Groups whose members are services that read keys, and that give no other right.
const KEY_GROUPS: [&str; 1] = ["ssl-cert"];

/// The bits of a mode that change who runs a program, or whose a new file in a directory is.
const SET_ID: u32 = 0o6000;

/// A command for root, or none if the path is not one to be copied from a terminal. `path` has no symbolic
/// link in it, and `rights` are all that the account must have.
pub(crate) fn command(
    path: &Path,
    rights: Access,
    account: &Account,
    accounts: &Accounts,
) -> Option<String> {
    let data = fs::metadata(path).ok()?;
    let quoted = quoted(path.to_str().filter(|text| !text.contains(is_dangerous))?);
    let name = &account.name;
    let letters = letters(rights, data.is_dir());
    let gid = Gid::from_raw(data.gid());
    let own_group = accounts.group(account.gid).filter(|_| accounts.is_alone(account.gid, name));
    let list = format!("setfacl -m u:{name}:{letters} {quoted}");
    if has_list(path) {
        // Then the mode's middle bits are not the group's.
        return Some(list);
    }
    if data.uid() == account.uid.as_raw() {
        return Some(format!("chmod u+{letters} {quoted}"));
    }
    let group = accounts.group(gid).unwrap_or_default();
    let group_has = data.mode() >> 3 & bits(letters) == bits(letters);
    Some(match own_group {
        Some(_) if gid == account.gid => format!("chmod g+{letters} {quoted}"),
        _ if group_has && KEY_GROUPS.contains(&group) => format!("usermod -aG {group} {name}"),
        Some(own) if is_roots(gid, accounts) && data.mode() & SET_ID == 0 => {
            format!("chgrp {own} {quoted} && chmod g={letters} {quoted}")
        }
        _ => list,
    })
}

/// Whether this is root's group, and nobody but root, who needs no rights, is in it.
fn is_roots(gid: Gid, accounts: &Accounts) -> bool {
    gid.is_root() && accounts.is_alone(gid, "root")
}

/// Whether a file has an access control list beside its mode.
fn has_list(path: &Path) -> bool {
    // Of any length: where there is none the system says that there is no such attribute.
    !matches!(
        getxattr(path, "system.posix_acl_access", &mut [0_u8; 1][..]),
        Err(rustix::io::Errno::NODATA | rustix::io::Errno::OPNOTSUPP)
    )
}

/// As they are written in a mode. Who runs a program must also be able to read it, if it is a script.
fn letters(rights: Access, is_directory: bool) -> &'static str {
    match (rights.contains(Access::EXEC_OK), rights.contains(Access::READ_OK)) {
        (false, _) => "r",
        (true, false) if is_directory => "x",
        (true, _) => "rx",
    }
}

fn bits(letters: &str) -> u32 {
    letters.chars().map(|letter| if letter == 'r' { 4 } else { 1 }).sum()
}

/// The text as one word of a shell.
fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        for (text, written) in [
            ("/etc/burp/burp.conf", "/etc/burp/burp.conf"),
            ("/a b", "'/a b'"),
            ("/it's $HOME", "'/it'\\''s $HOME'"),
            ("/~a", "'/~a'"),
            ("", "''"),
        ] {
            assert_eq!(quoted(text), written);
        }
    }
}
