CREATE TABLE ostler_organisation (
    organisation_pk INTEGER NOT NULL,
    deduplicate BOOLEAN NOT NULL,
    CONSTRAINT ostler_organisation_pkey PRIMARY KEY (organisation_pk),
    CONSTRAINT ostler_organisation_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES organisation (pk) ON DELETE CASCADE
);

CREATE TABLE ostler_plugin (
    pk INTEGER NOT NULL,
    kind VARCHAR(16) NOT NULL,
    id VARCHAR(64) NOT NULL,
    document TEXT NOT NULL,
    CONSTRAINT ostler_plugin_pkey PRIMARY KEY (pk),
    CONSTRAINT ostler_plugin_id UNIQUE (kind, id)
);

CREATE TABLE ostler_config (
    -- A number that was taken away is not given again.
    number INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    organisation_pk INTEGER NOT NULL,
    boefje_id VARCHAR(64) NOT NULL,
    CONSTRAINT ostler_config_boefje UNIQUE (organisation_pk, boefje_id),
    CONSTRAINT ostler_config_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES organisation (pk) ON DELETE CASCADE
);
