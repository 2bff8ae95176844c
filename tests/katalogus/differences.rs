//! Where an answer differs from the recorded one on purpose. The README's table says the same.

/// A call that is answered differently.
pub(crate) struct Difference {
    pub(crate) label: &'static str,
    /// Why.
    pub(crate) reason: &'static str,
    pub(crate) status: u16,
    /// The body; `None` where it is the service's own page.
    pub(crate) body: Option<&'static str>,
    /// A call after it that undoes what the original would not have done.
    pub(crate) undone_by: Option<(&'static str, &'static str)>,
}

const fn is(
    label: &'static str,
    status: u16,
    body: &'static str,
    reason: &'static str,
) -> Difference {
    Difference { label, reason, status, body: Some(body), undone_by: None }
}

/// A page of ours, of whatever text.
const fn page(label: &'static str) -> Difference {
    Difference { label, reason: OWN, status: 200, body: None, undone_by: None }
}

const OWN: &str = "pages and documents are this service's own, and ask nobody else";
const README: &str = "the original's README tells of it, but it has gone since";
const NO_ERROR: &str = "what a client asked for wrongly is no fault of the service";
const ORDER: &str = "rows come by their number, not as PostgreSQL happens to keep them";

/// Of generation 1.15.
pub(crate) const V1_15: &[Difference] = &[
    page("docs page"),
    page("redoc page"),
    Difference {
        label: "post settings not allowed",
        reason: README,
        status: 201,
        body: Some("null"),
        undone_by: Some(("DELETE", "/v1/organisations/acme/alpha/settings")),
    },
    is("old style single key get", 404, r#"{"detail":"Unknown key"}"#, README),
    is(
        "clone to unknown org",
        404,
        r#"{"message":"Organisation with id 'never-seen' not found"}"#,
        NO_ERROR,
    ),
];

/// Of generation 1.20.
pub(crate) const V1_20: &[Difference] = &[
    page("docs"),
    page("openapi"),
    is(
        "list",
        200,
        r#"{"acme":{"id":"acme","name":"Acme 2","deduplicate":true},"nod":{"id":"nod","name":"n","deduplicate":false}}"#,
        ORDER,
    ),
    is("enable unknown", 404, r#"{"message":"Plugin with id 'unknown' not found"}"#, NO_ERROR),
    is("put unknown plugin", 404, r#"{"message":"Plugin with id 'unknown' not found"}"#, NO_ERROR),
    is(
        "put normalizer",
        404,
        r#"{"message":"Plugin with id 'alpha_normalize' not found"}"#,
        NO_ERROR,
    ),
    is(
        "configs",
        200,
        r#"[{"id":1,"settings":{"TOP":5},"enabled":false,"boefje_id":"alpha","organisation_id":"acme","duplicates":[]},{"id":2,"settings":{},"enabled":false,"boefje_id":"beta","organisation_id":"acme","duplicates":[]}]"#,
        ORDER,
    ),
    is(
        "configs enabled",
        200,
        r#"[{"id":1,"settings":{"TOP":5},"enabled":false,"boefje_id":"alpha","organisation_id":"acme","duplicates":[]},{"id":2,"settings":{},"enabled":false,"boefje_id":"beta","organisation_id":"acme","duplicates":[]}]"#,
        ORDER,
    ),
    is(
        "configs paging",
        200,
        r#"[{"id":2,"settings":{},"enabled":false,"boefje_id":"beta","organisation_id":"acme","duplicates":[]}]"#,
        ORDER,
    ),
];
