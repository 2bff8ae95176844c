//! What is asked of the service itself.
#![expect(clippy::unnecessary_wraps, reason = "all endpoints look alike")]

use ostler_http::{Response, Status};

use crate::api::{Call, Core};
use crate::failure::Failure;
use crate::routing::redirection;
use crate::step::Step;

/// What the original answers, to the letter: its version is the same in all of its releases.
const HEALTH: &[u8] = br#"{"service":"katalogus","healthy":true,"version":"0.0.1-development","additional":null,"results":[]}"#;

/// Whether the service is there. As the original, it asks nobody else.
pub(crate) fn health(_: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    Ok(Step::Answer(Response::json(Status::Ok, HEALTH)))
}

/// Whoever comes in by the front door is shown that.
pub(crate) fn root(_: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    Ok(Step::Answer(redirection("/health")))
}

/// And whoever comes to the endpoints, how they are used.
pub(crate) fn introduction(_: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    Ok(Step::Answer(redirection("/docs")))
}

/// The OpenAPI document.
pub(crate) fn openapi(core: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    Ok(Step::Answer(core.documents.openapi()))
}

/// The page that shows it.
pub(crate) fn page(core: &Core, _: &Call<'_>) -> Result<Step, Failure> {
    Ok(Step::Answer(core.documents.page()))
}
