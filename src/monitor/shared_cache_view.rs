//! Whose answers these are: daemons share them only if they ask the same server in the name of the
//! same client, since the server tells each client something else.

use std::fmt::{self, Write as _};
use std::io;
use std::path::{Path, PathBuf};

use ostler_net::Address;
use ostler_runtime::Deadline;
use ostler_runtime::files::read_regular;
use ring::digest::{Context, SHA256};

use crate::burp_config::BurpConfig;
use crate::shared_cache_thread::LOOK;
use crate::watched::Watched;

/// The longest file of authorities in bytes.
const MAX_AUTHORITY: u64 = 1 << 20;

/// Whose answers are shared, and whether they still are that one's. Children follow the client's
/// configuration by themselves, so that an answer may be another one's as soon as a file has changed.
#[derive(Debug)]
pub(crate) struct Whose {
    client_config: PathBuf,
    /// What the configuration calls the server.
    server: Option<String>,
    /// What the view is made of, as it was before it was read last.
    files: Watched,
    view: String,
    doubt: Option<Doubt>,
    /// When it is looked again at files that do not say it, although none has changed.
    again: Deadline,
}

/// Why answers may be somebody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// They are: those that come from children of before and of now cannot be told apart.
    Other,
    /// The files do not say it now.
    Unknown(String),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Other => f.write_str(
                "[Cache]: nothing is shared until the next start, since the burp server or its \
                 client is another one",
            ),
            Self::Unknown(why) => {
                write!(
                    f,
                    "[Cache]: nothing is shared while it is not known whose answers these are ({why})"
                )
            }
        }
    }
}

impl Whose {
    /// Those that the client with this configuration is told by its server, which may have a name.
    pub(crate) fn new(client_config: &Path, server: Option<&str>) -> io::Result<Self> {
        let (client_config, server) = (client_config.to_owned(), server.map(str::to_owned));
        let (files, view) = look(&client_config, server.as_deref());
        let again = Deadline::after(LOOK);
        Ok(Self { client_config, server, files, view: view?, doubt: None, again })
    }

    /// A digest of the server's address, name and authority and of the client's name.
    pub(crate) fn view(&self) -> &str {
        &self.view
    }

    /// Children are started with this configuration from now on.
    pub(crate) fn follow(&mut self, client_config: PathBuf) {
        self.client_config = client_config;
        self.look();
    }

    /// Why nothing may be shared now. It is looked again if a file has changed, and now and then while
    /// the files do not say whose answers they are of.
    pub(crate) fn doubt(&mut self) -> Option<&Doubt> {
        let is_unknown = matches!(self.doubt, Some(Doubt::Unknown(_)));
        if is_unknown && self.again.passed() || self.files.changed() {
            self.look();
        }
        self.doubt.as_ref()
    }

    fn look(&mut self) {
        if self.doubt == Some(Doubt::Other) {
            return;
        }
        let (files, view) = look(&self.client_config, self.server.as_deref());
        self.files = files;
        self.again = Deadline::after(LOOK);
        self.doubt = match view {
            Ok(view) if view == self.view => None,
            Ok(_) => Some(Doubt::Other),
            Err(error) => Some(Doubt::Unknown(error.to_string())),
        };
    }
}

/// What the view is made of, and the view.
fn look(client_config: &Path, server: Option<&str>) -> (Watched, io::Result<String>) {
    let (config, _) = BurpConfig::read_as_far(client_config);
    let named = config.files.iter().chain(&config.listed).chain(&config.authority);
    let files = Watched::new(named.map(PathBuf::as_path));
    // What changes after this is noticed; what has changed before must not be missed.
    let view = BurpConfig::read(client_config).and_then(|now| {
        if now == config {
            digest(client_config, &now, server)
        } else {
            Err(io::Error::other(format!("{} is being changed", client_config.display())))
        }
    });
    (files, view)
}

