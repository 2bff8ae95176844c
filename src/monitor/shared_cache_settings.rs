//! What `[Cache]` says: the store that daemons share their answers by, and how they reach it.

use std::path::Path;
use std::time::Duration;

use broker::section_peers::SectionPeers;
use broker::{Tls, Topic};
use ostler_net::Address;
use ostler_runtime::Reader;
use ostler_runtime::logging::with_cause;
use ostler_runtime::shown::{Lines, quoted, seconds};

pub(crate) const SECTION: &str = "Cache";

/// What a daemon is to the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreRole {
    /// It has a copy.
    Clone,
    /// It keeps the entries, in memory.
    Master,
}

const ROLES: [(&str, StoreRole); 2] = [("clone", StoreRole::Clone), ("master", StoreRole::Master)];

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `store`: its name.
    pub store: String,
    /// `store_role`. Default `clone`.
    pub role: StoreRole,
    /// `server`: what the burp server is called, where its address does not tell it from others.
    pub server: Option<String>,
    /// `wait`: how long a query waits for another daemon's answer, and how long a daemon that asks
    /// burp is waited for by all. Default 1 s.
    pub wait: Duration,
    /// Who is connected with.
    pub with: SectionPeers,
}

impl Settings {
    /// Reads the section; `None` if nothing is shared, the default.
    pub(crate) fn read(r: &mut Reader<'_>) -> Option<Self> {
        let store = r.text(SECTION, "store").filter(|name| !name.is_empty());
        let role = r.choice(SECTION, "store_role", &ROLES, StoreRole::Clone);
        let server = r.text(SECTION, "server").filter(|name| !name.is_empty());
        let (least, most) = (Duration::from_millis(10), Duration::from_secs(60));
        let wait = r.seconds(SECTION, "wait", least..=most, Duration::from_secs(1));
        let with = SectionPeers::read(r, SECTION);
        let store = store?;
        if let Err(error) = Topic::new(&store) {
            r.wrong(SECTION, "store", format!("cannot be the name of a store: {error}"));
        }
        if with.is_empty() {
            r.wrong(SECTION, "store", "is shared with nobody: set peers, or port");
        }
        let settings = Self { store, role, server, wait, with };
        settings.warn(r);
        Some(settings)
    }

    /// What is allowed, and still not wise.
    fn warn(&self, r: &mut Reader<'_>) {
        if self.with.tls.is_some() {
            return;
        }
        let words = "says what this daemon answers, and nobody is asked who he is: set ssl";
        let is_near = |host: &str| !Address::Inet { host: host.to_owned(), port: 0 }.is_far();
        if self.with.addresses.iter().any(Address::is_far) {
            r.odd(SECTION, "bind", format!("whoever comes from another machine {words}"));
        }
        if self.with.peers.iter().any(|(host, _)| !is_near(host)) {
            r.odd(SECTION, "peers", format!("whoever is between this machine and them {words}"));
        }
    }

    pub(crate) fn show(&self, lines: &mut Lines) {
        lines.add(SECTION, "store", quoted(&self.store));
        let role = ROLES.iter().find(|(_, role)| *role == self.role).map_or("", |(name, _)| name);
        lines.add(SECTION, "store_role", role);
        if let Some(server) = &self.server {
            lines.add(SECTION, "server", quoted(server));
        }
        lines.add(SECTION, "wait", seconds(self.wait));
        self.with.show(SECTION, lines);
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = &Path> {
        self.with.files()
    }

    /// What is wrong with the files.
    pub(crate) fn check(&self) -> Option<String> {
        let tried = self.with.tls.as_ref().map(Tls::load)?;
        tried.err().map(|error| format!("[Cache] sslcert, sslkey, sslca: {}", with_cause(&error)))
    }
}

#[cfg(test)]
mod tests {
    use ostler_runtime::Document;

    use super::*;

    /// The settings and what is odd, or all that is wrong.
    fn read(text: &str) -> Result<(Option<Settings>, Vec<String>), Vec<String>> {
        let document = Document::parse(Path::new("x.cfg"), text.as_bytes()).unwrap();
        let mut reader = Reader::new(&document);
        let settings = Settings::read(&mut reader);
        let shown = |problems: Vec<_>| problems.iter().map(ToString::to_string).collect();
        match reader.finish() {
            Ok(odd) => Ok((settings, shown(odd))),
            Err(problems) => Err(shown(problems)),
        }
    }

    #[test]
    fn nothing_is_shared_unless_a_store_is_named_and_somebody_to_share_it_with() {
        assert_eq!(read(""), Ok((None, Vec::new())));
        assert_eq!(read("[Cache]\npeers = a:1\nssl = no\n").unwrap().0, None);
        assert_eq!(
            read("[Cache]\nstore = a\nstore_role = owner\npeers = b\n").unwrap_err(),
            [
                "x.cfg:3: [Cache] store_role: must be one of clone, master",
                "x.cfg:4: [Cache] peers: member 1 must be host:port",
                "x.cfg:2: [Cache] store: is shared with nobody: set peers, or port",
            ]
        );
    }

    #[test]
    fn what_is_wrong_with_sharing_is_told_with_its_line_and_key() {
        let text = "[Cache]\nstore = a\nstore_role = owner\nwait = 0\npeers = a\nport = x\n\
                    bind = unix:/x\nretry = soon\nssl = yes\n";
        let mut told = read(text).unwrap_err();
        told.sort();
        let keys: Vec<&str> = told.iter().map(|line| line.split(": ").nth(1).unwrap()).collect();
        assert_eq!(
            keys,
            [
                "[Cache] sslca",
                "[Cache] sslcert",
                "[Cache] store",
                "[Cache] store_role",
                "[Cache] wait",
                "[Cache] peers",
                "[Cache] port",
                "[Cache] bind",
                "[Cache] retry",
            ],
            "{told:#?}"
        );
    }

    #[test]
    fn what_is_shown_says_the_same() {
        let text = "[Cache]\nstore = a/b\nstore_role = master\nserver = here\nwait = 0.25\npeers = \"a:1\"\n\
                    retry = 2\nbind = ::1, 127.0.0.1\nport = 3\nssl = true\nsslcert = /c\n\
                    sslkey = /k\nsslca = /a\n";
        let (settings, odd) = read(text).unwrap();
        assert!(odd.is_empty(), "{odd:?}");
        let mut lines = Lines::default();
        settings.as_ref().unwrap().show(&mut lines);
        assert_eq!(read(&lines.to_string()), Ok((settings, odd)), "{lines}");
    }

    #[test]
    fn who_can_say_what_the_daemon_answers_without_being_asked_who_he_is_is_warned_of() {
        let near = "[Cache]\nstore = a\npeers = 127.0.0.1:1\nport = 2\n";
        assert_eq!(read(near).unwrap().1.len(), 0);
        let far = "[Cache]\nstore = a\npeers = backup.example:1\nport = 2\nbind = 0.0.0.0\n";
        let odd = read(far).unwrap().1;
        assert_eq!(odd.len(), 2, "{odd:?}");
        assert!(odd[0].contains("[Cache] bind: whoever comes from another machine says what"));
        assert!(odd[1].contains("[Cache] peers: whoever is between this machine and them says"));
    }
}
