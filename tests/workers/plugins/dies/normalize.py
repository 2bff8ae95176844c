import os


def run(normalizer_meta, raw):
    os._exit(4)
