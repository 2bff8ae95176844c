//! The service in this process, on a port of its own, with a database and a plugin folder of its own.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use katalogus::{
    Abort, Access, Api, ApiSettings, Cipher, DiscoverySettings, Errands, Generation, Plugins,
    Python, RemoteSettings, Remotes, Session, Store, StoreSettings,
};
use ostler_http::{HeadLimits, Http};
use ostler_net::tls::LiveIdentity;
use ostler_net::{Address, Limits, Listener, Server};
use ostler_runtime::Deadline;
use ostler_tests::{Caller, Heard, PATIENCE};

use crate::folder::Folder;
use crate::place::Place;

/// The host that the recorded calls were sent to.
pub(crate) const HOST: &str = "127.0.0.1:18003";

/// How an [`Instance`] is set up.
pub(crate) struct Setup {
    pub(crate) generation: Generation,
    pub(crate) cipher: Cipher,
    pub(crate) folder: Folder,
    pub(crate) limits: Limits,
    pub(crate) identity: Option<Arc<LiveIdentity>>,
    pub(crate) deadline: Duration,
    pub(crate) place: Place,
    /// What is changed of the store's settings.
    pub(crate) change: fn(&mut StoreSettings),
}

impl Setup {
    /// The same twice: on SQLite and on PostgreSQL.
    pub(crate) fn each(generation: Generation) -> [Self; 2] {
        Place::each_with_tables().map(|place| Self { place, ..Self::new(generation) })
    }

    /// With the recorded plugins of the generation, settings in plain text, and SQLite.
    pub(crate) fn new(generation: Generation) -> Self {
        let folder = Folder::recorded(generation);
        // Nobody imports modules here, and its text looks well.
        std::fs::remove_dir_all(folder.path().join("badimport")).unwrap();
        Self {
            generation,
            cipher: Cipher::identity(),
            folder,
            limits: Limits::default(),
            identity: None,
            deadline: PATIENCE,
            place: Place::sqlite().with_tables(),
            change: |_| {},
        }
    }
}

/// A running service.
pub(crate) struct Instance {
    // The order of its end: those who ask, then those who are asked.
    _server: Server,
    _errands: Arc<Errands>,
    store: Arc<Store>,
    address: SocketAddr,
    _folder: Folder,
    _place: Place,
}

impl Instance {
    pub(crate) fn new(generation: Generation) -> Self {
        Self::start(Setup::new(generation))
    }

    pub(crate) fn start(setup: Setup) -> Self {
        let mut settings = StoreSettings::new(setup.place.database());
        (setup.change)(&mut settings);
        let store = Arc::new(Store::open(&settings).unwrap());
        let errands = Arc::new(Errands::start(Errands::THREADS, Errands::MAX_QUEUED).unwrap());
        let generation = setup.generation;
        let mut discovery = DiscoverySettings::new(setup.folder.path(), generation);
        discovery.python = Python::None;
        let api = Api::new(ApiSettings {
            generation,
            store: &store,
            errands: &errands,
            plugins: Arc::new(Plugins::start(discovery).unwrap()),
            remotes: Arc::new(Remotes::new(RemoteSettings::new(generation))),
            cipher: Arc::new(setup.cipher),
            deadline: setup.deadline,
        });
        let mut listener =
            Listener::bind(&Address::parse("127.0.0.1", 0).unwrap()).unwrap().remove(0);
        let address = listener.inet().unwrap();
        if let Some(identity) = setup.identity {
            listener = listener.secured(identity);
        }
        let service = Arc::new(Http::new(api, HeadLimits::default()));
        let server = Server::start(vec![listener], 2, setup.limits, service).unwrap();
        Self {
            _server: server,
            _errands: errands,
            store,
            address,
            _folder: setup.folder,
            _place: setup.place,
        }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that has said nothing yet.
    pub(crate) fn connect(&self) -> Client {
        Client(Caller::new(self.address))
    }

    /// The answer to one request with a JSON body, or without one.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Heard {
        self.connect().ask(method, path, body)
    }

    /// Its database.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// What is in the database.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        look: impl FnMut(&mut Session<'_>) -> Result<T, Abort> + Send + 'static,
    ) -> T {
        self.store.call(Access::Write, Deadline::after(PATIENCE), look).unwrap()
    }
}

/// A client's connection.
pub(crate) struct Client(pub(crate) Caller);

impl Client {
    /// The answer to one request with a JSON body, or without one.
    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &str) -> Heard {
        let headers: &[_] =
            if body.is_empty() { &[] } else { &[("Content-Type", "application/json")] };
        self.ask_with(method, path, headers, body.as_bytes())
    }

    /// The same with whatever headers and body.
    pub(crate) fn ask_with(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Heard {
        let headers = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {HOST}\r\n{}Content-Length: {}\r\n\r\n",
            headers.collect::<String>(),
            body.len()
        );
        self.0.send([request.as_bytes(), body].concat());
        if method == "HEAD" { self.0.head() } else { self.0.one() }
    }
}
