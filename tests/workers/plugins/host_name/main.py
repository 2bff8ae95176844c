import json


def run(boefje_meta):
    return [(set(), json.dumps({"looked_at": boefje_meta.arguments["input"]["name"]}))]
