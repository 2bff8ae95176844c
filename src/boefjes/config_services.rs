//! Where tasks, objects, settings and raw files are: the sections `Services`, or a folder of this
//! machine.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ostler_runtime::files::is_readable_by_all;
use ostler_runtime::secret;
use ostler_runtime::sources::{Said, Source, Sources};
use zeroize::Zeroizing;

use crate::base_url::BaseUrl;
use crate::client_settings::ClientSettings;
use crate::config::{GLOBAL, Given, absolute};
use crate::options::Action;
use crate::tool_options::Tool;

pub(crate) const SERVICES: &str = "Services";

/// The original's variables.
const SCHEDULER: [&str; 1] = ["SCHEDULER_API"];
const KATALOGUS: [&str; 1] = ["KATALOGUS_API"];
const OCTOPOES: [&str; 1] = ["OCTOPOES_API"];
const BYTES: [&str; 1] = ["BYTES_API"];
const USERNAME: [&str; 1] = ["BYTES_USERNAME"];
const PASSWORD: [&str; 1] = ["BYTES_PASSWORD"];
const TIMEOUT: [&str; 1] = ["BOEFJES_OUTGOING_REQUEST_TIMEOUT"];

/// The name of what the service manager hands over secretly.
const PASSWORD_CREDENTIAL: &str = "boefjes.bytes_password";

/// Where users have what programs keep for them, from their home on, if they say nothing else.
const OWN_STATE: &str = ".local/state";

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Where the services are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceSettings {
    /// In this folder; no other service is needed.
    Local(PathBuf),
    /// Behind these addresses.
    Remote(Box<RemoteServices>),
}

/// The addresses of the services, and what they are told.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteServices {
    /// `scheduler`.
    pub scheduler: BaseUrl,
    /// `katalogus`.
    pub katalogus: BaseUrl,
    /// `octopoes`.
    pub octopoes: BaseUrl,
    /// `bytes`.
    pub bytes: BaseUrl,
    /// `bytes_username`.
    pub username: String,
    /// `bytes_password`, or what stands in `bytes_password_file`.
    pub password: Zeroizing<String>,
    /// `bytes_password_file` itself.
    pub password_file: Option<PathBuf>,
    /// `outgoing_request_timeout`: how long an answer may take. Default 30 s.
    pub timeout: Duration,
    /// `authorities`: whose certificates count for https; without it those of the system.
    pub authorities: Option<PathBuf>,
}

impl ServiceSettings {
    pub(crate) fn read(sources: &mut Sources<'_, '_>, given: Given<'_>) -> Self {
        let written = sources.reader.path(GLOBAL, "local");
        let local = given.options.said.local.clone().or(written);
        let local = local.or_else(|| own_folder(sources, given)).map(absolute);
        let is_needed = local.is_none();
        let mut address = |key, names: &[&'static str]| address(sources, key, names, is_needed);
        let [scheduler, katalogus, octopoes, bytes] = [
            address("scheduler", &SCHEDULER),
            address("katalogus", &KATALOGUS),
            address("octopoes", &OCTOPOES),
            address("bytes", &BYTES),
        ];
        let username = sources.text(SERVICES, "bytes_username", &USERNAME);
        if is_needed && username.as_ref().is_none_or(|said| said.text.is_empty()) {
            missing(sources, "bytes_username", USERNAME[0]);
        }
        let (password, password_file) = password(sources, given, is_needed);
        let timeout = sources.seconds(
            SERVICES,
            "outgoing_request_timeout",
            &TIMEOUT,
            Duration::from_millis(10)..=DAY,
            ClientSettings::TIMEOUT,
        );
        let authorities = sources.reader.path(SERVICES, "authorities");
        let at = |found: [Option<BaseUrl>; 4]| {
            let [scheduler, katalogus, octopoes, bytes] = found;
            Some(RemoteServices {
                scheduler: scheduler?,
                katalogus: katalogus?,
                octopoes: octopoes?,
                bytes: bytes?,
                username: username?.text,
                password,
                password_file,
                timeout,
                authorities,
            })
        };
        match (local, at([scheduler, katalogus, octopoes, bytes])) {
            (None, Some(remote)) => Self::Remote(Box::new(remote)),
            (local, _) => Self::Local(local.unwrap_or_default()),
        }
    }

    /// Where they are, if they are elsewhere.
    pub fn remote(&self) -> Option<&RemoteServices> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}

/// The folder of whoever runs a tool and has named no service at all: he has none.
fn own_folder(sources: &mut Sources<'_, '_>, given: Given<'_>) -> Option<PathBuf> {
    // What is installed must lie where the workers look for it.
    let is_by_hand = matches!(&given.options.action, Action::Tool(tool)
        if !matches!(tool, Tool::InstallRequirements { .. }));
    let is_named = |(key, names): (_, &[&str])| {
        sources.variable(names).is_some() || sources.reader.has(SERVICES, key)
    };
    let known: [(_, &[&str]); 6] = [
        ("scheduler", &SCHEDULER),
        ("katalogus", &KATALOGUS),
        ("octopoes", &OCTOPOES),
        ("bytes", &BYTES),
        ("bytes_username", &USERNAME),
        ("bytes_password", &PASSWORD),
    ];
    if !is_by_hand || known.into_iter().any(is_named) {
        return None;
    }
    let variable = |name| {
        let (_, value) = given.variables.iter().find(|(known, _)| known == name)?;
        Some(PathBuf::from(value)).filter(|path| path.is_absolute())
    };
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(OWN_STATE)));
    state.map(|folder| folder.join("boefjes"))
}

