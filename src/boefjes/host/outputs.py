"""What a boefje returns: any number of pairs of media types and octets or text."""


class OutputLimitError(Exception):
    """A plugin returns more than a job may."""


class Room:
    """How much a job may still return."""

    def __init__(self, limits):
        self.limits = limits
        self.count = 0
        self.size = 0

    def take(self, size):
        self.count += 1
        self.size += size
        for taken, limit, words in (
            (self.count, self.limits["outputs"], "more than {} outputs"),
            (size, self.limits["output_size"], "an output of more than {} bytes"),
            (self.size, self.limits["output"], "outputs of more than {} bytes together"),
        ):
            if taken > limit:
                raise OutputLimitError(words.format(limit))


def collect(returned, limits):
    """Head and blobs of the result."""
    types, blobs, room = [], [], Room(limits)
    for pair in () if returned is None else returned:
        mime_types, output = pair
        blob = octets(output)
        room.take(len(blob))
        types.append(texts(mime_types))
        blobs.append(blob)
    return {"kind": "outputs", "outputs": types}, blobs


def octets(output):
    if isinstance(output, str):
        return output.encode()
    if isinstance(output, (bytes, bytearray, memoryview)):
        return bytes(output)
    raise TypeError(f"an output is bytes or str, not {type(output).__name__}")


def texts(mime_types):
    """The media types of one output; in order, since a set has none of its own."""
    if isinstance(mime_types, str):
        return [mime_types]
    found = sorted(mime_types) if isinstance(mime_types, (set, frozenset)) else list(mime_types)
    for mime_type in found:
        if not isinstance(mime_type, str):
            raise TypeError(f"a media type is a str, not {type(mime_type).__name__}")
    return found
