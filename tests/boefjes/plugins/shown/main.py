"""Shows all that a boefje finds around it."""

import json
import os
import resource
import signal
import sys

AT_IMPORT = dict(os.environ)


def run(boefje_meta):
    mask = os.umask(0)
    os.umask(mask)
    limits = ("DATA", "CPU", "FSIZE", "NOFILE", "NPROC", "CORE")
    shown = {
        "import": AT_IMPORT,
        "environment": dict(os.environ),
        "cwd": os.getcwd(),
        "umask": mask,
        "leads": [os.getpid() == os.getpgid(0), os.getpid() == os.getsid(0)],
        "limits": {
            name: resource.getrlimit(getattr(resource, f"RLIMIT_{name}")) for name in limits
        },
        "input": os.readlink("/proc/self/fd/0"),
        "descriptors": sorted(descriptors()),
        "term": str(signal.getsignal(signal.SIGTERM)),
        "threads": len(os.listdir("/proc/self/task")),
        "package": __package__,
        "isolated": sys.flags.isolated,
        "python": sys.version_info[:2],
    }
    return [({"application/json"}, json.dumps(shown))]


def descriptors():
    for name in os.listdir("/proc/self/fd"):
        try:
            yield os.readlink(f"/proc/self/fd/{name}").split(":")[0]
        except OSError:
            # The one that the folder itself was read by.
            pass
