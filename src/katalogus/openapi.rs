//! An OpenAPI document, made of a table of operations.

use crate::json::{Json, Object};
use crate::openapi_operation::{Body, Operation, Parameter, Success};
use crate::openapi_shape::{Shape, list, object};

/// What a service says of itself.
#[derive(Debug)]
pub struct Description {
    /// Its name.
    pub title: &'static str,
    /// Its version or generation.
    pub version: &'static str,
    /// What it is for.
    pub words: &'static str,
    /// What it does.
    pub operations: Vec<Operation>,
    /// The schemas that have names.
    pub schemas: Json,
    /// Whether it may want a bearer token.
    pub takes_tokens: bool,
    /// The statuses with which an operation may fail beside its own and those that follow from its
    /// path, its query and its body.
    pub always: fn(&Operation) -> &'static [u16],
    /// What a status of a failure says, and the shape of its body.
    pub failure: fn(u16) -> (&'static str, Shape),
}

impl Description {
    /// The whole document.
    pub fn document(&self) -> Json {
        let mut paths = Object::new();
        for operation in &self.operations {
            let mut methods = match paths.get(operation.path) {
                Some(Json::Object(methods)) => methods.clone(),
                _ => Object::new(),
            };
            methods
                .insert(operation.method.as_str().to_ascii_lowercase(), self.describe(operation));
            paths.insert(operation.path, methods);
        }
        let info = object([
            ("title", self.title.into()),
            ("version", self.version.into()),
            ("description", self.words.into()),
        ]);
        let mut document = Object::new();
        document.insert("openapi", "3.1.0");
        document.insert("info", info);
        document.insert("paths", paths);
        let mut components = Object::new();
        components.insert("schemas", self.schemas.clone());
        if self.takes_tokens {
            let bearer = object([("type", "http".into()), ("scheme", "bearer".into())]);
            components.insert("securitySchemes", object([("bearer", bearer)]));
        }
        document.insert("components", components);
        if self.takes_tokens {
            // A token is asked for only where the service was told one.
            document.insert("security", vec![object([]), object([("bearer", Vec::new().into())])]);
        }
        document.into()
    }

    fn describe(&self, operation: &Operation) -> Json {
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
        described.insert("responses", self.responses(operation));
        described.into()
    }

    fn responses(&self, operation: &Operation) -> Json {
        let (status, content) = match operation.success {
            Success::Shows(shape) => ("200", Some(json_content(shape))),
            Success::Done => ("200", Some(json_content(Shape::Null))),
            Success::Created => ("201", Some(json_content(Shape::Null))),
            Success::Nothing => ("204", None),
            Success::Empty | Success::Markdown => ("200", None),
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
        failures.extend((self.always)(operation));
        failures.sort_unstable();
        failures.dedup();
        for status in failures {
            let (words, shape) = (self.failure)(status);
            responses.insert(status.to_string(), response(words, Some(json_content(shape))));
        }
        responses.into()
    }
}

fn path_parameter(name: &str) -> Json {
    let shape = if name == "task_id" { Shape::Uuid } else { Shape::Name };
    object([
        ("name", name.into()),
        ("in", "path".into()),
        ("required", true.into()),
        ("schema", shape.schema()),
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
