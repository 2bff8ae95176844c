"""One job, seen from the host: its process, its two pipes, and its end."""

import fcntl
import os
import select

from ostler_host import jobs, orphans, process
from ostler_host.frames import PIECE_BYTES

# From <linux/fcntl.h>; Python has names for them from 3.10 on.
F_SETPIPE_SZ = 1031


class Run:
    """See the module. The result is passed on as it comes, and understood by the daemon only."""

    def __init__(self, host, order, blobs):
        self.host = host
        self.channel = host.channel
        self.order = order
        self.blobs = blobs
        self.pid = None
        self.process = None
        self.result = None
        self.log = None
        self.wanted = True
        self.why = None
        self.room = {"result": order["limits"]["result"], "log": order["limits"]["log"]}
        self.dropped = 0

    def to_its_end(self):
        """Runs the job. Whether there may be another one."""
        try:
            self.start()
        except OSError as error:
            self.close()
            orphans.end_all()
            self.tell("end", refused=f"no process can be started: {error}")
            return True
        self.tell("started", pid=self.pid)
        self.watch()
        self.end()
        return self.wanted

    def start(self):
        result, log = None, None
        try:
            self.result, result = pipe()
            self.log, log = pipe()
            self.pid = process.fork()
            if self.pid == 0:
                os.close(self.result)
                os.close(self.log)
                jobs.live(self.host, self.order, self.blobs, result, log)
            self.process = os.pidfd_open(self.pid)
        finally:
            for descriptor in (result, log):
                if descriptor is not None:
                    os.close(descriptor)
        # The process does the same: whoever comes first, the group is there from now on.
        try:
            os.setpgid(self.pid, self.pid)
        except OSError:
            pass
        # A host need not hold on to what its job works on, and neither need whoever read it.
        self.blobs.clear()

    def watch(self):
        """Passes on what comes, until the process has ended."""
        poll = select.poll()
        for descriptor in (self.channel.reader, self.result, self.log, self.process):
            poll.register(descriptor, select.POLLIN)
        while True:
            for descriptor, _ in poll.poll():
                if descriptor == self.process:
                    return
                if descriptor == self.channel.reader:
                    if not self.listen():
                        poll.unregister(descriptor)
                elif not self.pass_on(descriptor):
                    poll.unregister(descriptor)

    def listen(self):
        """The daemon speaks while the job runs: it calls it off, or it has gone."""
        frame = self.channel.read()
        order = {"type": "shutdown"} if frame is None else frame[0]
        if order["type"] == "ping":
            self.tell("pong")
        elif order["type"] == "shutdown":
            self.wanted = False
            orphans.kill_group(self.pid)
        elif order["type"] == "cancel" and order["id"] == self.order["id"]:
            self.stop("cancelled")
        return frame is not None

    def stop(self, why):
        self.why = self.why or why
        orphans.kill_group(self.pid)

    def pass_on(self, descriptor):
        """Passes on one piece. Whether there may be more."""
        try:
            piece = os.read(descriptor, PIECE_BYTES)
        except BlockingIOError:
            return False
        if not piece:
            return False
        kind = "result" if descriptor == self.result else "log"
        kept = piece[: self.room[kind]]
        self.room[kind] -= len(kept)
        if kept:
            self.tell(kind, kept)
        if kind == "log":
            self.dropped += len(piece) - len(kept)
        elif len(kept) < len(piece):
            self.stop("output")
            return False
        return True

    def end(self):
        # Nobody writes into the pipes any more when the group is dead, and the group's number
        # belongs to nobody else before its leader is reaped.
        orphans.kill_group(self.pid)
        # What has left the group may still write, so that no more is taken than there is room for.
        while self.pass_on(self.result):
            pass
        while self.room["log"] and self.pass_on(self.log):
            pass
        _, status, usage = os.wait4(self.pid, 0)
        self.close()
        orphans.end_all()
        ended = {"signal": os.WTERMSIG(status)} if os.WIFSIGNALED(status) else {}
        if os.WIFEXITED(status):
            ended["code"] = os.WEXITSTATUS(status)
        self.tell(
            "end",
            **ended,
            why=self.why,
            dropped=self.dropped,
            cpu=usage.ru_utime + usage.ru_stime,
            memory=usage.ru_maxrss * 1024,
        )

    def close(self):
        for descriptor in (self.result, self.log, self.process):
            if descriptor is not None:
                os.close(descriptor)

    def tell(self, kind, *blobs, **words):
        self.channel.write({"type": kind, "id": self.order["id"], **words}, *blobs)


def pipe():
    """A pipe that is read without waiting, as large as the system grants it."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    try:
        fcntl.fcntl(writer, F_SETPIPE_SZ, PIECE_BYTES)
    except OSError:
        # It only saves time.
        pass
    return reader, writer
