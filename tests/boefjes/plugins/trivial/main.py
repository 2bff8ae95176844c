"""The least that a boefje can do."""


def run(boefje_meta):
    return [({"text/plain"}, "1")]
