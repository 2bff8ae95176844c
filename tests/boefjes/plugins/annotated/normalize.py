"""Gets the input object, as the newer normalizers do."""


def run(input_ooi: dict, raw: bytes):
    yield {"object_type": "Network", "name": input_ooi["name"], "raw": raw.decode()}
