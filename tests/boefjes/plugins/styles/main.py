"""Reads its job as the older plugins do, by attributes."""

import json

from boefjes.config import settings
from boefjes.job_models import BoefjeMeta


def run(boefje_meta: BoefjeMeta):
    shown = {
        "id": repr(boefje_meta.id),
        "boefje": boefje_meta.boefje.id,
        "version": boefje_meta.boefje.version,
        "organization": boefje_meta.organization,
        "input_ooi": boefje_meta.input_ooi,
        "name": boefje_meta.arguments["input"]["name"],
        "started_at": repr(boefje_meta.started_at),
        "dump": boefje_meta.model_dump(mode="json"),
        "json": boefje_meta.model_dump_json(),
        "same": BoefjeMeta.model_validate_json(boefje_meta.model_dump_json()) == boefje_meta,
        "remote_ns": settings.remote_ns,
    }
    return [({"application/json"}, json.dumps(shown))]
