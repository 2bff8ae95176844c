//! The shell command that gives an account a right to a file that it lacks: nobody else gets one,
//! and nobody loses one.
//!
//! A file of root's group is given to the account's own group, which needs no more than a mode. A
//! group that is there to read keys is joined. Everything else takes an access control list, since
//! what a group may do beside, and who is in it, nobody but the administrator knows.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ostler_runtime::terminal::is_dangerous;
use ostler_runtime::{Account, Accounts};
use rustix::fs::{Access, Gid, getxattr};
use rustix::io::Errno;

/// Groups whose members are services that read keys, and that give no other right.
const KEY_GROUPS: [&str; 1] = ["ssl-cert"];

/// The bits of a mode that change who runs a program, or whose a new file in a directory is.
const SET_ID: u32 = 0o6000;

/// A command for root, or why there is none. `path` has no symbolic link in it, `rights` are all
/// that the account must have, and `held` are those that it has and would lose to a new entry.
pub(crate) fn command(
    path: &Path,
    rights: Access,
    held: Access,
    account: &Account,
    accounts: &Accounts,
) -> Result<String, &'static str> {
    let data = fs::metadata(path).map_err(|_| "nothing is known of it")?;
    let text = path.to_str().filter(|text| !text.contains(is_dangerous));
    let quoted = quoted(text.ok_or("its name cannot be copied from a terminal")?);
    // Who runs a program must also be able to read it, if it is a script.
    let read = rights.contains(Access::EXEC_OK) && !data.is_dir();
    let rights = if read { rights | Access::READ_OK } else { rights };
    let added = letters(rights);
    if data.uid() == account.uid.as_raw() {
        return Ok(format!("chmod u+{added} {quoted}"));
    }
    let all = rights | held;
    let letters = letters(all);
    let user = word(&account.name, account.uid.as_raw());
    let group_has = data.mode() >> 3 & all.bits() == all.bits();
    if has_attribute(path, "system.posix_acl_access") {
        // Then the mode's middle bits are the mask, and what it holds back may be anybody's.
        return if group_has {
            Ok(format!("setfacl -n -m u:{user}:{letters} {quoted}"))
        } else {
            Err("the mask of its access control list holds that back from others too")
        };
    }
    let gid = Gid::from_raw(data.gid());
    let own_group =
        accounts.group(account.gid).filter(|_| accounts.is_alone(account.gid, &account.name));
    let group = accounts.group(gid).unwrap_or_default();
    // With another group a file loses these.
    let is_special = data.mode() & SET_ID != 0 || has_attribute(path, "security.capability");
    Ok(match own_group {
        Some(_) if gid == account.gid => format!("chmod g+{added} {quoted}"),
        _ if group_has && KEY_GROUPS.contains(&group) && user == account.name => {
            format!("usermod -aG {group} {user}")
        }
        Some(own) if is_roots(gid, accounts) && !is_special => {
            let own = word(own, account.gid.as_raw());
            format!("chgrp {own} {quoted} && chmod g={letters} {quoted}")
        }
        _ => format!("setfacl -m u:{user}:{letters} {quoted}"),
    })
}

/// Whether this is root's group, and nobody but root, who needs no rights, is in it.
fn is_roots(gid: Gid, accounts: &Accounts) -> bool {
    gid.is_root() && accounts.is_alone(gid, "root")
}

fn has_attribute(path: &Path, name: &str) -> bool {
    // Of any length: where there is none the system says that there is no such attribute.
    !matches!(getxattr(path, name, &mut [0_u8; 1][..]), Err(Errno::NODATA | Errno::OPNOTSUPP))
}

/// As they are written in a mode.
fn letters(rights: Access) -> String {
    let all = [('r', Access::READ_OK), ('w', Access::WRITE_OK), ('x', Access::EXEC_OK)];
    all.iter().filter(|(_, right)| rights.contains(*right)).map(|(letter, _)| letter).collect()
}

/// A user's or group's name as the commands take it, or its number, if they or the shell would take
/// the name for something else.
fn word(name: &str, number: u32) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_number = name.chars().all(|c| c.is_ascii_digit());
    let is_plain = name.chars().all(plain) && !name.starts_with('-') && !is_number;
    if is_plain { name.to_owned() } else { number.to_string() }
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

    #[test]
    fn names_that_are_no_words_are_numbers() {
        assert_eq!(word("bui-monitor", 7), "bui-monitor");
        for name in ["a b", "a,b", "$(b)", "-R", "DOMAIN\\b", "8", "", "\u{202e}b"] {
            assert_eq!(word(name, 7), "7", "{name}");
        }
    }
}
