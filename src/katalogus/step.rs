//! What becomes of a request, step by step: an answer, a transaction, or an errand, of which the
//! last two say what comes next.

use std::sync::Arc;

use ostler_http::{Body, Responder, Response, Status};
use ostler_runtime::Deadline;

use crate::api::Core;
use crate::errands::Lane;
use crate::failure::{Failure, Stop};
use crate::remote_kept::Remote;
use crate::{Abort, Access, Json, Remotes, Repository, Session, StoreError, Task};

/// What is done in a transaction, perhaps several times.
pub(crate) type Work = Box<dyn FnMut(&mut Session<'_>) -> Result<Step, Stop> + Send>;

/// What is done on a thread that may wait.
pub(crate) type Wait = Box<dyn FnOnce(&Core, Deadline) -> Result<Step, Failure> + Send>;

/// What is done next.
pub(crate) enum Step {
    /// The request is answered.
    Answer(Response),
    /// A transaction. What it says to do next is done once it is committed.
    Store(Access, Work),
    /// An errand.
    Errand(Lane, Wait),
}

impl Step {
    /// JSON with a status.
    pub(crate) fn json(status: Status, json: &Json) -> Self {
        Self::Answer(Response::json(status, json.compact().into_bytes()))
    }

    /// JSON.
    pub(crate) fn shows(json: &Json) -> Self {
        Self::json(Status::Ok, json)
    }

    /// What the original answers where there is nothing to tell.
    pub(crate) fn null(status: Status) -> Self {
        Self::Answer(Response::json(status, &b"null"[..]))
    }

    /// What generation 1.20 answers there: no body, of which it says the type nevertheless.
    pub(crate) fn nothing() -> Self {
        Self::Answer(Response::json(Status::NoContent, Body::Empty))
    }

    /// A transaction that reads, at least at first.
    pub(crate) fn reads(
        work: impl FnMut(&mut Session<'_>) -> Result<Self, Stop> + Send + 'static,
    ) -> Self {
        Self::Store(Access::Read, Box::new(work))
    }

    /// A transaction that writes.
    pub(crate) fn writes(
        work: impl FnMut(&mut Session<'_>) -> Result<Self, Stop> + Send + 'static,
    ) -> Self {
        Self::Store(Access::Write, Box::new(work))
    }

    /// An errand.
    pub(crate) fn waits(
        lane: Lane,
        wait: impl FnOnce(&Core, Deadline) -> Result<Self, Failure> + Send + 'static,
    ) -> Self {
        Self::Errand(lane, Box::new(wait))
    }

    /// What is done with the plugins of these remote repositories: at once, if they are known.
    pub(crate) fn asks(
        remotes: &Remotes,
        repositories: Vec<Repository>,
        then: impl FnOnce(&[Remote]) -> Result<Self, Failure> + Send + 'static,
    ) -> Result<Self, Failure> {
        match remotes.known(&repositories) {
            Some(known) => then(&known),
            None => Ok(Self::waits(Lane::Remotes, move |core, deadline| {
                then(&core.remotes.plugins(&repositories, deadline))
            })),
        }
    }
}

/// A request on its way.
pub(crate) struct Journey {
    pub(crate) core: Arc<Core>,
    pub(crate) responder: Responder,
    pub(crate) deadline: Deadline,
    /// What comes into being although the request fails.
    pub(crate) organisation: Option<String>,
}

impl Journey {
    /// Takes the next step. Never waits.
    pub(crate) fn go(self, next: Result<Step, Failure>) {
        match next {
            Ok(Step::Answer(response)) => self.responder.send_here(response),
            Ok(Step::Store(access, work)) => self.store(access, work),
            Ok(Step::Errand(lane, wait)) => self.errand(lane, wait),
            Err(failure) => self.fail(failure),
        }
    }

    fn store(self, access: Access, work: Work) {
        let Some(store) = self.core.store() else { return self.stopped() };
        let deadline = self.deadline;
        let task = Transaction { journey: self, access, work, next: None, writes: false };
        store.submit(access, deadline, Box::new(task));
    }

    fn errand(self, lane: Lane, wait: Wait) {
        let Some(errands) = self.core.errands() else { return self.stopped() };
        let errand = move |taken: Result<(), Failure>| {
            let next = taken.and_then(|()| wait(&self.core, self.deadline));
            self.go(next);
        };
        errands.submit(lane, errand);
    }

    fn stopped(self) {
        self.fail(StoreError::Unavailable("the service has stopped".into()).into());
    }

    fn fail(mut self, failure: Failure) {
        let generation = self.core.generation;
        // The transaction was rolled back, or there was none.
        if let Some(id) = self.organisation.take().filter(|_| failure.is_of_endpoint()) {
            let work = move |session: &mut Session<'_>| {
                generation.organisation(session, &id)?;
                Err(failure.clone().into())
            };
            return self.store(Access::Read, Box::new(work));
        }
        let response = failure.response(generation);
        self.responder.send_here(response);
    }
}

/// A transaction of a request.
struct Transaction {
    journey: Journey,
    access: Access,
    work: Work,
    next: Option<Result<Step, Failure>>,
    writes: bool,
}

impl Task for Transaction {
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), Abort> {
        self.writes = session.access() == Access::Write;
        self.next = None;
        match (self.work)(session) {
            Ok(step) => {
                self.next = Some(Ok(step));
                Ok(())
            }
            Err(Stop::Failed(failure)) => {
                self.next = Some(Err(failure));
                match self.access {
                    // If it wrote anything, then the organisation that it was to read of, which
                    // comes into being whatever is found.
                    Access::Read => Ok(()),
                    Access::Write => Err(Abort::Rollback),
                }
            }
            Err(Stop::Abort(abort)) => Err(abort),
        }
    }

    fn done(self: Box<Self>, outcome: Result<(), StoreError>) {
        let Self { journey, next, writes, .. } = *self;
        let nothing = || Failure::Store(StoreError::Other("a transaction without an end".into()));
        let next = match outcome {
            Ok(()) => next.unwrap_or_else(|| Err(nothing())),
            Err(error) => Err(error.into()),
        };
        match next {
            // Whoever writes has others to write for.
            Ok(Step::Answer(response)) if writes => journey.responder.send(response),
            next => journey.go(next),
        }
    }
}
