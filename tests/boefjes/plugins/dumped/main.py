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
        "object": job_models.NormalizerPlainOOI(object_type="N", a=1).dict(exclude={"a"}),
        "refused": [refused(meta, exclude_nil=True), refused(meta, exclude="id")],
        "exception": str(job_models.ObservationsWithoutInputOOI(meta)).splitlines()[0],
    }
    return [({"application/json"}, json.dumps(shown, default=str))]


def refused(meta, **options):
    try:
        meta.model_dump(**options)
    except TypeError:
        return True
    return False
