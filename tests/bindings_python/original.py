"""The module has each name of the original's, to be called as that is: see `original.pyi`. The scripts
in `scripts/` call nothing else."""

import ast
import inspect
import pathlib
import unittest

import broker
import broker.zeek
from peered import plain

FOLDER = pathlib.Path(__file__).parent


def listed(body, owner=()):
    """All that is in the list: where it is, and how it stands there."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield (*owner, node.name), node
            yield from listed(node.body, (*owner, node.name))
        elif isinstance(node, ast.FunctionDef):
            yield (*owner, node.name), node
        elif isinstance(node, ast.AnnAssign):
            yield (*owner, node.target.id), node
        elif isinstance(node, ast.Assign):
            yield (*owner, node.targets[0].id), node
        else:
            raise TypeError(ast.dump(node))


ORIGINAL = list(listed(ast.parse((FOLDER / "original.pyi").read_text()).body))
NAMES = {part for path, _ in ORIGINAL for part in path}


NOTHING = ((), {})
STAMP = {broker.zeek.MetadataType.NetworkTimestamp: broker.now()}
# How each class can be made: of what in its place, and of what by name.
MAKINGS = {
    "Address": [NOTHING, ((b"\x01\x02\x03\x04", 4), {}), ((bytes(16), 6), {})],
    "Subnet": [NOTHING, ((broker.Address(bytes(4), 4), 8), {})],
    "Count": [((1,), {})],
    "Enum": [(("Module::Value",), {})],
    "Port": [NOTHING, ((80, broker.Port.TCP), {})],
    "Timespan": [NOTHING, ((10**9,), {}), ((1.5,), {})],
    "Timestamp": [NOTHING, ((1.5,), {}), ((broker.Timespan(1),), {})],
    "Topic": [(("/a",), {})],
    "Set": [NOTHING, (([1, 2],), {})],
    "Table": [NOTHING],
    "Vector": [NOTHING, (([1, 2],), {})],
    "Data": [NOTHING, ((1,), {}), ((), {"x": 1}), ((broker.Data(1),), {})],
    "ImmutableData": [NOTHING, ((1,), {}), ((), {"x": 1})],
    "BrokerOptions": [NOTHING],
    "Configuration": [NOTHING, ((broker.BrokerOptions(),), {})],
    "Status": [NOTHING],
    "Error": [NOTHING],
    "zeek.Event": [(("name", 1, "two"), {}), (("name",), {"metadata": STAMP})],
    "zeek.SafeEvent": [(("name", 1, "two"), {}), (("name",), {"metadata": STAMP})],
}


def found(path):
    there = broker
    for name in path:
        there = getattr(there, name)
    return there


def calls(function):
    """Each way in which the original can be called: by place, and by name where there are names."""
    arguments = function.args
    places = arguments.posonlyargs + arguments.args
    is_method = bool(places) and places[0].arg == "self"
    needed = len(places) - len(arguments.defaults) - is_method
    places = [place.arg for place in places][is_method:]
    named = [argument.arg for argument in arguments.args if argument.arg != "self"]
    for number in range(needed, len(places) + 1):
        yield places[:number], {}
        yield (
            [place for place in places[:number] if place not in named],
            {place: place for place in places[:number] if place in named},
        )
    if arguments.vararg:
        yield ["one", "two", "three"], {}


def defaults(function):
    """Those that are compared."""
    places = function.args.posonlyargs + function.args.args
    for argument, default in zip(places[::-1], function.args.defaults[::-1]):
        value = ast.literal_eval(default)
        if value is not ...:
            yield argument.arg, value


class Original(unittest.TestCase):
    def test_each_name_is_there(self):
        for path, node in ORIGINAL:
            with self.subTest(".".join(path)):
                there = found(path)
                if isinstance(node, ast.ClassDef):
                    self.assertTrue(inspect.isclass(there) or inspect.ismodule(there))
                elif isinstance(node, ast.FunctionDef):
                    self.assertTrue(callable(there))
                elif isinstance(node, ast.Assign):
                    self.assertEqual(int(there), ast.literal_eval(node.value))
        self.assertGreater(len(ORIGINAL), 250)

    def test_each_function_can_be_called_as_that_of_the_original(self):
        functions = 0
        for path, node in ORIGINAL:
            if not isinstance(node, ast.FunctionDef):
                continue
            if node.name == "__init__":
                # Of which older versions of Python cannot tell how it is called.
                continue
            signature = inspect.signature(found(path))
            is_static = bool(node.decorator_list) or len(path) == 1
            for places, names in calls(node):
                with self.subTest(".".join(path), places=places, names=names):
                    signature.bind(*[None] * (not is_static), *places, **names)
                    functions += 1
            for name, value in defaults(node):
                with self.subTest(".".join(path), default=name):
                    self.assertEqual(signature.parameters[name].default, value)
        self.assertGreater(functions, 250)

    def test_each_class_is_made_as_that_of_the_original(self):
        made = set()
        for name, calls_of_it in MAKINGS.items():
            for places, names in calls_of_it:
                with self.subTest(name, places=places, names=names):
                    self.assertIsNotNone(found(name.split("."))(*places, **names))
                    made.add(name)
        # An endpoint that was told nothing warns, see messages.py.
        with broker.Endpoint(plain()) as endpoint:
            made.add(type(endpoint).__name__)
        self.assertEqual(made, {".".join(path[:-1]) for path, _ in ORIGINAL if path[-1] == "__init__"})

    def test_what_can_be_set_can_be_set(self):
        for made in broker.BrokerOptions(), broker.Configuration():
            for path, node in ORIGINAL:
                if isinstance(node, ast.AnnAssign) and path[0] == type(made).__name__:
                    # Something else than before.
                    kind = type(getattr(made, path[1]))
                    value = {bool: not getattr(made, path[1]), str: "x", int: 2}[kind]
                    setattr(made, path[1], value)
                    self.assertEqual(getattr(made, path[1]), value, path)

    def test_the_scripts_use_no_other_names(self):
        scripts = list((FOLDER / "scripts").glob("*.py"))
        for script in scripts:
            for node in ast.walk(ast.parse(script.read_text())):
                if not isinstance(node, ast.Attribute):
                    continue
                if getattr(node.value, "id", None) not in ("select", "sys"):
                    self.assertTrue(node.attr in NAMES, f"{script.name}: {node.attr}")
        self.assertGreater(len(scripts), 3)


if __name__ == "__main__":
    unittest.main()
