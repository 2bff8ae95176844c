"""The stubs for type checkers name what there is, and nothing else."""

import ast
import enum
import pathlib
import unittest

import broker
import broker.codes
import broker.zeek

FOLDER = pathlib.Path(broker.__file__).parent


def stubbed(file):
    """The classes of a stub, with the names in each; other names with nothing."""
    found = {}
    for node in ast.parse((FOLDER / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            names = found.setdefault(node.name, set())
            for base in node.bases:
                names |= found.get(getattr(base, "id", None)) or set()
            for inner in node.body:
                names.update(named(inner))
        else:
            found.update((name, None) for name in named(node))
    return found


def named(node):
    if isinstance(node, ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.AnnAssign):
        return [node.target.id]
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets]
    if isinstance(node, ast.ImportFrom):
        return [name.asname for name in node.names if name.asname]
    return []


def public(names):
    return {name for name in names if not name.startswith("_")}


class Stubs(unittest.TestCase):
    def test_the_module_is_as_its_stub_says(self):
        found = stubbed("__init__.pyi")
        self.assertEqual(public(found), set(broker.__all__) - {"containers", "immutable"})
        self.assertTrue((FOLDER / "py.typed").exists())

    def test_the_classes_are_as_their_stubs_say(self):
        classes = 0
        for module, file in (broker, "__init__.pyi"), (broker.zeek, "zeek.pyi"), (broker.codes, "codes.pyi"):
            for name, names in stubbed(file).items():
                if names is None or name.startswith("_"):
                    continue
                there = getattr(module, name)
                if issubclass(there, enum.Enum):
                    actual = set(there.__members__) - {"None"}
                else:
                    actual = public(dir(there)) - set(dir(Exception) if issubclass(there, Exception) else [])
                self.assertEqual(public(names), actual, name)
                classes += 1
        self.assertGreater(classes, 40)


if __name__ == "__main__":
    unittest.main()
