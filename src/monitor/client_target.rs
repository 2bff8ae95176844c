//! Where a client finds its daemon, and by which password: what flags say goes before the
//! environment, the environment before the configuration file, and the file before the defaults.
//!
//! The file is the daemon's own, of which only the keys that a client needs are looked at. Its
//! `bind` is where the daemon listens; for the addresses that mean "everywhere" the client goes to
//! this machine. The password itself is never an argument, since everybody can read those.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ostler_net::{Address, AddressError};
use ostler_runtime::{Document, Problem, Reader, secret};
use serde_json::Value;

use crate::client_error::ClientError;
use crate::client_tls::Security;
use crate::load;
use crate::password;
use crate::password_file::Configured;
use crate::status_options::{Place, Privacy};

/// The section of the file that a client reads.
const GLOBAL: &str = "Global";
const DEFAULT_HOST: &str = "::1";
const DEFAULT_PORT: u16 = 11111;

/// The environment's names.
const HOST: &str = "BUI_MONITOR_HOST";
const PORT: &str = "BUI_MONITOR_PORT";
const PASSWORD: &str = "BUI_MONITOR_PASSWORD";

/// Where the daemon is, and what it wants to hear.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Tried in their order.
    pub addresses: Vec<Address>,
    /// A text, or a list of texts if the file has it with commas.
    pub password: Value,
    /// Where the password came from, for the words of an error.
    pub password_from: String,
    /// For TLS; `None` for plain text.
    pub security: Option<Security>,
    /// For each answer, connecting included.
    pub timeout: Duration,
    /// `bconfcli`: the configuration of the burp client, if the file was read.
    pub client_config: Option<PathBuf>,
}

/// What the file says.
#[derive(Default)]
struct Written {
    path: Option<PathBuf>,
    hosts: Option<Vec<String>>,
    port: Option<u16>,
    /// The password, and the file that it stands in.
    password: Option<(Value, PathBuf)>,
    tls: bool,
    client_config: Option<PathBuf>,
}

impl Target {
    /// Puts together what flags, environment (`variable`) and file say.
    pub(crate) fn find(
        place: &Place,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ClientError> {
        let variable = |name| variable(name).filter(|value| !value.is_empty());
        let (password, password_from) = match (&place.password_file, variable(PASSWORD)) {
            (Some(path), _) => {
                let place = path.display().to_string();
                let read = secret::read_file(path, "password");
                let password = read.map_err(|error| wrong(&place, &error.to_string()))?;
                (Some(Value::from(password)), place)
            }
            (None, Some(password)) => (Some(Value::from(password)), PASSWORD.to_owned()),
            (None, None) => (None, String::new()),
        };
        let written = match Written::read(place.config.as_deref(), password.is_none()) {
            // Nobody named the file, and it is not needed.
            Err(_) if place.config.is_none() && password.is_some() => Written::default(),
            written => written?,
        };
        let port = match (place.port, variable(PORT)) {
            (Some(port), _) => Some(port),
            (None, Some(text)) => Some(text.trim().parse().map_err(|_| wrong(PORT, "no port"))?),
            (None, None) => written.port,
        };
        let (hosts, hosts_from) = match (&place.host, variable(HOST)) {
            (Some(host), _) => (vec![host.clone()], "--host".to_owned()),
            (None, Some(host)) => (vec![host], HOST.to_owned()),
            (None, None) => {
                let from = written.path.as_deref().unwrap_or(Path::new("default"));
                let hosts = written.hosts.unwrap_or_else(|| vec![DEFAULT_HOST.to_owned()]);
                (hosts, format!("{}: [{GLOBAL}] bind", from.display()))
            }
        };
        let mut addresses = Vec::new();
        for host in hosts {
            let address = Address::parse(&host, port.unwrap_or(DEFAULT_PORT))
                .map_err(|error| wrong(&hosts_from, words_of(&error)))?;
            addresses.extend(reachable(address));
        }
        if addresses.iter().any(|address| matches!(address, Address::Inet { port: 0, .. })) {
            return Err(wrong("port 0", "the daemon's log says which port it has; give --port"));
        }
        if addresses.is_empty() {
            return Err(wrong(&hosts_from, "names no address"));
        }
        let (password, password_from) = match (password, written.password) {
            (Some(password), _) => (password, password_from),
            (None, Some((password, file))) => (password, file.display().to_string()),
            (None, None) => (Value::from(password::DEFAULT), "the default one".to_owned()),
        };
        let security = security(place, written.tls)?;
        let (timeout, client_config) = (place.timeout, written.client_config);
        Ok(Self { addresses, password, password_from, security, timeout, client_config })
    }

    /// The daemon's place for the user.
    pub(crate) fn place(&self) -> String {
        let places: Vec<String> = self.addresses.iter().map(Address::to_string).collect();
        places.join(" or ")
    }
}

impl Written {
    /// Reads `named`, or the daemon's default. Where the password is known already, its file need
    /// not be readable.
    fn read(named: Option<&Path>, with_password: bool) -> Result<Self, ClientError> {
        let path = named.map_or_else(load::find, Path::to_owned);
        let document = Document::read(&path).map_err(|error| {
            let mut words = error.to_string();
            if named.is_none() {
                words.push_str("; name one by -c, or give --password-file or ");
                words.push_str(PASSWORD);
            }
            ClientError::Configuration(words)
        })?;
        let mut reader = Reader::new(&document);
        let port = reader.value(GLOBAL, "port").is_some();
        let password =
            with_password.then(|| Configured::read(&mut reader)).and_then(|configured| {
                let file = configured.file.unwrap_or_else(|| path.clone());
                Some((configured.password?, file))
            });
        let written = Self {
            path: Some(path),
            hosts: reader.list(GLOBAL, "bind"),
            port: Some(reader.integer(GLOBAL, "port", 0..=u16::MAX, DEFAULT_PORT)).filter(|_| port),
            password,
            tls: reader.boolean(GLOBAL, "ssl", false),
            client_config: reader.path("Burp", "bconfcli"),
        };
        // Keys that only the daemon needs are its own business.
        reader.finish().map(|_| written).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(Problem::to_string).collect();
            ClientError::Configuration(problems.join("\n"))
        })
    }
}