/// The address of a service; nothing if it is wrong, which is told then.
pub(crate) fn base_url(sources: &mut Sources<'_, '_>, said: &Said) -> Option<BaseUrl> {
    BaseUrl::parse(said.text.trim())
        .map_err(|error| sources.wrong(&said.by, error.to_string()))
        .ok()
}

fn address(
    sources: &mut Sources<'_, '_>,
    key: &'static str,
    names: &[&'static str],
    is_needed: bool,
) -> Option<BaseUrl> {
    let Some(said) = sources.text(SERVICES, key, names).filter(|said| !said.text.is_empty()) else {
        if is_needed {
            missing(sources, key, names.first().copied().unwrap_or_default());
        }
        return None;
    };
    base_url(sources, &said)
}

/// What must be set is not, neither as a variable nor in the file.
fn missing(sources: &mut Sources<'_, '_>, key: &'static str, variable: &'static str) {
    if sources.reader.has(SERVICES, key) {
        sources.reader.wrong(SERVICES, key, "must not be empty");
        return;
    }
    let words = format!("must be set, or `{key}` in [{SERVICES}], or else --local a folder");
    sources.wrong(&Source::Variable(variable.to_owned()), words);
}

fn password(
    sources: &mut Sources<'_, '_>,
    given: Given<'_>,
    is_needed: bool,
) -> (Zeroizing<String>, Option<PathBuf>) {
    let said = sources.text(SERVICES, "bytes_password", &PASSWORD);
    let said = said.filter(|said| !said.text.is_empty());
    let file = sources.reader.path(SERVICES, "bytes_password_file");
    let by = Source::File(SERVICES, "bytes_password_file");
    if file.is_some() && matches!(said, Some(Said { by: Source::File(..), .. })) {
        sources.wrong(&by, "stands beside `bytes_password`: only one of them may be set");
    }
    if let Some(Said { text, by }) = said {
        if matches!(by, Source::File(..)) && is_readable_by_all(sources.reader.path_of_document()) {
            let words = "can be read by every user of this machine; `bytes_password_file` keeps it \
                         apart";
            sources.odd(&by, words);
        }
        return (Zeroizing::new(text), None);
    }
    let credential = given.credentials.map(|folder| folder.join(PASSWORD_CREDENTIAL));
    let Some(file) = file.or_else(|| credential.filter(|path| path.is_file())) else {
        if is_needed {
            missing(sources, "bytes_password", PASSWORD[0]);
        }
        return (Zeroizing::default(), None);
    };
    if is_readable_by_all(&file) {
        sources.odd(&by, "can be read by every user of this machine");
    }
    let password = secret::read_file(&file, "password").map_err(|error| {
        // Without the path: what stands there may be the password itself.
        sources.wrong(&by, error.to_string());
    });
    (Zeroizing::new(password.unwrap_or_default()), Some(file))
}

impl RemoteServices {
    /// How they are asked.
    pub fn client(&self) -> ClientSettings {
        ClientSettings {
            scheduler: self.scheduler.clone(),
            bytes: self.bytes.clone(),
            octopoes: self.octopoes.clone(),
            katalogus: self.katalogus.clone(),
            bytes_username: self.username.clone(),
            bytes_password: self.password.clone(),
            timeout: self.timeout,
            back_off: ClientSettings::BACK_OFF.to_vec(),
            authorities: self.authorities.clone(),
        }
    }

    /// The addresses as plugins find them among their settings.
    pub(crate) fn shown(&self) -> Vec<(String, String)> {
        [
            ("scheduler_api", &self.scheduler),
            ("katalogus_api", &self.katalogus),
            ("octopoes_api", &self.octopoes),
            ("bytes_api", &self.bytes),
        ]
        .map(|(name, url)| (name.to_owned(), url.to_string()))
        .to_vec()
    }
}

/// Without the password.
impl fmt::Debug for RemoteServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteServices")
            .field("scheduler", &self.scheduler)
            .field("katalogus", &self.katalogus)
            .field("octopoes", &self.octopoes)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}
