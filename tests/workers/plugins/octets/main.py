def run(boefje_meta):
    yield set(), bytes([255, 0, 1])
