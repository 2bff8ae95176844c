-- The tables of a machine of its own. Times are microseconds since 1970, in UTC.

CREATE TABLE queue (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    -- The queue that was served longest ago has the lowest number, and is next.
    turn BIGINT NOT NULL
);

CREATE TABLE task (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL REFERENCES queue (name),
    plugin TEXT NOT NULL,
    hash TEXT,
    data TEXT NOT NULL,
    status TEXT NOT NULL,
    -- The process that has taken it, until it is settled.
    holder TEXT,
    created_at BIGINT NOT NULL,
    modified_at BIGINT NOT NULL
);
CREATE INDEX task_next ON task (queue, status, place);
CREATE INDEX task_holder ON task (holder) WHERE holder IS NOT NULL;
CREATE INDEX task_hash ON task (hash) WHERE hash IS NOT NULL;

CREATE TABLE task_status (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    task TEXT NOT NULL REFERENCES task (id),
    status TEXT NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX task_status_task ON task_status (task);

CREATE TABLE boefje_meta (
    id TEXT PRIMARY KEY NOT NULL,
    meta TEXT NOT NULL
);

CREATE TABLE raw (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    id TEXT NOT NULL UNIQUE,
    run TEXT NOT NULL REFERENCES boefje_meta (id),
    name TEXT,
    mime_types TEXT NOT NULL,
    -- The media types as a set: a run has one raw file of each.
    mime_set TEXT NOT NULL,
    content BLOB NOT NULL,
    UNIQUE (run, mime_set)
);

CREATE TABLE normalizer_meta (
    id TEXT PRIMARY KEY NOT NULL,
    meta TEXT NOT NULL
);

-- What was said of objects, as it was said.
CREATE TABLE statement (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    organization TEXT NOT NULL,
    origin TEXT NOT NULL,
    -- Equal for all that takes the place of each other.
    origin_key TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    said TEXT NOT NULL
);
CREATE INDEX statement_origin ON statement (organization, origin_key, valid_from);

-- The objects of statements.
CREATE TABLE object (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    statement BIGINT NOT NULL REFERENCES statement (place),
    organization TEXT NOT NULL,
    reference TEXT NOT NULL,
    origin_key TEXT NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX object_reference ON object (organization, reference, origin_key);
CREATE INDEX object_statement ON object (statement, reference);

CREATE TABLE scan_profile (
    place INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    organization TEXT NOT NULL,
    reference TEXT NOT NULL,
    valid_from BIGINT NOT NULL,
    profile TEXT NOT NULL
);
CREATE INDEX scan_profile_reference ON scan_profile (organization, reference, valid_from, place);
