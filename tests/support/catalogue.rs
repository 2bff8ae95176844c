//! A `katalogus` of one's own, which surely ends with its test.

use std::ffi::OsString;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::ops::{Deref, DerefMut};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::Signal;
use serde_json::Value;

use crate::binaries::katalogus;
use crate::http::Heard;
use crate::keys::Keys;
use crate::process::command;
use crate::program::Program;
use crate::wait::PATIENCE;
use crate::wire::Address;

/// How a catalogue is to be started.
#[derive(Clone, Debug)]
pub struct CatalogueSettings {
    keys: Keys,
    arguments: Vec<OsString>,
    environment: Vec<(String, OsString)>,
    runner: Option<fn(&Path) -> Command>,
}

impl Default for CatalogueSettings {
    /// At a port that the kernel chooses, with a SQLite file and a folder for plugins of its own.
    fn default() -> Self {
        let settings = Self {
            keys: Keys::default(),
            arguments: vec!["-v".into()],
            environment: Vec::new(),
            runner: None,
        };
        settings.set("Global", "port", "0").set("Plugins", "python", "''")
    }
}

impl CatalogueSettings {
    /// Sets a key of the configuration.
    #[must_use]
    pub fn set(mut self, section: &str, key: &str, value: &str) -> Self {
        self.keys.set(section, key, value);
        self
    }

    /// Has it started with these arguments and no others but `-c`; usually with `-v`.
    #[must_use]
    pub fn arguments<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments = arguments.into_iter().map(Into::into).collect();
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn environment(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.environment.push((name.to_owned(), value.into()));
        self
    }

    /// Has it started by a command made from its path.
    #[must_use]
    pub fn through(mut self, runner: fn(&Path) -> Command) -> Self {
        self.runner = Some(runner);
        self
    }

    /// Starts it and waits until it listens.
    pub fn start(self) -> Catalogue {
        let catalogue = self.launch();
        catalogue.address();
        catalogue
    }

    /// Starts it and waits for nothing.
    pub fn launch(self) -> Catalogue {
        let directory = tempfile::tempdir().expect("a directory");
        fs::create_dir(directory.path().join("plugins")).expect("a folder");
        Catalogue::launch(self, directory)
    }

    fn text(&self, directory: &Path) -> String {
        let at = |name: &str| directory.join(name).display().to_string();
        let default = [
            ("Database", "uri", format!("sqlite:///{}", at("katalogus.db"))),
            ("Plugins", "directory", at("plugins")),
        ];
        let mut keys = self.keys.clone();
        for (section, key, value) in default {
            // A file may stand in for the URI.
            let stand_in = format!("{key}_file");
            if [key, stand_in.as_str()].iter().all(|key| keys.value(section, key).is_none()) {
                keys.set(section, key, &value);
            }
        }
        keys.text()
    }
}

/// A running catalogue, with its database and its plugins in its directory.
#[derive(Debug)]
pub struct Catalogue {
    settings: CatalogueSettings,
    address: OnceLock<Address>,
    program: Program,
}

impl Catalogue {
    fn launch(settings: CatalogueSettings, directory: tempfile::TempDir) -> Self {
        let mut start = match settings.runner {
            None => command(katalogus()),
            Some(runner) => runner(katalogus()),
        };
        start.args(&settings.arguments);
        start.envs(settings.environment.iter().map(|(name, value)| (name, value)));
        let text = settings.text(directory.path());
        let program = Program::start(start, directory, ("katalogus.cfg", 0o600), &text);
        Self { settings, address: OnceLock::new(), program }
    }

    /// Where it listens. Waits until its log says so, which it does from `-v` on.
    pub fn address(&self) -> &Address {
        self.address.get_or_init(|| self.log().address())
    }

    /// The same, if it is a port.
    ///
    /// # Panics
    /// When it is none.
    pub fn port(&self) -> SocketAddr {
        crate::clients::port(self.address())
    }

    /// Asks with a connection of its own.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Heard {
        self.try_ask(method, path, body).unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same where no answer is no surprise.
    pub fn try_ask(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> std::io::Result<Heard> {
        let body = body.map(Value::to_string);
        ask(self.address(), &request(method, path, "", body.as_deref()), method != "HEAD")
    }

    /// Asks with these headers, each with its line's end.
    pub fn ask_with(&self, headers: &str, method: &str, path: &str) -> Heard {
        let asked = request(method, path, headers, None);
        ask(self.address(), &asked, true).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes another configuration, which it learns of by its next reload.
    pub fn configure(&mut self, change: impl FnOnce(CatalogueSettings) -> CatalogueSettings) {
        self.settings = change(self.settings.clone());
        self.write(&self.settings.text(self.directory()));
    }

    /// Ends it by this signal, and starts it anew with the same directory.
    #[must_use]
    pub fn again(self, signal: Signal) -> Self {
        let Self { settings, program, .. } = self;
        let again = Self::launch(settings, program.end(signal));
        again.address();
        again
    }
}

impl Deref for Catalogue {
    type Target = Program;

    fn deref(&self) -> &Program {
        &self.program
    }
}

impl DerefMut for Catalogue {
    fn deref_mut(&mut self) -> &mut Program {
        &mut self.program
    }
}

/// A whole request, after which the connection ends.
pub fn request(method: &str, path: &str, headers: &str, body: Option<&str>) -> Vec<u8> {
    let length = body.map_or(0, str::len);
    let body = body.unwrap_or_default();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: katalogus\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn ask(address: &Address, request: &[u8], with_body: bool) -> std::io::Result<Heard> {
    fn over(
        mut stream: impl Read + Write,
        request: &[u8],
        with_body: bool,
    ) -> std::io::Result<Heard> {
        // Who refuses a request need not read the whole of it.
        let _ = stream.write_all(request);
        Heard::read(&mut stream, with_body)
    }
    match address {
        Address::Tcp(address) => {
            let stream = TcpStream::connect_timeout(address, PATIENCE)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            stream.set_write_timeout(Some(PATIENCE))?;
            over(stream, request, with_body)
        }
        Address::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            over(stream, request, with_body)
        }
    }
}
