def run(input_ooi: dict, raw: bytes):
    yield {"object_type": "Network", "name": input_ooi["name"]}
