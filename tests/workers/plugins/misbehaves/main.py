"""Ends as the setting HOW says, and not as a boefje should."""

import os
import signal


def run(boefje_meta):
    how = os.environ["HOW"]
    print("this is how:", how, flush=True)
    if how == "exit":
        os._exit(3)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "memory":
        return [(set(), bytes(1 << 33))]
    if how == "output":
        return [(set(), b"x") for _ in range(200_000)]
    while True:
        signal.pause()
