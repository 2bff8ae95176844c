"""The enumerations of the module, of the names and numbers that the broker itself has."""

import enum

from . import _broker


class Code(enum.Enum):
    """Has a number, and equals nothing but itself."""

    def __int__(self):
        return self.value

    def __index__(self):
        return self.value


class ErrorCode(Code):
    """Equals its number, too."""

    def __eq__(self, other):
        return self.value == other if isinstance(other, int) else self is other

    def __hash__(self):
        return hash(self.value)


def _named(name, others=()):
    """`peer_added` as `PeerAdded`, but for what the original calls otherwise."""
    name = "".join(part.capitalize() for part in name.replace("-", "_").split("_"))
    return dict(others).get(name, name)


_EC, _SC, _PEER, _TYPE = _broker.codes()

EC = ErrorCode(
    "EC", [(_named(name, {"RequestTimeout": "RequestTimeOut"}), number) for name, number in _EC]
)
SC = Code("SC", [(_named(name), number) for name, number in _SC])
PeerStatus = Code("PeerStatus", [(_named(name), number) for name, number in _PEER])
# The original has two names for the type of no value, of which one cannot be written.
Type = Code(
    "Type",
    [("Nil", 0)]
    + [(_named(name), number) for name, number in _TYPE],
)
Protocol = Code("Protocol", {"Unknown": 0, "TCP": 1, "UDP": 2, "ICMP": 3})
Family = Code("Family", {"IPv4": 0, "IPv6": 1})
Backend = Code("Backend", {"Memory": 0, "SQLite": 1, "RocksDB": 2, "Fjall": 3})
Frontend = Code("Frontend", {"Master": 0, "Clone": 1})
APIFlags = Code("APIFlags", {"Blocking": 0, "NonBlocking": 1})


class StoreError(RuntimeError):
    """A store does not do what it is asked for."""

    def __init__(self, code, words):
        super().__init__(words)
        self._code = code

    def code(self):
        """Why, one of `EC`."""
        return self._code


class PeerFlags(enum.Flag):
    """How the connection to a peer came about."""

    Invalid = 0
    Local = 1
    Remote = 2
    Outbound = 4
    Inbound = 8

    def __int__(self):
        return self.value
