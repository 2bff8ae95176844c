//! The operations of each generation, with what they take and what they answer: the one table that
//! the OpenAPI document is made of. A test holds it to the routes.

use ostler_http::Method::{self, Delete, Get, Patch, Post, Put};

use crate::Generation;
use crate::openapi_operation::{Operation, Parameter, Success};
use crate::openapi_shape::Shape;

/// The operations of a generation.
pub(crate) fn of(generation: Generation) -> Vec<Operation> {
    let groups: &[(&'static str, &[Operation])] = match generation {
        Generation::V1_15 => &[
            ("organisations", ORGANISATIONS),
            ("repositories", REPOSITORIES),
            ("plugins", OLD_PLUGINS),
            ("plugins", PLUGIN_FILES),
            ("plugins", OF_REPOSITORIES),
            ("settings", OLD_CLONING),
            ("settings", SETTINGS),
            ("service", SERVICE),
        ],
        Generation::V1_20 => &[
            ("organisations", ORGANISATIONS),
            ("organisations", CHANGES),
            ("plugins", PLUGINS),
            ("plugins", PLUGIN_FILES),
            ("plugins", ADDED),
            ("settings", CLONING),
            ("settings", SETTINGS),
            ("configs", CONFIGS),
            ("service", SERVICE),
        ],
    };
    let tagged = |(tag, operations): &(&'static str, &[Operation])| {
        let tag = *tag;
        operations.iter().map(move |operation| Operation { tag, ..*operation }).collect::<Vec<_>>()
    };
    groups.iter().flat_map(tagged).collect()
}

const fn new(
    method: Method,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    success: Success,
) -> Operation {
    Operation::new(method, path, name, summary, success)
}

use Success::{Created, Done, Markdown, Nothing, Picture, Shows};

/// A plugin of any kind.
const PLUGIN: Shape =
    Shape::Either(&[Shape::Named("Boefje"), Shape::Named("Normalizer"), Shape::Named("Bit")]);
const ORGANISATION: Shape = Shape::Named("Organisation");
const REPOSITORY: Shape = Shape::Named("Repository");
const STATE: Shape = Shape::Named("PluginState");
const SETTING: Shape = Shape::Named("Setting");

const ORGANISATIONS: &[Operation] = &[
    new(
        Get,
        "/v1/organisations",
        "list_organisations",
        "Show all organisations",
        Shows(Shape::Map(&ORGANISATION)),
    ),
    new(
        Get,
        "/v1/organisations/{organisation_id}",
        "get_organisation",
        "Show an organisation",
        Shows(ORGANISATION),
    )
    .fails(&[404]),
    new(Post, "/v1/organisations/", "add_organisation", "Add an organisation", Created)
        .takes(ORGANISATION)
        .fails(&[404]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}",
        "remove_organisation",
        "Remove an organisation with all that it has set",
        Done,
    )
    .fails(&[400, 404]),
];

const CHANGES: &[Operation] =
    &[new(Put, "/v1/organisations/", "upsert_organisation", "Change an organisation", Done)
        .takes(ORGANISATION)
        .fails(&[404])];

const REPOSITORIES: &[Operation] = &[
    new(
        Get,
        "/v1/organisations/{organisation_id}/repositories",
        "list_repositories",
        "Show all repositories, which all organisations share",
        Shows(Shape::Map(&REPOSITORY)),
    )
    .fails(&[404]),
    new(
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}",
        "get_repository",
        "Show a repository",
        Shows(REPOSITORY),
    )
    .fails(&[404]),
    new(
        Post,
        "/v1/organisations/{organisation_id}/repositories/",
        "add_repository",
        "Add a repository",
        Created,
    )
    .takes(REPOSITORY)
    .fails(&[404]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}",
        "remove_repository",
        "Remove a repository",
        Done,
    )
    .fails(&[403, 404]),
];

const LIST: Operation = new(
    Get,
    "/v1/organisations/{organisation_id}/plugins",
    "list_plugins",
    "Show the plugins that an organisation has, as it has them",
    Shows(Shape::List(&PLUGIN)),
)
.fails(&[404, 413]);

const SHOW: Operation = new(
    Get,
    "/v1/organisations/{organisation_id}/plugins/{plugin_id}",
    "get_plugin",
    "Show a plugin as an organisation has it",
    Shows(PLUGIN),
)
.fails(&[404]);

const OLD_PLUGINS: &[Operation] = &[LIST.asks(&[Q, KIND, STATE_IS, OFFSET, LIMIT_100]), SHOW];

const PLUGINS: &[Operation] =
    &[LIST.asks(&[Q, IDS, KIND, STATE_IS, IMAGE, CONSUMES, PRODUCES, OFFSET, LIMIT]), SHOW];

const PLUGIN_FILES: &[Operation] = &[
    new(
        Get,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}/schema.json",
        "get_plugin_schema",
        "Show the JSON schema of a boefje's settings, or null",
        Shows(Shape::Any),
    )
    .fails(&[404]),
    new(
        Get,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}/cover.jpg",
        "get_plugin_cover",
        "Show the picture of a plugin, or one for all",
        Picture,
    )
    .fails(&[404]),
    new(
        Get,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}/description.md",
        "get_plugin_description",
        "Show the description of a plugin, or an empty text",
        Markdown,
    )
    .fails(&[404]),
];

const OF_REPOSITORIES: &[Operation] = &[
    new(
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins",
        "list_repository_plugins",
        "Show the plugins of another catalogue; none if it does not answer",
        Shows(Shape::Map(&PLUGIN)),
    )
    .fails(&[404]),
    new(
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins/{plugin_id}",
        "get_repository_plugin",
        "Show a plugin of another catalogue",
        Shows(PLUGIN),
    )
    .fails(&[404]),
    new(
        Patch,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins/{plugin_id}",
        "update_plugin_state",
        "Enable or disable a plugin for an organisation",
        Done,
    )
    .may_take(STATE)
    .fails(&[404]),
];

