# Imports the modules of plugins and tells of each whether it can be run.
#
# Reads one JSON object from standard input: `root`, the plugin folder; `path`, folders in which
# modules are looked for; `data`, how many bytes of data may be had, `cpu`, how many seconds of a
# processor, and `fsize`, how many bytes a file may get; `modules`, pairs of a module's name below the
# root and the number of parameters that its `run` must have.
#
# Writes lines of JSON: the number of a module before it is imported, and after it the number, what
# is wrong with the module or null, and whether that may change while its own files do not. What
# modules print goes to standard error.
import ctypes
import importlib
import importlib.util
import inspect
import json
import os
import resource
import signal
import sys
import types

LONGEST = 500
# From <linux/prctl.h>.
PR_SET_CHILD_SUBREAPER = 36


def bury():
    """Ends what modules have started, in whatever session it is."""
    below = [os.getpid()]
    for process in below:
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/children") as children:
                    below.extend(map(int, children.read().split()))
        except OSError:
            # It has ended meanwhile.
            pass
    for process in below[1:]:
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            pass


def verdict(module, parameters):
    try:
        run = getattr(importlib.import_module(module), "run", None)
    except MemoryError:
        raise
    except BaseException as error:
        text = str(error).strip().split("\n")[0]
        return f"it cannot be imported: {type(error).__name__}: {text}"[:LONGEST], True
    if run is None:
        return "it has no run", False
    if not inspect.isfunction(run):
        return "its run is no plain function", False
    count = len(inspect.signature(run).parameters)
    if count != parameters:
        return f"its run has {count} parameters and not {parameters}", False
    return None, False


def package(name, folder):
    """Makes the folder importable under this name, whatever else has it."""
    init = os.path.join(folder, "__init__.py")
    if os.path.isfile(init):
        spec = importlib.util.spec_from_file_location(
            name, init, submodule_search_locations=[folder]
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    else:
        module = types.ModuleType(name)
        module.__path__ = [folder]
        sys.modules[name] = module
    return module


def prepare(root, path):
    """Makes the plugins importable as boefjes.plugins and by the name of their folder."""
    above, own = os.path.split(root)
    sys.path[:0] = path
    if os.path.basename(above) == "boefjes" and own == "plugins":
        # As the original lies on the disk, and runs: beside the rest of its package.
        base = os.path.dirname(above)
        sys.path.insert(0, base)
    else:
        base = above
        sys.path.append(base)
    os.chdir(base)
    try:
        boefjes = importlib.import_module("boefjes")
    except Exception:
        sys.modules.pop("boefjes", None)
        boefjes = types.ModuleType("boefjes")
        boefjes.__path__ = []
        sys.modules["boefjes"] = boefjes
    boefjes.plugins = package("boefjes.plugins", root)
    return "boefjes.plugins."


def main():
    told = json.load(sys.stdin)
    answers = os.dup(1)
    os.dup2(2, 1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # The hard limits too, so that no module takes them away. What counts processes counts those of
    # the whole user, so there is no limit of them.
    for kind in ("data", "cpu", "fsize"):
        number = getattr(resource, "RLIMIT_" + kind.upper())
        hard = resource.getrlimit(number)[1]
        limit = told[kind] if hard == resource.RLIM_INFINITY else min(told[kind], hard)
        resource.setrlimit(number, (limit, limit))

    # What leaves its parent stays below this process, where it is found at the end.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def tell(*line):
        os.write(answers, json.dumps(line).encode() + b"\n")

    try:
        prefix = prepare(told["root"], told["path"])
    except BaseException as error:
        # In one line, since only the first is shown.
        os.write(2, f"the plugin folder: {type(error).__name__}: {error}\n".encode())
        os._exit(1)
    for number, (module, parameters) in enumerate(told["modules"]):
        tell(number)
        try:
            judged = verdict(prefix + module, parameters)
        except MemoryError:
            # What it has taken is not given back: the next ones need an interpreter of their own.
            tell(number, "it cannot be imported: it needs too much memory", False)
            break
        tell(number, *judged)
    bury()
    # Without waiting for threads that a module has left behind.
    os._exit(0)


main()
