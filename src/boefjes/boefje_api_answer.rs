//! What the API for containers answers, and the words of its refusals, which are the original's.

use std::time::Duration;

use katalogus::body::Malformed;
use katalogus::validation::{self, Problem};
use katalogus::{Generation, Json};
use ostler_http::{Response, Status};
use ostler_runtime::Seldom;

use crate::runner::JobError;
use crate::service_error::ServiceError;

/// An answer.
pub(crate) type Answer = Response;

/// Why a request is not done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refusal {
    /// It is not what the endpoint takes.
    Invalid(Vec<Problem>),
    /// The body cannot even be read as a text.
    Unreadable,
    /// The scheduler knows no such task.
    NoTask,
    /// The task waits, or has ended.
    NotRunning,
    /// A browser sends it for somebody else's page.
    Elsewhere,
    /// Too much waits already.
    Busy,
    /// Something else went wrong, which is for the log only.
    Failed(String),
}

/// Whoever asks in vain fills no disk with it.
static TOLD: Seldom = Seldom::new(Duration::from_secs(1));

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Invalid(vec![problem])
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::Invalid(problems) => Self::Invalid(problems),
            Malformed::Unreadable => Self::Unreadable,
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<JobError> for Refusal {
    fn from(error: JobError) -> Self {
        match error {
            JobError::NotRun(_) => Self::Busy,
            JobError::Failed(why) => Self::Failed(why),
        }
    }
}

impl Refusal {
    /// The answer.
    pub(crate) fn response(&self, generation: Generation) -> Answer {
        match self {
            Self::Invalid(problems) => {
                json(Status::UnprocessableContent, &validation::detail(problems, generation))
            }
            Self::Unreadable => {
                Response::error(Status::BadRequest, "There was an error parsing the body")
            }
            Self::NoTask => Response::error(Status::NotFound, "Task not found"),
            Self::NotRunning => {
                Response::error(Status::Forbidden, "Task does not have status running")
            }
            Self::Elsewhere => Response::error(
                Status::MisdirectedRequest,
                "This is for containers, under the name that they are told, and for no web page",
            ),
            Self::Busy => {
                Response::error(Status::ServiceUnavailable, "Too many requests wait already")
            }
            Self::Failed(why) => {
                if let Some(untold) = TOLD.allow() {
                    let more = if untold == 0 {
                        String::new()
                    } else {
                        format!(" ({untold} more before)")
                    };
                    log::error!("a request of a container failed: {why}{more}");
                }
                Response::text(Status::InternalServerError, "Internal Server Error")
            }
        }
    }
}

/// JSON with a status.
pub(crate) fn json(status: Status, json: &Json) -> Answer {
    Response::json(status, json.compact().into_bytes())
}

/// The program is there.
pub(crate) fn healthy() -> Answer {
    Response::json(Status::Ok, &br#""OK""#[..])
}