const ADDED: &[Operation] = &[
    new(
        Post,
        "/v1/organisations/{organisation_id}/plugins",
        "add_plugin",
        "Add a boefje or normalizer for all organisations, whichever the path names, known or not",
        Created,
    )
    .takes(PLUGIN),
    new(
        Patch,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}",
        "update_plugin_state",
        "Enable or disable a plugin for an organisation",
        Nothing,
    )
    .may_take(STATE)
    .fails(&[404]),
    new(
        Patch,
        "/v1/organisations/{organisation_id}/boefjes/{boefje_id}",
        "update_boefje",
        "Change a boefje that was added",
        Nothing,
    )
    .takes(Shape::Named("BoefjeIn"))
    .fails(&[403, 404]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}/boefjes/{boefje_id}",
        "delete_boefje",
        "Remove a boefje that was added, with what organisations have set for it",
        Nothing,
    )
    .fails(&[404]),
    new(
        Patch,
        "/v1/organisations/{organisation_id}/normalizers/{normalizer_id}",
        "update_normalizer",
        "Change a normalizer that was added",
        Nothing,
    )
    .takes(Shape::Named("NormalizerIn"))
    .fails(&[403, 404]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}/normalizers/{normalizer_id}",
        "delete_normalizer",
        "Remove a normalizer that was added",
        Nothing,
    )
    .fails(&[404]),
];

const OLD_CLONING: &[Operation] = &[new(
    Post,
    "/v1/organisations/{organisation_id}/settings/clone/{to_organisation_id}",
    "clone_organisation_settings",
    "Give another organisation the settings and the enabled plugins of this one",
    Done,
)
.fails(&[404])];

const CLONING: &[Operation] = &[new(
    Post,
    "/v1/organisations/{organisation_id}/settings/clone/{to_org}",
    "clone_settings",
    "Give another organisation the settings and the enabled plugins of this one",
    Done,
)
.fails(&[400, 404])];

const SETTINGS: &[Operation] = &[
    new(
        Get,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings",
        "list_settings",
        "Show all settings of a plugin",
        Shows(Shape::Object),
    )
    .fails(&[404]),
    new(
        Put,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings",
        "upsert_settings",
        "Put these settings in the place of all that there are",
        Done,
    )
    .takes(Shape::Object)
    .fails(&[404]),
    new(
        Post,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings",
        "add_settings",
        "Set these settings where there are none",
        Created,
    )
    .takes(Shape::Object)
    .fails(&[404, 409]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings",
        "remove_settings",
        "Remove all settings of a plugin",
        Done,
    )
    .fails(&[404]),
    new(
        Get,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        "get_setting",
        "Show one setting",
        Shows(Shape::Any),
    )
    .fails(&[404]),
    new(
        Post,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        "add_setting",
        "Add one setting",
        Created,
    )
    .takes(SETTING)
    .fails(&[404, 409]),
    new(
        Put,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        "update_setting",
        "Change one setting",
        Done,
    )
    .takes(SETTING)
    .fails(&[404]),
    new(
        Delete,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        "remove_setting",
        "Remove one setting",
        Done,
    )
    .fails(&[404]),
];

const CONFIGS: &[Operation] = &[new(
    Get,
    "/v1/configs",
    "list_configs",
    "Show what organisations have set and enabled for boefjes",
    Shows(Shape::List(&Shape::Named("BoefjeConfig"))),
)
.asks(&[OF_ORGANISATION, OF_BOEFJE, ENABLED, DUPLICATES, OFFSET, LIMIT])
.fails(&[413])];

const SERVICE: &[Operation] = &[new(
    Get,
    "/health",
    "health",
    "Show whether the service is there",
    Shows(Shape::Named("ServiceHealth")),
)];

const fn parameter(name: &'static str, shape: Shape, words: &'static str) -> Parameter {
    Parameter { name, shape, default: None, words }
}

const KINDS: Shape = Shape::Choice(&["boefje", "normalizer", "bit"]);

const Q: Parameter =
    parameter("q", Shape::Text, "Only those with this text in their id, name or description");
const IDS: Parameter = parameter("ids", Shape::Texts, "Only these; each must be there");
const KIND: Parameter = parameter("plugin_type", KINDS, "Only those of this kind");
const STATE_IS: Parameter = parameter("state", Shape::Truth, "Only enabled or disabled ones");
const IMAGE: Parameter = parameter("oci_image", Shape::Text, "Only those that run in this image");
const CONSUMES: Parameter = parameter("consumes", Shape::Set, "Only those that take one of these");
const PRODUCES: Parameter = parameter("produces", Shape::Set, "Only those that make one of these");
const OFFSET: Parameter = Parameter {
    default: Some("0"),
    ..parameter("offset", Shape::Integer, "How many to pass over; from the end if negative")
};
const LIMIT: Parameter =
    parameter("limit", Shape::Integer, "How many at most; counted from the end if negative");
const LIMIT_100: Parameter = Parameter { default: Some("100"), ..LIMIT };
const OF_ORGANISATION: Parameter =
    parameter("organisation_id", Shape::Text, "Only those of this organisation");
const OF_BOEFJE: Parameter = parameter("boefje_id", Shape::Text, "Only those of this boefje");
const ENABLED: Parameter = parameter("enabled", Shape::Truth, "Only enabled or disabled ones");
const DUPLICATES: Parameter = Parameter {
    default: Some("false"),
    ..parameter("with_duplicates", Shape::Truth, "With those of others that are the same")
};