/// Each of two machines may have a server of its own on `127.0.0.1`, with one authority and the same
/// names of clients if one was made from the other: only who has set them up can say which it is.
fn digest(path: &Path, config: &BurpConfig, server: Option<&str>) -> io::Result<String> {
    let lacking =
        |key: &str| io::Error::other(format!("{} does not say its {key}", path.display()));
    let host = config.host().ok_or_else(|| lacking("server"))?;
    if server.is_none() && !(Address::Inet { host: host.to_owned(), port: 0 }).is_far() {
        let words = "the server is on this machine, as another one may be on another: set server";
        return Err(io::Error::other(words));
    }
    let port = config.port().ok_or_else(|| lacking("status_port"))?;
    let name = config.own_name.as_deref().ok_or_else(|| lacking("cname"))?;
    let authority = config.authority.as_deref().ok_or_else(|| lacking("ssl_cert_ca"))?;
    let authority = read_regular(authority, MAX_AUTHORITY).map_err(|error| {
        io::Error::new(error.kind(), format!("{}: {error}", authority.display()))
    })?;
    let peer = config.peer_name.as_deref().unwrap_or_default();
    let mut digest = Context::new(&SHA256);
    let server = server.unwrap_or_default();
    for part in [
        host.as_bytes(),
        &port.to_be_bytes(),
        name.as_bytes(),
        peer.as_bytes(),
        &authority,
        server.as_bytes(),
    ] {
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

    fn of(path: &Path) -> io::Result<String> {
        Whose::new(path, None).map(|whose| whose.view)
    }

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
    fn a_server_on_the_machine_itself_is_told_from_others_by_the_name_that_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("ca.pem"), "one").unwrap();
        let view = |host: &str, server: Option<&str>| {
            let ca = at("ca.pem");
            let text = format!("server = {host}\ncname = me\nssl_cert_ca = {}\n", ca.display());
            fs::write(at("burp.conf"), text).unwrap();
            Whose::new(&at("burp.conf"), server).map(|whose| whose.view)
        };
        for host in ["127.0.0.1", "127.9.9.9:4971", "::1", "[::1]:4971", "localhost"] {
            let refused = view(host, None).unwrap_err().to_string();
            assert!(refused.contains("set server"), "{host}: {refused}");
            assert!(view(host, Some("here")).is_ok(), "{host}");
        }
        assert!(view("backup.example", None).is_ok());
        let named = |name| view("127.0.0.1", Some(name)).unwrap();
        assert_eq!(named("here"), named("here"));
        assert_ne!(named("here"), named("there"));
        // Nor is it another server under the same name.
        assert_ne!(named("here"), view("::1", Some("here")).unwrap());
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

    #[test]
    fn a_change_of_a_file_is_noticed_at_once_and_another_view_is_for_good() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let (path, authority, more) = (at("burp.conf"), at("ca.pem"), at("more"));
        fs::create_dir(&more).unwrap();
        fs::write(&authority, "one").unwrap();
        let text = format!(
            "server = a\ncname = me\nssl_cert_ca = {}\n. more/*.conf\n",
            authority.display()
        );
        fs::write(&path, &text).unwrap();
        let first = Whose::new(&path, None).unwrap();
        let new = || Whose { view: first.view.clone(), ..Whose::new(&path, None).unwrap() };

        // What says the same, what says nothing for a moment, and the same again.
        let mut whose = new();
        assert_eq!(whose.doubt(), None);
        fs::write(&path, format!("{text}# more\n")).unwrap();
        assert_eq!(whose.doubt(), None);
        fs::write(&path, "").unwrap();
        assert!(matches!(whose.doubt(), Some(Doubt::Unknown(why)) if why.contains("server")));
        fs::write(&path, &text).unwrap();
        assert_eq!(whose.doubt(), None);

        // The file of the authority, and one that has come to be included.
        fs::write(&authority, "other").unwrap();
        assert_eq!(whose.doubt(), Some(&Doubt::Other));
        fs::write(&authority, "one").unwrap();
        assert_eq!(whose.doubt(), Some(&Doubt::Other));
        let mut whose = new();
        fs::write(more.join("more.conf"), "cname = you\n").unwrap();
        assert_eq!(whose.doubt(), Some(&Doubt::Other));
        fs::remove_file(more.join("more.conf")).unwrap();

        // Another file from now on.
        let mut whose = new();
        whose.follow(path.clone());
        assert_eq!(whose.doubt(), None);
        let other = at("other.conf");
        fs::write(&other, text.replace("= me", "= you")).unwrap();
        whose.follow(other);
        assert_eq!(whose.doubt(), Some(&Doubt::Other));
    }
}
