//! What is known of the burp client and server: their versions.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ostler_pool::{Launch, oneshot};
use ostler_runtime::Deadline;

use crate::background::Background;
use crate::version::{BATCH_LIST, Version};

/// How long `burp -V` may take.
const VERSION_DEADLINE: Duration = Duration::from_secs(5);
/// How much `burp -V` may print, in bytes.
const VERSION_BYTES: usize = 4096;

/// The versions, as far as they are known. Shared by all children and all requests.
#[derive(Default)]
pub(crate) struct Facts {
    known: Mutex<Known>,
    asking: Mutex<Asking>,
}

/// Whether the binary is being asked, and who wants to be told when it has answered.
#[derive(Default)]
struct Asking {
    times: usize,
    waiting: Vec<Box<dyn FnOnce() + Send>>,
}

#[derive(Clone, Debug, Default)]
struct Known {
    client: Option<Version>,
    server: Option<Version>,
}

impl Facts {
    pub(crate) fn client_version(&self) -> Option<Version> {
        self.read().client
    }

    pub(crate) fn server_version(&self) -> Option<Version> {
        self.read().server
    }

    pub(crate) fn set_server_version(&self, version: Version) {
        self.lock().server = Some(version);
    }

    /// Whether Burp-UI may ask for batch lists.
    pub(crate) fn batch_list_supported(&self) -> bool {
        self.read().server.is_some_and(|version| version.is_at_least(BATCH_LIST))
    }

    /// Asks the burp binary for its version, on a thread of its own: a child does not need it, and a
    /// binary that hangs must not hold one up.
    pub(crate) fn ask_client_version(self: &Arc<Self>, binary: &Path) {
        let (facts, binary) = (Arc::clone(self), binary.to_owned());
        self.asking().times += 1;
        let asking = Background::start("version", move || {
            match client_version(&binary) {
                Ok(version) => facts.lock().client = Some(version),
                Err(error) => log::warn!("{}: {error}", binary.display()),
            }
            facts.asked();
        });
        if let Err(error) = asking {
            log::warn!("cannot start a thread: {error}");
            self.asked();
        }
    }

    /// Calls `then` once the binary has been asked: at once, unless it is being asked now.
    pub(crate) fn when_asked(&self, then: impl FnOnce() + Send + 'static) {
        let mut asking = self.asking();
        if asking.times > 0 {
            asking.waiting.push(Box::new(then));
        } else {
            drop(asking);
            then();
        }
    }

    fn asked(&self) {
        let mut asking = self.asking();
        asking.times = asking.times.saturating_sub(1);
        if asking.times == 0 {
            let waiting = std::mem::take(&mut asking.waiting);
            drop(asking);
            for then in waiting {
                then();
            }
        }
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> Known {
        self.lock().clone()
    }
}

/// What the binary says to `-V`, which before 2.2.12 was `-v`.
fn client_version(binary: &Path) -> io::Result<Version> {
    let mut last = io::Error::other("it does not say which burp it is");
    for flag in ["-V", "-v"] {
        let launch =
            Launch { program: binary.to_owned(), arguments: vec![flag.into()], variables: &[] };
        match oneshot::output(&launch, Deadline::after(VERSION_DEADLINE), VERSION_BYTES) {
            Ok(text) => {
                let text = String::from_utf8_lossy(&text);
                let mut versions =
                    text.lines().filter_map(|line| line.trim().strip_prefix("burp-"));
                if let Some(version) = versions.find_map(Version::parse) {
                    return Ok(version);
                }
            }
            Err(error) => last = error,
        }
    }
    Err(last)
}
