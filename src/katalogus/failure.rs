//! Everything for which a request is answered with an error, and the statuses and words that each
//! generation has for it. Nothing here holds a secret or the words of a database.

use std::borrow::Cow;
use std::time::Duration;

use ostler_http::{Response, Status};
use ostler_runtime::Seldom;

use crate::added::MAX_ADDED;
use crate::api::MAX_ANSWER;
use crate::body::Malformed;
use crate::validation::{self, Complaint, Problem};
use crate::{Abort, Generation, Json, Object, StoreError};

/// Why a request failed.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// The request is not what the endpoint takes.
    Invalid(Vec<Problem>),
    /// The body cannot even be read as a text.
    Unreadable,
    NoOrganisation(String),
    NoRepository(String),
    /// No plugin has this id.
    NoPlugin(String),
    /// The same where plugins are read, which has other words.
    NotListed,
    NoSettings {
        organisation: String,
        plugin: String,
    },
    /// There are settings already.
    SettingsExist {
        organisation: String,
        plugin: String,
    },
    /// The settings have no such key.
    NoKey,
    /// The settings have this key already.
    KeyExists(String),
    /// The settings are not what the plugin's schema wants, for this reason.
    Unfit {
        organisation: String,
        plugin: String,
        reason: String,
    },
    /// The plugin's schema cannot be used.
    NoSchema(String),
    /// What is stored cannot be read.
    Undecryptable {
        organisation: String,
        plugin: String,
    },
    /// What is to be stored cannot be written.
    Unencryptable {
        organisation: String,
        plugin: String,
    },
    /// The local repository stays.
    LocalRepository,
    /// A plugin on disk is changed there.
    Static,
    /// There is a plugin with this already: `id`, `plugin_id` or `name`.
    Taken(&'static str),
    /// A bit was to be added.
    Bit,
    /// The added plugins would have more than [`MAX_ADDED`] bytes.
    NoRoom,
    /// A plugin's name was to be taken away.
    Nameless,
    /// The answer would have more than [`MAX_ANSWER`] bytes.
    TooLarge,
    /// The database has not done it.
    Store(StoreError),
    /// Too much waits already.
    Busy,
    /// The plugins are not known yet.
    Starting,
}

/// What stops the work on a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stop {
    /// It is answered with this.
    Failed(Failure),
    /// The store decides.
    Abort(Abort),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Abort(error.into())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Malformed> for Failure {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Invalid(problems) => Self::Invalid(problems),
            Malformed::Unreadable => Self::Unreadable,
        }
    }
}

impl From<Vec<Problem>> for Failure {
    fn from(problems: Vec<Problem>) -> Self {
        Self::Invalid(problems)
    }
}

/// The key under which the framework of the original puts its words.
const DETAIL: &str = "detail";
/// The key under which the original puts its own.
const MESSAGE: &str = "message";
/// All that the original says of what its database refuses.
const STORAGE: &str = "A storage error occurred";

/// Whoever asks in vain fills no disk with it.
static TOLD: Seldom = Seldom::new(Duration::from_secs(1));

impl Failure {
    /// The answer.
    pub(crate) fn response(&self, generation: Generation) -> Response {
        self.log();
        if let Self::Invalid(problems) = self {
            let body = validation::detail(problems, generation).compact();
            return Response::json(Status::UnprocessableContent, body.into_bytes());
        }
        let (status, key, words) = self.words(generation);
        let body = Json::from(Object::from_iter([(key.to_owned(), Json::from(&*words))]));
        Response::json(status, body.compact().into_bytes())
    }

    /// Whether the request has come as far as to its endpoint, where the original has seen to its
    /// organisation, and the database answers.
    pub(crate) fn is_of_endpoint(&self) -> bool {
        match self {
            Self::Invalid(problems) => {
                !problems.iter().any(|problem| matches!(problem.complaint, Complaint::NoJson(_)))
            }
            Self::Unreadable | Self::Busy | Self::Starting => false,
            Self::Store(error) => matches!(
                error,
                StoreError::Duplicate { .. }
                    | StoreError::TooLong { .. }
                    | StoreError::Unstorable { .. }
                    | StoreError::Referenced
            ),
            _ => true,
        }
    }

