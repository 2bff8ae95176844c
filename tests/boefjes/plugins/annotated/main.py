"""Reads its job as the newer plugins do, as a dict."""

import json


def run(boefje_meta: dict) -> list[tuple[set, str]]:
    return [({"application/json"}, json.dumps(boefje_meta))]
