"""Reads its job as the newer plugins do, as a dict, in which ids and times are values."""

import json


def run(boefje_meta: dict) -> list[tuple[set, str]]:
    kinds = {name: type(value).__name__ for name, value in boefje_meta.items()}
    shown = {"hex": boefje_meta["id"].hex, "year": boefje_meta["started_at"].year, "kinds": kinds}
    return [({"application/json"}, json.dumps({**shown, "meta": boefje_meta}, default=str))]
