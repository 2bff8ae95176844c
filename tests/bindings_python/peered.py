"""Endpoints of the tests, and how long they wait for what must come."""

import contextlib

import broker

PATIENCE = 60.0


def plain():
    """A configuration without TLS."""
    options = broker.BrokerOptions()
    options.disable_ssl = True
    return broker.Configuration(options)


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
