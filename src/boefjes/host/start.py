"""What a plugin host runs first: it takes its modules from its input and hands over to them.

Nothing of a host lies on disk, so there is nothing to be found, replaced or forbidden to execute.
The input begins with one frame: a length of four bytes, and a JSON object of module names and
sources. A name that ends in a dot is a package's.
"""

import json
import os
import sys
from importlib.machinery import ModuleSpec


class Embedded:
    """Finds and loads the modules that came with the host."""

    def __init__(self, sources):
        self.sources = sources
        # Where a package's modules are looked for that did not come with the host.
        self.locations = {}

    def find_spec(self, name, path=None, target=None):
        if name + "." in self.sources:
            spec = ModuleSpec(name, self, origin=self.file(name), is_package=True)
            spec.submodule_search_locations = self.locations.setdefault(name, [])
            return spec
        if name in self.sources:
            return ModuleSpec(name, self, origin=self.file(name))
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        name = module.__name__
        module.__file__ = self.file(name)
        exec(compile(self.get_source(name), self.file(name), "exec"), module.__dict__)

    def get_source(self, name):
        """The source, for those who print tracebacks."""
        return self.sources.get(name + ".", self.sources.get(name, ""))

    def file(self, name):
        inner = "/__init__" if name + "." in self.sources else ""
        return "(host)/" + name.replace(".", "/") + inner + ".py"


def read(count):
    """So many bytes of the input; a host whose input ends is not wanted any more."""
    pieces = bytearray()
    while len(pieces) < count:
        piece = os.read(INPUT, count - len(pieces))
        if not piece:
            sys.exit(0)
        pieces += piece
    return bytes(pieces)


if __name__ == "__main__":
    if sys.version_info < (3, 9):
        sys.exit("a plugin host needs Python 3.9 or newer")
    # Where a job has the terminal, its input and its output are other descriptors.
    INPUT, *OUTPUT = map(int, sys.argv[1:] or [0])
    embedded = Embedded(json.loads(read(int.from_bytes(read(4), "big"))))
    sys.meta_path.insert(0, embedded)
    if INPUT:
        from ostler_host import foreground

        for descriptor in (INPUT, *OUTPUT):
            os.set_inheritable(descriptor, False)
        foreground.main(embedded, INPUT, *OUTPUT)
    else:
        from ostler_host import serve

        serve.main(embedded)
