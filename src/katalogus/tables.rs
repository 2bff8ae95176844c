//! The tables: those of version 1.15 of the original, revision `cd34fdfafdaf`, and beside them ours,
//! whose names begin with `ostler_`.

// The macros make public items whose documentation is this module's.
#![allow(missing_docs, unreachable_pub, reason = "made by diesel's macros")]

diesel::table! {
    organisation (pk) {
        pk -> Integer,
        id -> Text,
        name -> Text,
    }
}

diesel::table! {
    repository (pk) {
        pk -> Integer,
        id -> Text,
        name -> Text,
        base_url -> Text,
    }
}

diesel::table! {
    organisation_repository (organisation_pk, repository_pk) {
        organisation_pk -> Integer,
        repository_pk -> Integer,
    }
}

diesel::table! {
    settings (id) {
        id -> Integer,
        values -> Text,
        plugin_id -> Text,
        organisation_pk -> Integer,
    }
}

diesel::table! {
    plugin_state (id) {
        id -> Integer,
        plugin_id -> Text,
        enabled -> Bool,
        organisation_pk -> Integer,
        repository_pk -> Integer,
    }
}

diesel::table! {
    /// What version 1.20 knows of an organisation beside 1.15. No row: the default.
    ostler_organisation (organisation_pk) {
        organisation_pk -> Integer,
        deduplicate -> Bool,
    }
}

diesel::table! {
    /// Plugins that were added over HTTP.
    ostler_plugin (pk) {
        pk -> Integer,
        kind -> Text,
        id -> Text,
        document -> Text,
    }
}

diesel::table! {
    /// The numbers of configurations: those that have a row in `settings` or, for the repository
    /// `LOCAL`, in `plugin_state`.
    ostler_config (number) {
        number -> Integer,
        organisation_pk -> Integer,
        boefje_id -> Text,
    }
}

diesel::table! {
    /// Which of our migrations have been applied.
    ostler_migration (name) {
        name -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    organisation,
    repository,
    organisation_repository,
    settings,
    plugin_state,
    ostler_organisation,
    ostler_plugin,
    ostler_config,
);
