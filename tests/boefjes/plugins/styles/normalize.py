"""Gets the whole job, as the older normalizers do."""


def run(normalizer_meta, raw):
    boefje_meta = normalizer_meta.raw_data.boefje_meta
    yield {
        "object_type": "Network",
        "name": boefje_meta.arguments["input"]["name"],
        "normalizer": normalizer_meta.normalizer.id,
        "types": normalizer_meta.raw_data.mime_types,
        "input": boefje_meta.input_ooi,
        "raw": bytes(raw) == raw and raw.decode(),
    }
