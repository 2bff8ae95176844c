-- A database of the original's version 1.15, as a dump has it: tables first, then rows, then what
-- binds them.

CREATE TABLE public.alembic_version (version_num character varying(32) NOT NULL);

CREATE TABLE public.organisation (
    pk integer NOT NULL,
    id character varying(32) NOT NULL,
    name character varying(64) NOT NULL
);
CREATE SEQUENCE public.organisation_pk_seq AS integer;
ALTER SEQUENCE public.organisation_pk_seq OWNED BY public.organisation.pk;
ALTER TABLE ONLY public.organisation
    ALTER COLUMN pk SET DEFAULT nextval('public.organisation_pk_seq'::regclass);

CREATE TABLE public.organisation_repository (
    organisation_pk integer NOT NULL,
    repository_pk integer NOT NULL
);

CREATE TABLE public.plugin_state (
    id integer NOT NULL,
    plugin_id character varying(64) NOT NULL,
    enabled boolean NOT NULL,
    organisation_pk integer NOT NULL,
    repository_pk integer NOT NULL
);
CREATE SEQUENCE public.plugin_state_id_seq AS integer;
ALTER SEQUENCE public.plugin_state_id_seq OWNED BY public.plugin_state.id;
ALTER TABLE ONLY public.plugin_state
    ALTER COLUMN id SET DEFAULT nextval('public.plugin_state_id_seq'::regclass);

CREATE TABLE public.repository (
    pk integer NOT NULL,
    id character varying(32) NOT NULL,
    name character varying(64) NOT NULL,
    base_url character varying(128) NOT NULL
);
CREATE SEQUENCE public.repository_pk_seq AS integer;
ALTER SEQUENCE public.repository_pk_seq OWNED BY public.repository.pk;
ALTER TABLE ONLY public.repository
    ALTER COLUMN pk SET DEFAULT nextval('public.repository_pk_seq'::regclass);

CREATE TABLE public.settings (
    id integer NOT NULL,
    "values" character varying(512) NOT NULL,
    plugin_id character varying(64) NOT NULL,
    organisation_pk integer NOT NULL
);
CREATE SEQUENCE public.settings_id_seq AS integer;
ALTER SEQUENCE public.settings_id_seq OWNED BY public.settings.id;
ALTER TABLE ONLY public.settings
    ALTER COLUMN id SET DEFAULT nextval('public.settings_id_seq'::regclass);

INSERT INTO public.alembic_version VALUES ('cd34fdfafdaf');
INSERT INTO public.organisation VALUES (3, 'acme', 'Acme'), (1, 'first', 'First');
INSERT INTO public.repository VALUES (1, 'LOCAL', 'Local Plugin Repository', 'http://dev/null');
INSERT INTO public.organisation_repository VALUES (1, 1);
INSERT INTO public.plugin_state VALUES (7, 'alpha', true, 3, 1), (8, 'normal', false, 3, 1);
INSERT INTO public.settings VALUES (5, '{"TOP": 5}', 'alpha', 3), (6, '{"KEY": "\u00e9"}', 'beta', 1);
SELECT pg_catalog.setval('public.organisation_pk_seq', 3, true);
SELECT pg_catalog.setval('public.repository_pk_seq', 1, true);
SELECT pg_catalog.setval('public.plugin_state_id_seq', 8, true);
SELECT pg_catalog.setval('public.settings_id_seq', 6, true);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.organisation
    ADD CONSTRAINT organisation_id UNIQUE (id),
    ADD CONSTRAINT organisation_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY public.plugin_state
    ADD CONSTRAINT plugin_state_pkey PRIMARY KEY (id),
    ADD CONSTRAINT unique_plugin_per_repo_per_org
        UNIQUE (plugin_id, organisation_pk, repository_pk);
ALTER TABLE ONLY public.repository
    ADD CONSTRAINT repository_id UNIQUE (id),
    ADD CONSTRAINT repository_pkey PRIMARY KEY (pk);
ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_pkey PRIMARY KEY (id),
    ADD CONSTRAINT unique_settings_per_organisation_per_plugin
        UNIQUE (organisation_pk, plugin_id);
ALTER TABLE ONLY public.organisation_repository
    ADD CONSTRAINT organisation_repository_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES public.organisation(pk),
    ADD CONSTRAINT organisation_repository_repository_pk_fkey
        FOREIGN KEY (repository_pk) REFERENCES public.repository(pk);
ALTER TABLE ONLY public.plugin_state
    ADD CONSTRAINT plugin_state_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES public.organisation(pk) ON DELETE CASCADE,
    ADD CONSTRAINT plugin_state_repository_pk_fkey
        FOREIGN KEY (repository_pk) REFERENCES public.repository(pk) ON DELETE CASCADE;
ALTER TABLE ONLY public.settings
    ADD CONSTRAINT settings_organisation_pk_fkey
        FOREIGN KEY (organisation_pk) REFERENCES public.organisation(pk) ON DELETE CASCADE;