/// The places by which a listening address is reached from this machine.
fn reachable(address: Address) -> Vec<Address> {
    let Address::Inet { host, port } = &address else { return vec![address] };
    let hosts: &[&str] = match host.as_str() {
        // It takes both, unless this machine does not know IPv6.
        "::" => &["::1", "127.0.0.1"],
        "0.0.0.0" => &["127.0.0.1"],
        _ => return vec![address],
    };
    hosts.iter().map(|host| Address::Inet { host: (*host).to_owned(), port: *port }).collect()
}

/// What flags say of TLS goes before the file; a file for TLS is a word for it.
fn security(place: &Place, is_written: bool) -> Result<Option<Security>, ClientError> {
    let (ca, certificate) = (place.ca.as_deref(), place.certificate.as_deref());
    let is_wanted = match place.privacy {
        Some(privacy) => privacy == Privacy::Tls,
        None => is_written || ca.is_some() || certificate.is_some(),
    };
    if !is_wanted {
        return Ok(None);
    }
    // The key may stand in the certificate's file.
    let identity = certificate.map(|file| (file, place.key.as_deref().unwrap_or(file)));
    Security::new(ca, identity).map(Some)
}

/// Not the error's own words, which repeat what stands there: it may be a secret.
fn words_of(error: &AddressError) -> &'static str {
    match error {
        AddressError::Empty => "an address is empty",
        AddressError::Relative(_) => "a Unix socket without an absolute path",
        AddressError::Host(_) => "neither an address nor a host name",
    }
}

fn wrong(what: &str, words: &str) -> ClientError {
    ClientError::Configuration(format!("{what}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn find(text: &str, place: Place, environment: &[(&str, &str)]) -> Result<Target, String> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.cfg");
        fs::write(&file, text).unwrap();
        let place = Place { config: Some(file), ..place };
        let variable = |name: &str| {
            let found = environment.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Target::find(&place, variable).map_err(|error| error.to_string())
    }

    fn places(text: &str) -> String {
        find(text, Place::default(), &[]).unwrap().place()
    }

    #[test]
    fn the_daemons_addresses_become_those_of_a_client() {
        assert_eq!(places(""), "[::1]:11111");
        assert_eq!(places("[Global]\nbind = ::\nport = 7\n"), "[::1]:7 or 127.0.0.1:7");
        assert_eq!(places("[Global]\nbind = 0.0.0.0\n"), "127.0.0.1:11111");
        assert_eq!(places("[Global]\nbind = unix:/run/x, host\n"), "unix:/run/x or host:11111");
    }

    #[test]
    fn flags_go_before_the_environment_and_that_before_the_file() {
        let text = "[Global]\nbind = one\nport = 1\npassword = a, b\n";
        let target = find(text, Place::default(), &[(HOST, ""), (PASSWORD, "")]).unwrap();
        assert_eq!((target.place().as_str(), target.password), ("one:1", Value::from(["a", "b"])));

        let environment = [(HOST, "two"), (PORT, "2"), (PASSWORD, "secret")];
        let target = find(text, Place::default(), &environment).unwrap();
        assert_eq!((target.place().as_str(), &target.password), ("two:2", &"secret".into()));
        assert_eq!(target.password_from, PASSWORD);

        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("password");
        fs::write(&file, "from a file\nnot this\n").unwrap();
        let place = Place {
            host: Some("unix:/three".to_owned()),
            port: Some(3),
            password_file: Some(file),
            ..Place::default()
        };
        let target = find(text, place, &environment).unwrap();
        assert_eq!(
            (target.place().as_str(), target.password),
            ("unix:/three", "from a file".into())
        );
    }

    #[test]
    fn without_a_file_the_rest_must_be_enough() {
        let missing = || Place { config: Some("/nowhere/x.cfg".into()), ..Place::default() };
        let secret = |name: &str| (name == PASSWORD).then(|| "secret".to_owned());
        assert!(Target::find(&missing(), secret).is_err(), "a file that is named must be there");
        assert_eq!(find("", Place::default(), &[]).unwrap().password, password::DEFAULT);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let words = |text: &str, environment: &[(&str, &str)]| {
            find(text, Place::default(), environment).unwrap_err()
        };
        assert!(
            words("[Global]\nport = x\n", &[])
                .ends_with(":2: [Global] port: is not a whole number")
        );
        assert_eq!(words("", &[(PORT, "x")]), "BUI_MONITOR_PORT: no port");
        assert!(words("[Global]\nport = 0\n", &[]).starts_with("port 0: "));
        let bind = words("[Global]\nbind = a b\n", &[]);
        assert!(
            bind.ends_with("x.cfg: [Global] bind: neither an address nor a host name"),
            "{bind}"
        );
        let place = Place { password_file: Some("/nowhere/password".into()), ..Place::default() };
        assert!(find("", place, &[]).unwrap_err().starts_with("/nowhere/password: "));
    }
}
