//! The OpenAPI document of a generation: `/openapi.json`.
//!
//! It says what really happens, which is more than the original's does: every status that an
//! operation may be answered with, and the files of plugins. Paths, parameters, bodies, and the
//! names of operations and schemas are the original's.

use crate::Generation;
use crate::json::{Json, Object};
use crate::openapi_operations::{self as operations, Body, Operation, Parameter, Success};
use crate::openapi_schemas::schemas;
use crate::openapi_shape::{Shape, list, object};

/// The whole document.
pub(crate) fn document(generation: Generation) -> Json {
    let mut paths = Object::new();
    for operation in operations::of(generation) {
        let mut methods = match paths.get(operation.path) {
            Some(Json::Object(methods)) => methods.clone(),
            _ => Object::new(),
        };
        methods.insert(operation.method.as_str().to_ascii_lowercase(), describe(&operation));
        paths.insert(operation.path, methods);
    }
    let bearer = object([("type", "http".into()), ("scheme", "bearer".into())]);
    let components = object([
        ("schemas", schemas(generation)),
        ("securitySchemes", object([("bearer", bearer)])),
    ]);
    object([
        ("openapi", "3.1.0".into()),
        ("info", info(generation)),
        ("paths", paths.into()),
        ("components", components),
        // A token is asked for only where the service was told one.
        ("security", vec![object([]), object([("bearer", Vec::new().into())])].into()),
    ])
}

fn info(generation: Generation) -> Json {
    let named = Generation::NAMES.iter().find(|(_, named)| *named == generation);
    object([
        ("title", "KATalogus".into()),
        ("version", named.map(|(name, _)| *name).into()),
        (
            "description",
            "Organisations, the plugins that each has enabled, and the settings of those plugins."
                .into(),
        ),
    ])
}

fn describe(operation: &Operation) -> Json {
    let in_path = operation.path.split('/').filter_map(|part| part.strip_prefix('{'));
    let in_path = in_path.map(|part| path_parameter(part.trim_end_matches('}')));
    let parameters: Vec<Json> =
        in_path.chain(operation.query.iter().map(query_parameter)).collect();
    let mut described = Object::new();
    described.insert("tags", list(&[operation.tag]));
    described.insert("summary", operation.summary);
    described.insert("operationId", operation.id());
    if !parameters.is_empty() {
        described.insert("parameters", parameters);
    }
    if let Some(body) = operation.body {
        described.insert("requestBody", request_body(body));
    }
    described.insert("responses", responses(operation));
    described.into()
}

fn path_parameter(name: &str) -> Json {
    object([
        ("name", name.into()),
        ("in", "path".into()),
        ("required", true.into()),
        ("schema", object([("type", "string".into()), ("minLength", 1.into())])),
    ])
}

fn query_parameter(parameter: &Parameter) -> Json {
    let mut schema = parameter.shape.schema();
    let default = parameter.default.and_then(|default| Json::parse(default).ok());
    if let (Json::Object(schema), Some(default)) = (&mut schema, default) {
        schema.insert("default", default);
    }
    object([
        ("name", parameter.name.into()),
        ("in", "query".into()),
        ("required", false.into()),
        ("description", parameter.words.into()),
        ("schema", schema),
    ])
}

fn request_body(body: Body) -> Json {
    let (required, shape) = match body {
        Body::Required(shape) => (true, shape),
        Body::Optional(shape) => (false, shape),
    };
    object([("required", required.into()), ("content", json_content(shape))])
}

fn responses(operation: &Operation) -> Json {
    let (status, content) = match operation.success {
        Success::Shows(shape) => ("200", Some(json_content(shape))),
        Success::Done => ("200", Some(json_content(Shape::Null))),
        Success::Created => ("201", Some(json_content(Shape::Null))),
        Success::Nothing => ("204", None),
        Success::Markdown => ("200", None),
        // What is not JSON has no schema.
        Success::Picture => ("200", Some(content("image/jpeg", object([])))),
    };
    let mut responses = Object::new();
    responses.insert(status, response("It is done.", content));
    let mut failures: Vec<u16> = operation.failures.to_vec();
    if operation.body.is_some() {
        failures.extend([400, 413, 422]);
    }
    if !operation.query.is_empty() {
        failures.push(422);
    }
    if operation.path.contains('{') {
        // No name has control characters.
        failures.push(400);
    }
    if operation.path.starts_with("/v1/") {
        failures.extend([401, 500, 503]);
    }
    failures.sort_unstable();
    failures.dedup();
    for status in failures {
        responses.insert(status.to_string(), failure(status));
    }
    responses.into()
}

/// What an operation fails with.
fn failure(status: u16) -> Json {
    const DETAIL: Shape = Shape::Named("Detail");
    const EITHER: Shape = Shape::Either(&[Shape::Named("Message"), DETAIL]);
    let (words, shape) = match status {
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
    };
    response(words, Some(json_content(shape)))
}

fn response(words: &str, content: Option<Json>) -> Json {
    let mut response = Object::new();
    response.insert("description", words);
    if let Some(content) = content {
        response.insert("content", content);
    }
    response.into()
}

fn json_content(shape: Shape) -> Json {
    content("application/json", shape.schema())
}

fn content(media_type: &str, schema: Json) -> Json {
    object([(media_type, object([("schema", schema)]))])
}
