"""Says that it runs, and waits to be killed."""

import signal


def run(boefje_meta):
    print("running", flush=True)
    signal.pause()
