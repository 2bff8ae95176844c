def run(boefje_meta):
    return [(set(), boefje_meta.arguments["input"]["software"])]
