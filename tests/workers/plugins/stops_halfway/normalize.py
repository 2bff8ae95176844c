def run(normalizer_meta, raw):
    yield {"object_type": "Network", "name": "internet"}
    raise ValueError(raw[:3])
