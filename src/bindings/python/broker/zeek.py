"""Zeek's events."""

from . import Count, Data, ImmutableData, _broker

__all__ = ["Event", "MetadataType", "SafeEvent"]


class MetadataType:
    """The keys of an event's metadata."""

    NetworkTimestamp = Count(1)
    UserMetadataStart = Count(200)


class Event(_broker.Event):
    """An event.

    Either of a value that came: `Event(data)`; or of a name and arguments: `Event(name, *args)`,
    perhaps with metadata, a dictionary or pairs whose keys are counts or integers.
    """

    _data = Data

    def args(self):
        """The arguments. ValueError unless the event is valid."""
        return [self._data.to_py(argument) for argument in super().args()]

    def metadata(self):
        """Pairs of a Count and a value, or None. ValueError unless the event is valid."""
        metadata = super().metadata()
        return metadata and [self._data.to_py(entry) for entry in metadata]


class SafeEvent(Event):
    """An event whose values cannot be changed; see `SafeSubscriber`."""

    _data = ImmutableData
