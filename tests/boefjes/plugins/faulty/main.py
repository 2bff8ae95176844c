"""Does what no plugin should, as the variable HOW says."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from tempfile import TemporaryFile

DONE = [({"text/plain"}, "done")]


def wait_for_ever():
    while True:
        signal.pause()


def wait_to_be_told():
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    print("running", flush=True)
    signal.sigwait([signal.SIGUSR1])
    return DONE


def child(body):
    """A process that lives on until it is killed; returns once it is set up."""
    ready, told = os.pipe()
    if os.fork() == 0:
        body()
        os.write(told, b"!")
        wait_for_ever()
    os.read(ready, 1)


def close_all():
    os.closerange(0, 1024)
    return DONE


def replace_result():
    os.closerange(3, 1024)
    file = open("/dev/null", "w")
    for descriptor in range(3, 300):
        if descriptor != file.fileno():
            os.dup2(file.fileno(), descriptor)
    return DONE


def ignore_term():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    print("deaf", flush=True)
    wait_for_ever()


def fill_output():
    for _ in range(100):
        sys.stdout.write("x" * 100_000 + "\n")
        os.write(2, b"y" * 100_000)
    return DONE


def daemon_in_group():
    child(lambda: None)
    return DONE


def daemon_outside():
    child(os.setsid)
    return DONE


def daemon_that_writes():
    def body():
        os.setsid()
        threading.Thread(target=write_for_ever, daemon=True).start()

    child(body)
    return DONE


def write_for_ever():
    while True:
        os.write(1, b"z" * 4096)


def program_outside():
    subprocess.Popen(["/bin/sleep", "1000"], start_new_session=True)
    return DONE


def processes_and_wait():
    child(lambda: None)
    subprocess.Popen(["/bin/sleep", "1000"])
    print("all there", flush=True)
    wait_for_ever()


def wait_with_daemon_outside():
    child(os.setsid)
    print("all there", flush=True)
    wait_for_ever()


def threads():
    for _ in range(5):
        threading.Thread(target=wait_for_ever).start()
    return DONE


def fork_and_return():
    os.fork()
    return DONE


def change_all():
    os.chdir("/")
    os.umask(0)
    os.environ["LEFT_BEHIND"] = "1"
    sys.modules["boefjes.left_behind"] = sys
    sys.setrecursionlimit(50)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    return DONE


def segfault():
    ctypes.string_at(0)


def kill_self():
    os.kill(os.getpid(), signal.SIGKILL)


def use_memory():
    hold = []
    while True:
        hold.append(bytearray(1 << 20))


def use_processor():
    while True:
        pass


def write_file():
    with open(os.environ["FILE"], "wb") if "FILE" in os.environ else TemporaryFile() as file:
        while True:
            file.write(b"x" * 65536)


def use_processes():
    """Stops before it would do harm where no limit holds."""
    for _ in range(100):
        child(lambda: None)
    return DONE


def open_files():
    held = []
    while True:
        held.append(open("/dev/null"))


def spy():
    """Looks into its host, as it can where it is not root's."""
    libc = ctypes.CDLL(None)
    libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    os.listdir("/proc/self/fd")
    open("/proc/self/fd/1", "w").close()
    open("/dev/stderr", "w").close()
    seen = []
    for look in (
        lambda host: os.open(f"/proc/{host}/fd/3", os.O_RDONLY),
        lambda host: os.open(f"/proc/{host}/mem", os.O_RDONLY),
        lambda host: os.open(f"/proc/{host}/environ", os.O_RDONLY),
    ):
        try:
            seen.append(str(look(os.getppid())))
        except PermissionError:
            pass
    return [({"text/plain"}, " ".join(seen))]


def spy_above():
    """Looks into whoever has started its host, as it can where that is not root's."""
    libc = ctypes.CDLL(None)
    with open(f"/proc/{os.getppid()}/stat") as file:
        above = int(file.read().rsplit(")", 1)[1].split()[1])
    libc.capset((ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)())
    try:
        with open(f"/proc/{above}/environ", "rb") as file:
            return [({"text/plain"}, f"{len(file.read())} bytes")]
    except PermissionError:
        return DONE


def print_word():
    word = os.environ["WORD"]
    for before in range(2020, 2050):
        print("x" * before + word + "!")
    print(word, flush=True)
    os._exit(3)


class Unspeakable(BaseException):
    def __str__(self):
        raise RuntimeError("it has no words")


def raise_it(error):
    raise error


def recurse():
    return recurse()


def long_error():
    raise ValueError("x" * 5_000_000)


def fail_in_chain():
    try:
        {}["missing"]
    except KeyError as error:
        raise LookupError("nothing there") from error


HOW = {
    "close-all": close_all,
    "replace-result": replace_result,
    "ignore-term": ignore_term,
    "fill-output": fill_output,
    "daemon-in-group": daemon_in_group,
    "daemon-outside": daemon_outside,
    "daemon-that-writes": daemon_that_writes,
    "program-outside": program_outside,
    "processes-and-wait": processes_and_wait,
    "wait-with-daemon-outside": wait_with_daemon_outside,
    "threads": threads,
    "fork-and-return": fork_and_return,
    "change-all": change_all,
    "segfault": segfault,
    "abort": os.abort,
    "kill-self": kill_self,
    "exit-3": lambda: os._exit(3),
    "exit-0": lambda: os._exit(0),
    "sys-exit": lambda: sys.exit(4),
    "use-memory": use_memory,
    "use-processor": use_processor,
    "write-file": write_file,
    "open-files": open_files,
    "use-processes": use_processes,
    "interrupt": lambda: raise_it(KeyboardInterrupt()),
    "generator-exit": lambda: raise_it(GeneratorExit()),
    "unspeakable": lambda: raise_it(Unspeakable()),
    "recurse": recurse,
    "long-error": long_error,
    "chain": fail_in_chain,
    "spy": spy,
    "spy-above": spy_above,
    "print-word": print_word,
    "wait": wait_for_ever,
    "wait-to-be-told": wait_to_be_told,
    "nap": lambda: time.sleep(0.01) or DONE,
}


def run(boefje_meta):
    return HOW[os.environ["HOW"]]()
