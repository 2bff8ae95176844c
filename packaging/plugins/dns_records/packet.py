"""DNS messages (RFC 1035): questions are written, and answers are read with all suspicion."""

import ipaddress
import re
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
NAMES = {number: name for name, number in TYPES.items()}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
# The response codes that tell something of the name; the others are those of a resolver in trouble.
ANSWERS = ("NOERROR", "NXDOMAIN")
INTERNET = 1

RESPONSE = 0x8000
TRUNCATED = 0x0200
RECURSION_DESIRED = 0x0100

# RFC 1035, 2.3.4.
MAX_LABEL = 63
MAX_NAME = 255

# What separates labels (RFC 3490, 3.1).
DOTS = re.compile("[.\u3002\uff0e\uff61]")
# Octets that a shown label has as they are. `|` is not among them: it separates references' parts.
PLAIN = frozenset(range(0x21, 0x7F)) - frozenset(b'"();@$|\\.')


class PacketError(ValueError):
    """What came is no answer to what was asked."""


class NoAnswer(Exception):
    """The resolver says that it does not answer."""


def question(identity, name, kind):
    """The message that asks for the records of one type."""
    head = struct.pack("!6H", identity, RECURSION_DESIRED, 1, 0, 0, 0)
    return head + encoded(name) + struct.pack("!2H", TYPES[kind], INTERNET)


def encoded(name):
    """A name as messages have it."""
    labels = []
    for label in DOTS.split(DOTS.sub(".", name).removesuffix(".")):
        try:
            label = label.encode("ascii")
        except UnicodeEncodeError:
            label = label.encode("idna")
        if not 0 < len(label) <= MAX_LABEL:
            raise ValueError(f"{name!r} is no hostname")
        labels.append(bytes([len(label)]) + label)
    whole = b"".join(labels) + b"\0"
    if len(whole) > MAX_NAME:
        raise ValueError(f"{name!r} is no hostname")
    return whole


def shown(name):
    """A name as answers have it: internationalised labels encoded, and in lower case."""
    return Reader(encoded(name)).name()


def presented(label):
    """A label as text, with everything escaped that has a meaning there (RFC 1035, 5.1)."""
    return "".join(
        chr(octet) if octet in PLAIN else f"\\{octet:03}" for octet in bytes(label).lower()
    )


def answer(message, identity, name, kind):
    """The answer to a question: whether it is cut off, its response code, and its records."""
    reader = Reader(message)
    own, flags, questions, answers, _, _ = reader.numbers("!6H")
    if own != identity or not flags & RESPONSE or questions != 1:
        raise PacketError("it answers another question")
    asked = reader.name()
    if (asked, *reader.numbers("!2H")) != (shown(name), TYPES[kind], INTERNET):
        raise PacketError("it answers another question")
    rcode = RCODES.get(flags & 0xF, f"RCODE{flags & 0xF}")
    if rcode not in ANSWERS:
        raise NoAnswer(f"it says {rcode}")
    if flags & TRUNCATED:
        return True, None, []
    records = [record for record in (reader.record() for _ in range(answers)) if record]
    return False, rcode, records


class Reader:
    """Reads a message from its beginning."""

    def __init__(self, message):
        self.message = message
        self.place = 0

    def bytes(self, count):
        end = self.place + count
        if end > len(self.message):
            raise PacketError("it ends too early")
        taken, self.place = self.message[self.place : end], end
        return taken

    def numbers(self, form):
        return struct.unpack(form, self.bytes(struct.calcsize(form)))

    def name(self):
        """A name as text in lower case, without the dot at its end."""
        labels, size, back = [], 0, None
        while True:
            (length,) = self.bytes(1)
            if length & 0xC0 == 0xC0:
                (low,) = self.bytes(1)
                target = (length & 0x3F) << 8 | low
                here = self.place - 2
                # A pointer leads backwards, so that there is an end to it.
                if target >= here:
                    raise PacketError("a name leads nowhere")
                back = self.place if back is None else back
                self.place = target
                size += 1
            elif length > MAX_LABEL:
                raise PacketError("a name is strange")
            elif length == 0:
                break
            else:
                labels.append(presented(self.bytes(length)))
                size += length + 1
            if size > MAX_NAME:
                raise PacketError("a name is too long")
        if back is not None:
            self.place = back
        return ".".join(labels)

    def record(self):
        """One record as plain values; `None` if its type is not known here."""
        owner = self.name()
        number, of, ttl, length = self.numbers("!2HIH")
        end = self.place + length
        if end > len(self.message):
            raise PacketError("it ends too early")
        kind = NAMES.get(number) if of == INTERNET else None
        record = None
        if kind is not None:
            data = getattr(self, f"read_{kind.lower()}")(end)
            record = {"name": owner, "type": kind, "ttl": ttl, **data}
            if self.place != end:
                raise PacketError(f"a record of type {kind} has the wrong length")
        self.place = end
        return record

    def read_a(self, _):
        return {"address": str(ipaddress.IPv4Address(self.bytes(4)))}

    def read_aaaa(self, _):
        return {"address": str(ipaddress.IPv6Address(self.bytes(16)))}

    def read_ns(self, _):
        return {"target": self.name()}

    read_cname = read_ns

    def read_mx(self, _):
        (preference,) = self.numbers("!H")
        return {"preference": preference, "target": self.name()}

    def read_soa(self, _):
        names = {"master": self.name(), "mailbox": self.name()}
        fields = ("serial", "refresh", "retry", "expire", "minimum")
        return {**names, **dict(zip(fields, self.numbers("!5I")))}

    def read_txt(self, end):
        pieces = []
        while self.place < end:
            (length,) = self.bytes(1)
            pieces.append(text(self.bytes(length)))
        return {"text": "".join(pieces)}


def text(data):
    """Octets as text: what is no UTF-8 is shown by its numbers."""
    return bytes(data).decode("utf-8", "backslashreplace")