    fn words(&self, generation: Generation) -> (Status, &'static str, Cow<'_, str>) {
        let old = generation == Generation::V1_15;
        match self {
            Self::Invalid(_) | Self::Unreadable => {
                (Status::BadRequest, DETAIL, "There was an error parsing the body".into())
            }
            Self::NoOrganisation(id) => {
                let words = format!("Organisation with id '{id}' not found");
                (Status::NotFound, MESSAGE, words.into())
            }
            Self::NoRepository(id) => {
                (Status::NotFound, MESSAGE, format!("Repository with id '{id}' not found").into())
            }
            Self::NoPlugin(id) => {
                (Status::NotFound, MESSAGE, format!("Plugin with id '{id}' not found").into())
            }
            // The first words are the original's, wrong as they are.
            Self::NotListed if old => (Status::NotFound, DETAIL, "Unknown repository".into()),
            Self::NotListed => (Status::NotFound, DETAIL, "Plugin not found".into()),
            Self::NoSettings { organisation, plugin } => {
                let words = format!(
                    "Setting not found for organisation '{organisation}' and plugin '{plugin}'"
                );
                (Status::NotFound, MESSAGE, words.into())
            }
            Self::SettingsExist { organisation, plugin } => {
                let words = format!(
                    "Settings exist already for organisation '{organisation}' and plugin '{plugin}'"
                );
                (Status::Conflict, DETAIL, words.into())
            }
            Self::NoKey => (Status::NotFound, DETAIL, "Unknown key".into()),
            Self::KeyExists(key) => {
                (Status::Conflict, DETAIL, format!("Key '{key}' exists already").into())
            }
            Self::Unfit { organisation, plugin, reason } if old => {
                let words = format!(
                    "Settings for organisation {organisation} and plugin {plugin} \
                     are not conform the plugin schema: {reason}"
                );
                (Status::NotFound, MESSAGE, words.into())
            }
            Self::Unfit { plugin, reason, .. } => {
                let words = format!(
                    "Settings for plugin {plugin} are not conform the plugin schema: {reason}"
                );
                (Status::InternalServerError, MESSAGE, words.into())
            }
            Self::NoSchema(plugin) => {
                let words = format!("The schema of plugin '{plugin}' cannot be used");
                (Status::InternalServerError, DETAIL, words.into())
            }
            Self::Undecryptable { organisation, plugin }
            | Self::Unencryptable { organisation, plugin } => {
                let way = if matches!(self, Self::Undecryptable { .. }) { "de" } else { "en" };
                let words = format!(
                    "The settings of organisation '{organisation}' and plugin '{plugin}' \
                     cannot be {way}crypted"
                );
                (Status::InternalServerError, DETAIL, words.into())
            }
            Self::LocalRepository => {
                (Status::Forbidden, DETAIL, "LOCAL repository cannot be deleted".into())
            }
            Self::Static => {
                (Status::Forbidden, DETAIL, "Updating a static plugin is not allowed".into())
            }
            Self::Taken(key) => {
                let words = format!("Duplicate plugin: a plugin with this {key} already exists");
                (Status::BadRequest, DETAIL, words.into())
            }
            Self::Bit => (Status::BadRequest, DETAIL, "Creation of Bits is not supported".into()),
            Self::NoRoom => {
                let words = format!(
                    "All added plugins together may have {} MiB, and there is no room for this",
                    MAX_ADDED >> 20
                );
                (Status::BadRequest, DETAIL, words.into())
            }
            Self::Nameless => (Status::BadRequest, DETAIL, "A plugin needs a name".into()),
            Self::TooLarge => {
                let words = format!(
                    "The answer would have more than {} MiB: ask for a smaller part of it",
                    MAX_ANSWER >> 20
                );
                (Status::ContentTooLarge, DETAIL, words.into())
            }
            Self::Starting => {
                let words = "The plugins are being looked at for the first time";
                (Status::ServiceUnavailable, DETAIL, words.into())
            }
            Self::Busy => {
                (Status::ServiceUnavailable, DETAIL, "Too many requests wait already".into())
            }
            Self::Store(error) => store_words(error, old),
        }
    }

    /// Tells whoever runs the service what a client cannot mend.
    fn log(&self) {
        match self {
            Self::Undecryptable { .. }
            | Self::Unencryptable { .. }
            | Self::NoSchema(_)
            | Self::Store(
                StoreError::Other(_) | StoreError::ReadOnly | StoreError::Unavailable(_),
            ) => {}
            _ => return,
        }
        if let Some(untold) = TOLD.allow() {
            let more = if untold == 0 { String::new() } else { format!(" ({untold} more before)") };
            match self {
                Self::Store(error) => log::error!("a request failed: {error}{more}"),
                failure => {
                    let (_, _, words) = failure.words(Generation::V1_15);
                    log::error!("a request failed: {words}{more}");
                }
            }
        }
    }
}

fn store_words(error: &StoreError, old: bool) -> (Status, &'static str, Cow<'static, str>) {
    match error {
        StoreError::Duplicate { constraint, key } if !old => {
            // As PostgreSQL words it, which clients of this generation are shown.
            let words = format!(
                "duplicate key value violates unique constraint \"{constraint}\"\n\
                 DETAIL:  Key {key} already exists.\n"
            );
            (Status::BadRequest, MESSAGE, words.into())
        }
        StoreError::TooLong { .. } if !old => {
            (Status::InternalServerError, MESSAGE, STORAGE.into())
        }
        StoreError::Referenced | StoreError::Unstorable { .. } if !old => {
            (Status::BadRequest, MESSAGE, STORAGE.into())
        }
        StoreError::Duplicate { .. }
        | StoreError::TooLong { .. }
        | StoreError::Unstorable { .. }
        | StoreError::Referenced => (Status::NotFound, MESSAGE, STORAGE.into()),
        StoreError::Full => {
            (Status::ServiceUnavailable, DETAIL, "Too many requests wait already".into())
        }
        StoreError::Late => {
            (Status::ServiceUnavailable, DETAIL, "The database did not answer in time".into())
        }
        StoreError::Unavailable(_) => {
            (Status::ServiceUnavailable, DETAIL, "The database cannot be used now".into())
        }
        StoreError::ReadOnly | StoreError::Other(_) => {
            (Status::InternalServerError, MESSAGE, STORAGE.into())
        }
    }
}
