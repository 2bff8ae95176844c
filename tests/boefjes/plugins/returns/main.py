"""Returns what the variable WHAT says, in all the forms that are allowed and some that are not."""

import os


def generated():
    yield {"text/one"}, "1"
    yield {"text/two"}, b"2"


def lasting():
    """Goes on until there is no more room."""
    while True:
        yield {"text/plain"}, b"x" * 1000


class Raising:
    def __iter__(self):
        raise ValueError("no iteration today")


WHAT = {
    "none": lambda: None,
    "empty": list,
    "list": lambda: [({"text/a", "text/b"}, "é"), (set(), b"\x00\xff")],
    "tuple": lambda: ((("text/plain",), bytearray(b"ba")), (["text/plain"], memoryview(b"mv"))),
    "generator": generated,
    "set": lambda: {(frozenset({"text/plain"}), "s")},
    "type-as-text": lambda: [("text/plain", "t")],
    "number": lambda: 5,
    "text": lambda: "text",
    "not-pairs": lambda: [1, 2],
    "number-as-output": lambda: [({"text/plain"}, 7)],
    "number-as-type": lambda: [({7}, "x")],
    "surrogate": lambda: [({"text/plain"}, "\ud800")],
    "raising": Raising,
    "lasting": lasting,
    "large": lambda: [({"text/plain"}, b"x" * int(os.environ["SIZE"]))],
    "many": lambda: [({"text/plain"}, b"x" * 100_000)] * int(os.environ["SIZE"]),
}


def run(boefje_meta):
    return WHAT[os.environ["WHAT"]]()
