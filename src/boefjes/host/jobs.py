"""One job, seen from its own process: a plugin is imported, called, and what it returns is told."""

import errno
import importlib
import inspect
import json
import os
import sys
import traceback

from ostler_host import items, outputs, process
from ostler_host.frames import PIECE_BYTES, encode, write_all

# How a job's process ends that cannot tell its result. The daemon knows both numbers.
NOT_SET_UP = 121
RESULT_CLOSED = 122

MAX_TRACEBACK_BYTES = 1 << 20


def live(host, order, blobs, result, log):
    """The whole life of the process."""
    status = NOT_SET_UP
    try:
        process.enter(host, order, result, log)
        if order["kind"] == "program":
            become_program(order, blobs[0], result)
        if order["python"] is not None:
            become_interpreter(host, order, blobs, result)
        status = carry_out(order, blobs, result)
    except BaseException as error:
        if order["kind"] == "program":
            tell_not_begun(error, result)
        else:
            traceback.print_exc()
    finally:
        end(status)


def carry_out(order, blobs, result):
    """Runs the plugin and tells its result. The status to end with."""
    own = os.getpid()
    result = process.lift(result, order["limits"])
    pipe = os.fstat(result)
    header, pieces = perform(order, blobs)
    # What the plugin has forked and let come back from its `run` has nothing to tell.
    return tell(header, pieces, result, pipe) if os.getpid() == own else 0


def end(status):
    """Ends without the interpreter's rites: the plugin's threads and handlers are not asked."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        # Nobody is left who could be told.
        pass
    finally:
        os._exit(status)


def become_program(order, meta, result):
    """Becomes a program: the job's JSON on its input, its answer on its output."""
    take_as_input(meta)
    os.dup2(result, 1)
    program = order["program"]
    try:
        os.chdir(os.path.dirname(program))
        os.execve(program, [program], order["environment"])
    except OSError as error:
        why = f"{program} cannot be executed: {error.strerror}"
        if error.errno == errno.ENOEXEC:
            why += " (a script needs a first line like #!/bin/sh)"
        raise NotExecutableError(why) from error


class NotExecutableError(Exception):
    """A file cannot become a job's program."""


def tell_not_begun(error, result):
    """Says why there is no program, in words that cannot be taken for its answer."""
    why = str(error) if isinstance(error, NotExecutableError) else traceback.format_exc()
    write_all(result, b"\0" + why.encode("utf-8", "backslashreplace"))


def become_interpreter(host, order, blobs, result):
    """Becomes another interpreter, such as that of a plugin's own packages, for the same job."""
    once = {"type": "once", "hello": host.hello, "order": order}
    take_as_input(encode(host.embedded.sources), encode(once, blobs), *blobs)
    os.dup2(result, 1)
    start = host.embedded.get_source("ostler_host.start")
    arguments = ["-I", "-B", "-X", "utf8", "-c", start]
    os.execve(order["python"], [order["python"], *arguments], os.environ)


def take_as_input(*pieces):
    job = os.memfd_create("job")
    for piece in pieces:
        write_all(job, piece)
    os.lseek(job, 0, os.SEEK_SET)
    os.dup2(job, 0)


def perform(order, blobs, failed=None):
    """Runs the plugin. The head and the blobs of the result, whatever happens.

    `failed` is told of an exception while it is at hand.
    """
    from boefjes.runtime_interfaces import JobRuntimeError

    kind = order["kind"]
    try:
        try:
            return PERFORM[kind](order, blobs)
        except BaseException as error:
            if failed is not None:
                failed(error)
            name = {"boefje": "Boefje", "normalizer": "Normalizer"}.get(kind, "Import")
            raise JobRuntimeError(f"{name} failed") from error
    except JobRuntimeError:
        return {"kind": "error"}, [shown()]


def shown():
    """The traceback of the exception at hand, at most so many bytes of it."""
    process.make_room()
    try:
        text = traceback.format_exc().encode("utf-8", "backslashreplace")
    except MemoryError:
        text = b"MemoryError, and none is left for the traceback\n"
    if len(text) > MAX_TRACEBACK_BYTES:
        half = MAX_TRACEBACK_BYTES // 2 - 64
        cut = f"\n... {len(text) - 2 * half} bytes were cut out here ...\n".encode()
        text = text[:half] + cut + text[-half:]
    return text


def entry(order):
    """The plugin's `run`, and the parameters that it takes by position."""
    module = importlib.import_module(order["module"])
    run = getattr(module, "run", None)
    if not callable(run):
        raise TypeError(f"{order['module']} has no function run")
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(run).parameters.values()
    return run, [parameter for parameter in parameters if parameter.kind in positional]


def boefje(order, blobs):
    from boefjes.job_models import BoefjeMeta

    os.environ.update(order["imports"])
    run, parameters = entry(order)
    meta = BoefjeMeta(**json.loads(blobs[0]))
    if takes_plain(order["style"], parameters, "BoefjeMeta"):
        # Ids and times are values in it, and no texts, as the newer workers have it.
        meta = meta.model_dump()
    process.set_environment(order["environment"])
    return outputs.collect(run(meta), order["limits"])


def normalizer(order, blobs):
    from boefjes.job_models import NormalizerMeta

    run, parameters = entry(order)
    meta, raw = json.loads(blobs[0]), bytes(blobs[1])
    plain = takes_plain(order["style"], parameters, "NormalizerMeta", "normalizer_meta")
    subject = input_of(meta) if plain else NormalizerMeta(**meta)
    process.set_environment(order["environment"])
    return items.collect(run(subject, raw), order["limits"])


def scan(order, _):
    _, parameters = entry(order)
    return {"kind": "scan", "parameters": [parameter.name for parameter in parameters]}, []


PERFORM = {"boefje": boefje, "normalizer": normalizer, "scan": scan}


# What newer normalizers call their first parameter.
PLAIN_INPUT = "input_ooi"


def takes_plain(style, parameters, model, name=None):
    """Whether a plugin wants plain values rather than objects.

    Where the order leaves it open the first parameter tells: by its annotation or, for normalizers,
    by its name. All others are given what their version gives, but boefjes with another annotation an
    object.
    """
    if style not in ("auto", "auto_plain"):
        return style == "plain"
    if not parameters:
        return False
    first = parameters[0]
    annotation = first.annotation
    if annotation is not inspect.Parameter.empty:
        if not isinstance(annotation, str):
            annotation = getattr(annotation, "__name__", str(annotation))
        shown = annotation.removeprefix("typing.")
        if model in shown or shown.lower().startswith("dict"):
            return model not in shown
        if name is None:
            return False
    if name is not None and first.name in (name, PLAIN_INPUT):
        return first.name == PLAIN_INPUT
    return style == "auto_plain"


def input_of(meta):
    """What the newer normalizers get: the input object as the boefje got it."""
    job = meta["raw_data"]["boefje_meta"]
    arguments = job.get("arguments") or {}
    if "input" in arguments:
        return arguments["input"]
    return {"primary_key": job["input_ooi"]} if job.get("input_ooi") else {}


def tell(header, pieces, result, pipe):
    """Writes the result, unless the plugin has closed the pipe or put something in its place."""
    try:
        now = os.fstat(result)
        if (now.st_dev, now.st_ino) != (pipe.st_dev, pipe.st_ino):
            return RESULT_CLOSED
        head = encode(header, pieces)
        if len(head) + sum(map(len, pieces)) <= PIECE_BYTES:
            head, pieces = b"".join([head, *pieces]), ()
        write_all(result, head)
        for piece in pieces:
            write_all(result, piece)
    except OSError:
        return RESULT_CLOSED
    return 0
