"""Endpoints of the tests, and how long they wait for what must come."""

import contextlib
import socket
import time

import broker

PATIENCE = 60.0
# Seconds between two looks.
REST = 0.005


def wait_for(what, holds):
    """Looks again and again, for what tells nobody that it has happened."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(REST)


def plain():
    """A configuration without TLS."""
    options = broker.BrokerOptions()
    options.disable_ssl = True
    return broker.Configuration(options)


@contextlib.contextmanager
def closed_port():
    """A port at which nobody listens, and nobody else can meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextlib.contextmanager
def endpoints(*topics, safe=False):
    """Two peers, and the subscribers of the first, one for each topic."""
    with broker.Endpoint(plain()) as reader, broker.Endpoint(plain()) as writer:
        make = reader.make_safe_subscriber if safe else reader.make_subscriber
        with contextlib.ExitStack() as stack:
            subscribers = [stack.enter_context(make(topic)) for topic in topics]
            port = reader.listen("127.0.0.1")
            assert writer.peer("127.0.0.1", port)
            assert reader.await_peer(writer.node_id(), PATIENCE)
            yield (reader, writer, *subscribers)
