"""Asks one resolver, over UDP first, and over TCP where the answer is too long for that."""

import random
import socket
import time

from . import packet

# Seconds that one attempt waits for its answer, and how many there are.
PATIENCE = 4.0
ATTEMPTS = 3
MAX_DATAGRAM = 65535


class ResolverError(Exception):
    """The resolver gives no answer that can be used."""


def address(text):
    """Host and port of a resolver: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:53`."""
    host, port = text.strip(), "53"
    if host.startswith("["):
        host, _, rest = host[1:].partition("]")
        port = rest[1:] if rest.startswith(":") else rest or port
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"REMOTE_NS: {text!r} is no address of a resolver")
    return host, int(port)


class Resolver:
    """See the module."""

    def __init__(self, remote_ns):
        self.host, self.port = address(remote_ns)
        self.random = random.SystemRandom()

    def ask(self, name, kind):
        """Response code and records."""
        why = None
        for _ in range(ATTEMPTS):
            deadline = time.monotonic() + PATIENCE
            try:
                is_cut, rcode, records = self.over(self.datagram, name, kind, deadline)
                if is_cut:
                    is_cut, rcode, records = self.over(self.stream, name, kind, deadline)
                if is_cut:
                    raise packet.NoAnswer("its answer is cut off over TCP, too")
                return rcode, records
            except (OSError, packet.PacketError, packet.NoAnswer) as error:
                why = error
        raise ResolverError(f"{self.host}:{self.port} does not tell {kind} of {name}: {why}") from why

    def over(self, way, name, kind, deadline):
        identity = self.random.getrandbits(16)
        message = packet.question(identity, name, kind)
        return way(message, lambda reply: packet.answer(reply, identity, name, kind), deadline)

    def datagram(self, message, read, deadline):
        family, _, _, _, place = self.place(socket.SOCK_DGRAM)
        with socket.socket(family, socket.SOCK_DGRAM) as channel:
            channel.connect(place)
            channel.send(message)
            while True:
                channel.settimeout(left(deadline))
                reply = channel.recv(MAX_DATAGRAM)
                try:
                    return read(reply)
                except packet.PacketError:
                    # Anybody can send anything: the answer may still come.
                    continue

    def stream(self, message, read, deadline):
        family, _, _, _, place = self.place(socket.SOCK_STREAM)
        with socket.socket(family, socket.SOCK_STREAM) as channel:
            channel.settimeout(left(deadline))
            channel.connect(place)
            channel.sendall(len(message).to_bytes(2, "big") + message)
            size = int.from_bytes(exactly(channel, 2, deadline), "big")
            return read(exactly(channel, size, deadline))

    def place(self, kind):
        return socket.getaddrinfo(self.host, self.port, type=kind)[0]


def exactly(channel, count, deadline):
    data = b""
    while len(data) < count:
        channel.settimeout(left(deadline))
        piece = channel.recv(count - len(data))
        if not piece:
            raise ConnectionError("it ends too early")
        data += piece
    return data


def left(deadline):
    """Seconds that are left; an error if none are."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError("it does not answer in time")
    return seconds
