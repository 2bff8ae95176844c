//! All endpoints of each generation, in the order in which the original tries them.
//!
//! Neither generation of the original has those of single settings, nor `POST` for all of them:
//! they are what its README describes, which is older than both.

use ostler_http::Method::{self, Delete, Get, Patch, Post, Put};

use crate::api::Endpoint;
use crate::routing::Route;
use crate::{
    Generation, api_added, api_assets, api_configs, api_organisations, api_plugins,
    api_repositories, api_service, api_settings, cloning,
};

/// Method, pattern and endpoint.
type Row = (Method, &'static str, Endpoint);

/// The endpoints of a generation.
pub(crate) fn of(generation: Generation) -> Vec<Route<Endpoint>> {
    let rows: &[&[Row]] = match generation {
        Generation::V1_15 => &[
            DOCUMENTS,
            ORGANISATIONS,
            REPOSITORIES,
            PLUGINS,
            OF_REPOSITORIES,
            CLONE_1_15,
            SETTINGS,
            V1_ROOT,
            SERVICE,
        ],
        Generation::V1_20 => &[
            DOCUMENTS,
            CHANGES,
            ORGANISATIONS,
            PLUGINS,
            ADDED,
            CLONE_1_20,
            SETTINGS,
            CONFIGS,
            SERVICE,
        ],
    };
    let rows = rows.iter().copied().flatten().copied();
    rows.map(|(method, pattern, endpoint)| Route { method, pattern, endpoint }).collect()
}

const DOCUMENTS: &[Row] = &[
    (Get, "/openapi.json", api_service::openapi),
    (Get, "/docs", api_service::page),
    (Get, "/redoc", api_service::page),
];

const ORGANISATIONS: &[Row] = &[
    (Get, "/v1/organisations", api_organisations::list),
    (Get, "/v1/organisations/{organisation_id}", api_organisations::show),
    (Post, "/v1/organisations/", api_organisations::add),
    (Delete, "/v1/organisations/{organisation_id}", api_organisations::remove),
];

const CHANGES: &[Row] = &[(Put, "/v1/organisations/", api_organisations::change)];

const REPOSITORIES: &[Row] = &[
    (Get, "/v1/organisations/{organisation_id}/repositories", api_repositories::list),
    (
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}",
        api_repositories::show,
    ),
    (Post, "/v1/organisations/{organisation_id}/repositories/", api_repositories::add),
    (
        Delete,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}",
        api_repositories::remove,
    ),
];

const PLUGINS: &[Row] = &[
    (Get, "/v1/organisations/{organisation_id}/plugins", api_plugins::list),
    (Get, "/v1/organisations/{organisation_id}/plugins/{plugin_id}", api_plugins::show),
    (
        Get,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}/schema.json",
        api_assets::schema,
    ),
    (Get, "/v1/organisations/{organisation_id}/plugins/{plugin_id}/cover.jpg", api_assets::cover),
    (
        Get,
        "/v1/organisations/{organisation_id}/plugins/{plugin_id}/description.md",
        api_assets::description,
    ),
];

const OF_REPOSITORIES: &[Row] = &[
    (
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins",
        api_plugins::list_of_repository,
    ),
    (
        Get,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins/{plugin_id}",
        api_plugins::show_of_repository,
    ),
    (
        Patch,
        "/v1/organisations/{organisation_id}/repositories/{repository_id}/plugins/{plugin_id}",
        api_plugins::enable_of_repository,
    ),
];

const ADDED: &[Row] = &[
    (Post, "/v1/organisations/{organisation_id}/plugins", api_added::add),
    (Patch, "/v1/organisations/{organisation_id}/plugins/{plugin_id}", api_plugins::enable),
    (Patch, "/v1/organisations/{organisation_id}/boefjes/{boefje_id}", api_added::change_boefje),
    (Delete, "/v1/organisations/{organisation_id}/boefjes/{boefje_id}", api_added::remove_boefje),
    (
        Patch,
        "/v1/organisations/{organisation_id}/normalizers/{normalizer_id}",
        api_added::change_normalizer,
    ),
    (
        Delete,
        "/v1/organisations/{organisation_id}/normalizers/{normalizer_id}",
        api_added::remove_normalizer,
    ),
];

const CLONE_1_15: &[Row] = &[(
    Post,
    "/v1/organisations/{organisation_id}/settings/clone/{to_organisation_id}",
    cloning::clone,
)];

const CLONE_1_20: &[Row] =
    &[(Post, "/v1/organisations/{organisation_id}/settings/clone/{to_org}", cloning::clone)];

const SETTINGS: &[Row] = &[
    (Get, "/v1/organisations/{organisation_id}/{plugin_id}/settings", api_settings::show),
    (Put, "/v1/organisations/{organisation_id}/{plugin_id}/settings", api_settings::replace),
    (Delete, "/v1/organisations/{organisation_id}/{plugin_id}/settings", api_settings::remove),
    (Post, "/v1/organisations/{organisation_id}/{plugin_id}/settings", api_settings::create),
    (Get, "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}", api_settings::show_key),
    (
        Post,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        api_settings::create_key,
    ),
    (
        Put,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        api_settings::replace_key,
    ),
    (
        Delete,
        "/v1/organisations/{organisation_id}/{plugin_id}/settings/{key}",
        api_settings::remove_key,
    ),
];

const CONFIGS: &[Row] = &[(Get, "/v1/configs", api_configs::list)];

const V1_ROOT: &[Row] = &[(Get, "/v1/", api_service::introduction)];

const SERVICE: &[Row] = &[(Get, "/", api_service::root), (Get, "/health", api_service::health)];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::openapi_operations;

    /// What leads somewhere else or shows the document is not in it.
    const UNDOCUMENTED: [&str; 5] = ["/", "/v1/", "/openapi.json", "/docs", "/redoc"];

    #[test]
    fn each_endpoint_is_documented_and_nothing_else() {
        for (name, generation) in Generation::NAMES {
            let routes = of(generation);
            let answered: BTreeSet<_> = routes
                .iter()
                .filter(|route| !UNDOCUMENTED.contains(&route.pattern))
                .map(|route| (route.pattern, route.method))
                .collect();
            let documented: BTreeSet<_> = openapi_operations::of(generation)
                .iter()
                .map(|operation| (operation.path, operation.method))
                .collect();
            assert_eq!(answered, documented, "{name}");
            let places = routes.iter().map(|route| (route.pattern, route.method));
            assert_eq!(places.collect::<BTreeSet<_>>().len(), routes.len(), "{name}: one twice");
        }
    }
}
