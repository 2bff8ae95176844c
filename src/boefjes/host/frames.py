"""Frames: a length of four bytes in network order, a JSON object, and the blobs that it announces.

`"blobs": [n1, n2, ...]` in the object says how many bytes of each blob follow it.
"""

import json
import os

# A piece of a pipe that is read or passed on at once.
PIECE_BYTES = 1 << 18


def write_all(descriptor, data):
    """Writes everything, however the pipe takes it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def encode(header, blobs=()):
    """A frame's head: what is written before the blobs themselves."""
    if blobs:
        header = {**header, "blobs": [len(blob) for blob in blobs]}
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text


class Channel:
    """The two pipes to the daemon. Everything blocks: a daemon that is gone has ended the host."""

    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer

    def read(self):
        """The next frame's object and blobs; `None` at the end."""
        length = self.read_exactly(4)
        if length is None:
            return None
        text = self.read_exactly(int.from_bytes(length, "big"))
        if text is None:
            return None
        header = json.loads(text)
        blobs = []
        for size in header.get("blobs", ()):
            blob = self.read_exactly(size)
            if blob is None:
                return None
            blobs.append(blob)
        return header, blobs

    def write(self, header, *blobs):
        write_all(self.writer, b"".join([encode(header, blobs), *blobs]))

    def read_exactly(self, count):
        data = bytearray(count)
        view = memoryview(data)
        while view:
            done = os.readv(self.reader, [view[:PIECE_BYTES]])
            if not done:
                return None
            view = view[done:]
        return data
