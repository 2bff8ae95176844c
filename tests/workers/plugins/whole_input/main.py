import json


def run(boefje_meta):
    return [(set(), json.dumps(boefje_meta.arguments))]
