//! One operation in an OpenAPI document.

use ostler_http::Method;

use crate::openapi_shape::Shape;

/// One operation.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Its method.
    pub method: Method,
    /// As `/v1/organisations/{organisation_id}`.
    pub path: &'static str,
    /// What the original calls it, from which clients have the names of their functions.
    pub name: &'static str,
    /// The group that it is shown in.
    pub tag: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// What it takes in the query.
    pub query: &'static [Parameter],
    /// What it takes as a body.
    pub body: Option<Body>,
    /// What it answers when all is well.
    pub success: Success,
    /// The statuses with which this one fails for reasons of its own.
    pub failures: &'static [u16],
}

/// A parameter in the query.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it may be.
    pub shape: Shape,
    /// The JSON that it is when it is left out.
    pub default: Option<&'static str>,
    /// What it is for.
    pub words: &'static str,
}

/// The body of a request.
#[derive(Clone, Copy, Debug)]
pub enum Body {
    /// It must be there.
    Required(Shape),
    /// It may be left out.
    Optional(Shape),
}

/// What is answered when all is well.
#[derive(Clone, Copy, Debug)]
pub enum Success {
    /// JSON of this shape.
    Shows(Shape),
    /// `null`.
    Done,
    /// `null`, and there is something new.
    Created,
    /// Nothing.
    Nothing,
    /// Nothing, with the status of something.
    Empty,
    /// A text in Markdown, which the original gives no media type, so that none is documented.
    Markdown,
    /// A picture.
    Picture,
}

impl Operation {
    /// One that takes nothing.
    pub const fn new(
        method: Method,
        path: &'static str,
        name: &'static str,
        summary: &'static str,
        success: Success,
    ) -> Self {
        let (tag, query, failures): (_, &[Parameter], &[u16]) = ("", &[], &[]);
        Self { method, path, name, tag, summary, query, body: None, success, failures }
    }

    /// The same with a body.
    #[must_use]
    pub const fn takes(self, shape: Shape) -> Self {
        Self { body: Some(Body::Required(shape)), ..self }
    }

    /// The same with a body that may be left out.
    #[must_use]
    pub const fn may_take(self, shape: Shape) -> Self {
        Self { body: Some(Body::Optional(shape)), ..self }
    }

    /// The same with parameters in the query.
    #[must_use]
    pub const fn asks(self, query: &'static [Parameter]) -> Self {
        Self { query, ..self }
    }

    /// The same with statuses of failures of its own.
    #[must_use]
    pub const fn fails(self, failures: &'static [u16]) -> Self {
        Self { failures, ..self }
    }

    /// The name that is unique in the document, made as the original's framework makes it.
    pub fn id(&self) -> String {
        let method = self.method.as_str().to_ascii_lowercase();
        let path = self.path.replace(|other: char| !other.is_ascii_alphanumeric(), "_");
        format!("{}{path}_{method}", self.name)
    }
}
