"""Zeek's Broker: endpoints that publish and subscribe, and peer with each other and with Zeek.

    import broker

    with broker.Endpoint() as endpoint, endpoint.make_subscriber("/test") as subscriber:
        endpoint.peer("127.0.0.1", 9999)
        endpoint.publish("/test", [1, "two"])
        topic, data = subscriber.get()

Values of Broker's and of Python's are converted on the way. What Python has not is in classes here:
`Count`, `Port` and `Enum`. A vector comes as a tuple, and times in UTC.

Time is that of the clock: `use_real_time = False` in `BrokerOptions`, for a time that a program sets
itself, is warned of, since keys of stores expire by the clock in any case. Nothing has to be said for
stores to be awaited: `shutdown()` does so, up to 10 seconds, until what was written to them is kept or
sent.

A clone answers from what it had of a master that has gone, for `stale_interval` seconds: 300 unless
it is said, for ever with `math.inf`, and no time at all is a ValueError. A master and its clones should
be told alike of ticks and heartbeats: `store_tick_interval` and `store_heartbeat_interval` of
`Configuration`, as `tick-interval` and `heartbeat-interval` of a node.
"""

from datetime import timezone as _timezone

from . import _broker, codes
from ._broker import (
    Address,
    BrokerOptions,
    Configuration,
    Count,
    Endpoint,
    EndpointInfo,
    Enum,
    Error,
    NetworkInfo,
    OptionalNetworkInfo,
    PeerInfo,
    Port,
    Publisher,
    SafeSubscriber,
    Set,
    Status,
    StatusSubscriber,
    Store,
    Subnet,
    Subscriber,
    Table,
    Timespan,
    Timestamp,
    Topic,
    Vector,
    now,
)
from .codes import EC, SC, APIFlags, Backend, Frontend, PeerFlags, PeerStatus, StoreError
from .containers import VectorTopic as _VectorTopic
from .immutable import ImmutableDict

utc = _timezone.utc

Address.Family = codes.Family
_broker.Data.Type = codes.Type
_broker.VectorTopic = _VectorTopic
Port.Protocol = codes.Protocol
for _protocol in codes.Protocol:
    setattr(Port, _protocol.name, _protocol)
del _protocol


class Version:
    """The version of this module, and of the protocol between peers."""

    MAJOR, MINOR, PATCH = _broker.VERSION
    PROTOCOL = 1

    @staticmethod
    def compatible(version):
        """Whether peers with this version of the protocol are understood."""
        return version == Version.PROTOCOL

    @staticmethod
    def string():
        """Like `1.2.3`."""
        return f"{Version.MAJOR}.{Version.MINOR}.{Version.PATCH}"


class Data(_broker.Data):
    """A value of Broker's, of anything that can be one."""

    __slots__ = ()

    @staticmethod
    def from_py(x):
        """The value that something of Python's is for Broker. TypeError if it is none."""
        return Data(x)

    to_py = staticmethod(_broker.to_py)


class ImmutableData(Data):
    """Becomes such values of Python's as cannot be changed.

    Sets are a `frozenset` and tables an `ImmutableDict` then, so that both may be in sets and be
    keys, as in Broker.
    """

    __slots__ = ()

    @staticmethod
    def from_py(x):
        """See `Data.from_py`."""
        return ImmutableData(x)

    to_py = staticmethod(_broker.to_py_immutable)


class Message:
    """What programs make messages of that become values."""

    def to_broker(self):
        """The value."""
        raise NotImplementedError("to_broker() is not overridden")


from . import zeek  # noqa: E402  it needs the classes above

__all__ = [name for name in dir() if not name.startswith("_")]
