import json


def run(normalizer_meta, raw):
    yield from json.loads(raw)
