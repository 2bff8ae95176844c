"""Dumps its job in the ways of pydantic's models, and tells what comes of each."""

import json

from boefjes import job_models


def run(boefje_meta: job_models.BoefjeMeta):
    meta = job_models.NormalizerMeta(
        id=boefje_meta.id,
        normalizer={"id": "n"},
        raw_data={
            "id": boefje_meta.id,
            "boefje_meta": {
                "id": boefje_meta.id,
                "boefje": {"id": "b"},
                "organization": "o",
                "environment": {"TOKEN": "secret", "MODE": "fast"},
            },
            "mime_types": [{"value": "a", "by": "x"}, {"value": "b"}],
        },
    )
    raw_data = meta.raw_data
    plain = job_models.NormalizerPlainOOI(object_type="N", a=1)
    shown = {
        "excluded": raw_data.model_dump(exclude={"id", "boefje_meta"}),
        "nested": raw_data.model_dump(
            include={"boefje_meta": {"boefje", "environment"}},
            exclude={"boefje_meta": {"environment": {"TOKEN"}}},
        ),
        "all": raw_data.model_dump(include={"mime_types": {"__all__": {"value"}}}),
        "last": raw_data.model_dump(include={"mime_types": {-1: True}}),
        "unset": meta.normalizer.model_dump(exclude_unset=True, by_alias=True),
        "defaults": meta.normalizer.model_dump(exclude_defaults=True),
        "some": meta.normalizer.model_dump(exclude_none=True),
        "mode": raw_data.model_dump(mode="json", include={"id"}),
        "as_json": raw_data.model_dump_json(exclude={"id", "boefje_meta"}),
        "dict": meta.normalizer.dict(exclude={"version"}),
        "json": meta.normalizer.json(include={"version"}),
        "copy": [*dict(meta.normalizer.copy(update={"version": "2"}, exclude={"id"}))],
        "fields": [name for name, _ in meta],
        "same": dict(meta)["raw_data"] is raw_data,
        "object": plain.dict(exclude={"a"}),
        "refused": [refused(meta, exclude_nil=True), refused(meta, exclude="id")],
        "made": [
            type(raw_data).parse_obj(raw_data.model_dump()) == raw_data,
            type(meta).parse_raw(meta.model_dump_json()) == meta,
            type(meta).model_construct(id=5).model_dump(),
            sorted(type(meta).model_construct(id=5).model_fields_set),
        ],
        "known": {name: field.is_required() for name, field in type(meta).model_fields.items()},
        "default": job_models.BoefjeMeta.model_fields["arguments"].default,
        "extra": [meta.model_extra, plain.model_extra, type(plain).model_construct(a=1).a],
        "exception": str(job_models.ObservationsWithoutInputOOI(meta)).splitlines()[0],
    }
    return [({"application/json"}, json.dumps(shown, default=str))]


def refused(meta, **options):
    try:
        meta.model_dump(**options)
    except TypeError:
        return True
    return False
