"""Tables that cannot be changed."""

import collections.abc


class ImmutableDict(collections.abc.Mapping):
    """A dictionary that cannot be changed, and may be in sets and be a key."""

    __slots__ = ("_entries", "_hash")

    def __init__(self, *entries, **more):
        self._entries = dict(*entries, **more)
        self._hash = None

    def __getitem__(self, key):
        return self._entries[key]

    def __iter__(self):
        return iter(self._entries)

    def __len__(self):
        return len(self._entries)

    def __hash__(self):
        if self._hash is None:
            self._hash = hash(frozenset(self._entries.items()))
        return self._hash

    def __repr__(self):
        return f"ImmutableDict({self._entries!r})"
