//! The tables of a machine of its own, which `local_schema.sql` makes, as the query builder sees them.

diesel::table! {
    queue (name) {
        name -> Text,
        kind -> Text,
        turn -> BigInt,
    }
}

diesel::table! {
    task (place) {
        place -> BigInt,
        id -> Text,
        queue -> Text,
        plugin -> Text,
        hash -> Nullable<Text>,
        data -> Text,
        status -> Text,
        holder -> Nullable<Text>,
        created_at -> BigInt,
        modified_at -> BigInt,
    }
}

diesel::table! {
    task_status (place) {
        place -> BigInt,
        task -> Text,
        status -> Text,
        at -> BigInt,
    }
}

diesel::table! {
    boefje_meta (id) {
        id -> Text,
        meta -> Text,
    }
}

diesel::table! {
    raw (place) {
        place -> BigInt,
        id -> Text,
        run -> Text,
        name -> Nullable<Text>,
        mime_types -> Text,
        mime_set -> Text,
        content -> Binary,
    }
}

diesel::table! {
    normalizer_meta (id) {
        id -> Text,
        meta -> Text,
    }
}

diesel::table! {
    statement (place) {
        place -> BigInt,
        organization -> Text,
        origin -> Text,
        origin_key -> Text,
        valid_from -> BigInt,
        said -> Text,
    }
}

diesel::table! {
    object (place) {
        place -> BigInt,
        statement -> BigInt,
        organization -> Text,
        reference -> Text,
        origin_key -> Text,
        json -> Text,
    }
}

diesel::table! {
    scan_profile (place) {
        place -> BigInt,
        organization -> Text,
        reference -> Text,
        valid_from -> BigInt,
        profile -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(boefje_meta, raw);
diesel::allow_tables_to_appear_in_same_query!(object, statement);
