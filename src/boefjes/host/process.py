"""What a process of a job is made of: its group, its death signal, its descriptors, its limits."""

import ctypes
import gc
import os
import resource
import signal
import sys

# From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_CHILD_SUBREAPER = 36
# Room above the limit of memory, for the report that the limit was reached.
MEMORY_FOR_REPORT = 32 << 20
# How much sooner hosts and jobs are killed for want of memory, of 1000.
GOES_FIRST = 500
# The result's pipe gets a high number: whoever closes "everything that is open" often starts low.
RESULT_DESCRIPTOR = 200

libc = ctypes.CDLL(None, use_errno=True)


def prctl(option, value):
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def close_memory():
    """Keeps this process and those that it forks from every other process of the same user.

    Their descriptors lead to the orders of other organisations, and their memory has their settings.
    A program that a job starts begins anew.
    """
    prctl(PR_SET_DUMPABLE, 0)


def go_first():
    """Has the kernel take this process or a job of it before the daemon when memory runs out."""
    try:
        with open("/proc/self/oom_score_adj", "r+") as file:
            own = int(file.read())
            file.seek(0)
            file.write(str(max(own, GOES_FIRST)))
    except OSError:
        # Without a /proc, nobody can say so.
        pass


def adopt_orphans():
    """Makes what a job's processes leave behind children of the host, wherever they went."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


def outlive_daemon(last_rites):
    """Has the daemon's death, or its wish, end the host with `last_rites` and not at once."""

    def end(number, _):
        last_rites()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    daemon = os.getppid()
    signal.signal(signal.SIGTERM, end)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != daemon:
        sys.exit(1)


def fork():
    """Forks, and holds back the signal that ends a job until `enter` lets it do so.

    Python forgets what has come to a new process before it runs.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    pid = -1
    try:
        pid = os.fork()
        return pid
    finally:
        if pid != 0:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def enter(host, order, result, log):
    """Turns a forked process into that of a job."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.setpgid(0, 0)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != host.pid:
        # The host died before the line above, in which case no signal will ever come.
        os._exit(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)
    os.close(host.channel.reader)
    os.close(host.channel.writer)
    os.chdir(order["cwd"])
    os.umask(order["umask"])
    limit(order["limits"])
    gc.enable()


def lift(result, limits):
    """Moves the descriptor for the result out of the plugin's way, where there is room."""
    if limits["files"] <= RESULT_DESCRIPTOR:
        return result
    os.dup2(result, RESULT_DESCRIPTOR, inheritable=False)
    os.close(result)
    return RESULT_DESCRIPTOR


def limit(limits):
    lower(resource.RLIMIT_CORE, 0, 0)
    lower(resource.RLIMIT_DATA, limits["memory"], limits["memory"] + MEMORY_FOR_REPORT)
    # The signal of the first one ends a process that does not mind it; the second one kills.
    lower(resource.RLIMIT_CPU, limits["cpu"], limits["cpu"] + 1)
    lower(resource.RLIMIT_FSIZE, limits["file_size"], limits["file_size"])
    lower(resource.RLIMIT_NOFILE, limits["files"], limits["files"])
    processes = min(limits["processes"], left_by_daemon())
    lower(resource.RLIMIT_NPROC, processes, processes)


def left_by_daemon():
    """The processes that jobs may fill: a quarter of the daemon's is for its threads and hosts."""
    own, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    return sys.maxsize if own == resource.RLIM_INFINITY else max(own - own // 4, 1)


def lower(kind, soft, hard):
    """Sets a limit, unless a lower one holds already."""
    _, granted = resource.getrlimit(kind)
    if granted != resource.RLIM_INFINITY:
        soft, hard = min(soft, granted), min(hard, granted)
    resource.setrlimit(kind, (soft, hard))


def make_room():
    """Lets a process that has used its memory up report that."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def set_environment(variables):
    """Exactly these variables, for C code and for programs that are started too."""
    os.environ.clear()
    os.environ.update(variables)
