#!/usr/bin/env python3
"""Stands in for a container engine: it notes how it was called, and runs what the image's name
says as a plain process."""

import json
import os
import signal
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))


def note(line):
    with open(os.path.join(HERE, "calls"), "a", encoding="utf-8") as calls:
        calls.write(json.dumps(line) + "\n")


def bring(url, output):
    body = json.dumps(output).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    urllib.request.urlopen(request, timeout=60).read()


def report(url, status):
    job = json.load(urllib.request.urlopen(url, timeout=60))
    meta = job["boefje_meta"] if "boefje_meta" in job else job["task"]["data"]
    content = __import__("base64").b64encode(json.dumps(meta["arguments"]).encode()).decode()
    files = [{"name": "seen", "content": content, "tags": ["application/json"]}]
    bring(job["output_url"], {"status": status, "files": files})


def run(arguments):
    name = arguments[arguments.index("--name") + 1]
    image, url, *_ = arguments[arguments.index("--") + 1 :]
    if image == "missing":
        print("no such image", file=sys.stderr)
        return 125
    if image == "left" and not os.path.exists(os.path.join(HERE, name + ".rm")):
        print(f'Conflict. The name "/{name}" is already in use.', file=sys.stderr)
        return 125
    print("on standard output")
    print(f"{image} starts", file=sys.stderr, flush=True)
    if image in ("reports", "left"):
        report(url, "COMPLETED")
    elif image == "says-failed":
        report(url, "FAILED")
    elif image == "fails":
        return 3
    elif image == "reports-and-fails":
        report(url, "COMPLETED")
        return 3
    elif image == "talks":
        for _ in range(40):
            os.write(2, b"." * 65536)
        os.write(2, b"\nthe end\n")
    elif image == "hangs":
        with open(os.path.join(HERE, name), "w", encoding="utf-8") as running:
            running.write(str(os.getpid()))
        os.rename(os.path.join(HERE, name), os.path.join(HERE, name + ".pid"))
        while True:
            time.sleep(60)
    return 0


def remove(name):
    while os.path.exists(os.path.join(HERE, "slow")):
        time.sleep(0.01)
    try:
        with open(os.path.join(HERE, name + ".pid"), encoding="utf-8") as running:
            os.kill(int(running.read()), signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        pass
    with open(os.path.join(HERE, name + ".part"), "w", encoding="utf-8") as removed:
        removed.write("in a session of its own" if os.getsid(0) == os.getpid() else "")
    os.rename(os.path.join(HERE, name + ".part"), os.path.join(HERE, name + ".rm"))
    return 0


note(sys.argv[1:])
sys.exit(run(sys.argv[2:]) if sys.argv[1] == "run" else remove(sys.argv[-1]))
