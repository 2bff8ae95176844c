"""The end of a job's processes: its group, and whatever has left the group."""

import os
import signal
import time

# How long the killed may take to be gone. Longer take only those whom the kernel holds.
PATIENCE = 0.5
PAUSE = 0.002


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def kill_group(leader):
    """Kills a group. Its leader must not be reaped yet: then nobody else has its number."""
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def end_all():
    """Kills and reaps every child that the host has: between two jobs it has none of its own."""
    deadline = time.monotonic() + PATIENCE
    while reap():
        for pid in children():
            kill(pid)
        if time.monotonic() >= deadline:
            return
        time.sleep(PAUSE)


def reap():
    """Reaps the dead. Whether there are others."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def children():
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            return [int(pid) for pid in file.read().split()]
    except OSError:
        # A kernel without this file cannot tell; those who stay in the group are dead by now.
        return []
