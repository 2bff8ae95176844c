//! The catalogue's OpenAPI document: `/openapi.json`.
//!
//! It says what really happens, which is more than the original's does: every status that an
//! operation may be answered with, and the files of plugins. Paths, parameters, bodies, and the
//! names of operations and schemas are the original's.

use crate::Generation;
use crate::json::Json;
use crate::openapi::Description;
use crate::openapi_operation::Operation;
use crate::openapi_operations as operations;
use crate::openapi_schemas::schemas;
use crate::openapi_shape::Shape;

/// The whole document of a generation.
pub(crate) fn document(generation: Generation) -> Json {
    let named = Generation::NAMES.iter().find(|(_, named)| *named == generation);
    Description {
        title: "KATalogus",
        version: named.map_or("", |(name, _)| name),
        words: "Organisations, the plugins that each has enabled, and the settings of those plugins.",
        operations: operations::of(generation),
        schemas: schemas(generation),
        takes_tokens: true,
        always: failures,
        failure,
    }
    .document()
}

/// The statuses with which an operation may fail for the reasons of all.
fn failures(operation: &Operation) -> &'static [u16] {
    if operation.path.starts_with("/v1/") { &[401, 500, 503] } else { &[] }
}

/// What a status of a failure says, and in which shape.
fn failure(status: u16) -> (&'static str, Shape) {
    const DETAIL: Shape = Shape::Named("Detail");
    const EITHER: Shape = Shape::Either(&[Shape::Named("Message"), DETAIL]);
    match status {
        400 => ("It cannot be done, or the path or the body cannot be read.", EITHER),
        401 => ("A bearer token is wanted, and this is none or another.", DETAIL),
        403 => ("This may not be changed.", DETAIL),
        404 => ("It is not there, or cannot be stored.", EITHER),
        409 => ("It is there already.", DETAIL),
        413 => ("The body or the answer is too long.", DETAIL),
        422 => {
            ("The request is not what the operation takes.", Shape::Named("HTTPValidationError"))
        }
        503 => ("There is too much to do, or the database cannot be used.", DETAIL),
        _ => ("The service failed.", EITHER),
    }
}
