from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union

from typing_extensions import Self

from . import Count, Data

__all__ = ["Event", "MetadataType", "SafeEvent"]

class MetadataType:
    NetworkTimestamp: Count
    UserMetadataStart: Count

_Key = Union[Count, int]
_Metadata = Union[Mapping[_Key, Any], Iterable[tuple[_Key, Any]]]

class Event:
    def __new__(cls, *args: Any, metadata: Optional[_Metadata] = None) -> Self: ...
    def valid(self) -> bool: ...
    def name(self) -> str: ...
    def args(self) -> list[Any]: ...
    def metadata(self) -> Optional[list[tuple[Count, Any]]]: ...
    def as_data(self) -> Data: ...

class SafeEvent(Event): ...
