//! Whose answers these are: daemons share them only if they ask the same server in the name of the
//! same client, since the server tells each client something else.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use ostler_runtime::files::read_regular;
use ring::digest::{Context, SHA256};

use crate::burp_config::BurpConfig;

/// The longest file of authorities in bytes.
const MAX_AUTHORITY: u64 = 1 << 20;

/// A digest of the server's address and authority and of the client's name. The address alone would
/// not do: each of two machines may have a server of its own on `127.0.0.1`.
pub(crate) fn of(client_config: &Path) -> io::Result<String> {
    let config = BurpConfig::read(client_config)?;
    let lacking =
        |key: &str| io::Error::other(format!("{} does not say its {key}", client_config.display()));
    let host = config.host().ok_or_else(|| lacking("server"))?;
    let port = config.port().ok_or_else(|| lacking("status_port"))?;
    let name = config.own_name.as_deref().ok_or_else(|| lacking("cname"))?;
    let authority = config.authority.as_deref().ok_or_else(|| lacking("ssl_cert_ca"))?;
    let authority = read_regular(authority, MAX_AUTHORITY).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", authority.display()))
    })?;
    let peer = config.peer_name.as_deref().unwrap_or_default();
    let mut digest = Context::new(&SHA256);
    for part in [host.as_bytes(), &port.to_be_bytes(), name.as_bytes(), peer.as_bytes(), &authority]
    {
        // No two lists of parts are alike.
        digest.update(&(part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    let mut text = String::new();
    for byte in digest.finish().as_ref() {
        // Nothing can fail in memory.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_the_same_client_of_the_same_server_has_the_same_answers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("burp.conf");
        let view = |text: &str, authority: &str| {
            let file = folder.path().join("ca.pem");
            fs::write(&file, authority).unwrap();
            fs::write(&path, format!("{text}ssl_cert_ca = {}\n", file.display())).unwrap();
            of(&path).unwrap()
        };
        let same = "server = a\ncname = me\n";
        let first = view(same, "one");
        assert_eq!(view("cname = me\nserver = a:4971\nstatus_port = 4972\n", "one"), first);
        for (text, authority) in [
            (same, "other"),
            ("server = b\ncname = me\n", "one"),
            ("server = a\ncname = you\n", "one"),
            ("server = a\ncname = me\nstatus_port = 1\n", "one"),
            ("server = a\ncname = me\nssl_peer_cn = s\n", "one"),
        ] {
            assert_ne!(view(text, authority), first, "{text}");
        }
    }

    #[test]
    fn without_what_tells_them_apart_there_is_no_sharing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("burp.conf");
        for (text, words) in [
            ("cname = me\nssl_cert_ca = /x\n", "server"),
            ("server = a\nssl_cert_ca = /x\n", "cname"),
            ("server = a\ncname = me\n", "ssl_cert_ca"),
            ("server = a\ncname = me\nssl_cert_ca = /no/such\n", "/no/such"),
        ] {
            fs::write(&path, text).unwrap();
            assert!(of(&path).unwrap_err().to_string().contains(words), "{text}");
        }
    }
}
