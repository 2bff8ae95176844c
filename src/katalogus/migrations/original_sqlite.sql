CREATE TABLE organisation (
    pk INTEGER NOT NULL,
    id VARCHAR(32) NOT NULL,
    name VARCHAR(64) NOT NULL,
    CONSTRAINT organisation_pkey PRIMARY KEY (pk),
    CONSTRAINT organisation_id UNIQUE (id)
);

CREATE TABLE repository (
    pk INTEGER NOT NULL,
    id VARCHAR(32) NOT NULL,
    name VARCHAR(64) NOT NULL,
    base_url VARCHAR(128) NOT NULL,
    CONSTRAINT repository_pkey PRIMARY KEY (pk),
    CONSTRAINT repository_id UNIQUE (id)
);

CREATE TABLE organisation_repository (
    organisation_pk INTEGER NOT NULL,
    repository_pk INTEGER NOT NULL,
    CONSTRAINT organisation_repository_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES organisation (pk),
    CONSTRAINT organisation_repository_repository_pk_fkey
        FOREIGN KEY (repository_pk) REFERENCES repository (pk)
);

CREATE TABLE settings (
    id INTEGER NOT NULL,
    "values" VARCHAR(512) NOT NULL,
    plugin_id VARCHAR(64) NOT NULL,
    organisation_pk INTEGER NOT NULL,
    CONSTRAINT settings_pkey PRIMARY KEY (id),
    CONSTRAINT unique_settings_per_organisation_per_plugin UNIQUE (organisation_pk, plugin_id),
    CONSTRAINT settings_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES organisation (pk) ON DELETE CASCADE
);

CREATE TABLE plugin_state (
    id INTEGER NOT NULL,
    plugin_id VARCHAR(64) NOT NULL,
    enabled BOOLEAN NOT NULL,
    organisation_pk INTEGER NOT NULL,
    repository_pk INTEGER NOT NULL,
    CONSTRAINT plugin_state_pkey PRIMARY KEY (id),
    CONSTRAINT unique_plugin_per_repo_per_org UNIQUE (plugin_id, organisation_pk, repository_pk),
    CONSTRAINT plugin_state_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES organisation (pk) ON DELETE CASCADE,
    CONSTRAINT plugin_state_repository_pk_fkey
        FOREIGN KEY (repository_pk) REFERENCES repository (pk) ON DELETE CASCADE
);

CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

INSERT INTO alembic_version (version_num) VALUES ('cd34fdfafdaf');
