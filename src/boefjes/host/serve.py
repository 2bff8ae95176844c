"""The host's loop: one order after the other, each carried out in a process of its own.

The host itself runs no plugin. It has one thread, so that it may fork and so that the death signal
of its jobs is bound to its life.
"""

import faulthandler
import gc
import importlib
import os
import platform
import sys
import traceback

from ostler_host import jobs, orphans, process
from ostler_host.frames import Channel
from ostler_host.running import Run

PROTOCOL = 1


class Host:
    """What a host hands on to its jobs."""

    def __init__(self, channel, embedded, hello):
        self.channel = channel
        self.embedded = embedded
        self.hello = hello
        self.pid = os.getpid()


def main(embedded):
    # Closed memory belongs to root, and so do the files that say how it is treated.
    process.go_first()
    process.close_memory()
    channel = take_pipes()
    first, blobs = channel.read() or sys.exit(0)
    if first["type"] == "once":
        # No host, but one job of a host whose interpreter is another one.
        os.close(channel.reader)
        prepare(first["hello"], embedded)
        jobs.end(jobs.carry_out(first["order"], blobs, channel.writer))
    try:
        prepare(first, embedded)
        process.adopt_orphans()
        for name in first["preload"]:
            preload(name)
    except Exception:
        channel.write({"type": "error", "text": traceback.format_exc()})
        sys.exit(1)
    host = Host(channel, embedded, first)
    process.outlive_daemon(orphans.end_all)
    # What stands here is shared with every job; a collector that touches it would copy it.
    gc.collect()
    gc.disable()
    gc.freeze()
    ready = {"type": "ready", "proto": PROTOCOL, "python": platform.python_version()}
    channel.write({**ready, "pid": host.pid})
    try:
        while serve(host):
            pass
    except BrokenPipeError:
        # Nobody is there any more who could be told.
        pass
    finally:
        orphans.end_all()


def serve(host):
    """Carries out one order. Whether there may be another one."""
    frame = host.channel.read()
    if frame is None:
        return False
    order, blobs = frame
    if order["type"] == "job":
        return Run(host, order, blobs).to_its_end()
    if order["type"] == "ping":
        host.channel.write({"type": "pong"})
    # A job may end in the moment in which it is called off; nothing is left to do then.
    return order["type"] != "shutdown"


def take_pipes():
    """Takes the pipes out of the way of whatever prints or reads."""
    # What the daemon was started with is no business of plugins.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    reader, writer = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    return Channel(reader, writer)


def prepare(hello, embedded):
    if hello["proto"] != PROTOCOL:
        raise ValueError(f"protocol {hello['proto']} is not mine ({PROTOCOL})")
    root = os.path.abspath(hello["root"])
    if not os.path.isdir(root):
        raise NotADirectoryError(root)
    embedded.locations.setdefault("boefjes.plugins", []).append(root)
    above = os.path.dirname(root)
    if os.path.basename(above) == "boefjes":
        # The plugins lie in a tree of the original's: what else they import from it is there too.
        embedded.locations.setdefault("boefjes", []).append(above)
        embedded.locations.setdefault("boefjes.worker", []).append(os.path.join(above, "worker"))
    sys.path.extend(hello["path"])
    os.environ.update(hello["environment"])
    importlib.import_module("boefjes.config").configure(hello["config"], hello["cwd"])
    # A crash in C code then says where it happened, in the job's log.
    faulthandler.enable()


def preload(name):
    try:
        importlib.import_module(name)
    except Exception:
        # It only saves time. A plugin that needs it says itself what is wrong with it.
        pass
