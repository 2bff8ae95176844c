"""Values that JSON does not know, as pydantic writes them."""

import datetime
import enum
import ipaddress
import os
import uuid


def plain(value):
    """For `json.dumps`: the value in terms that it knows."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.datetime):
        return moment(value)
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return duration(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    if isinstance(value, (bytes, bytearray)):
        return value.decode()
    if isinstance(value, (uuid.UUID, ipaddress._IPAddressBase, os.PathLike)):
        return str(value)
    if hasattr(value, "unicode_string"):
        # A URL of pydantic's.
        return str(value)
    raise TypeError(f"{type(value).__name__} is no value of JSON")


def moment(value):
    text = value.isoformat()
    return text[:-6] + "Z" if text.endswith("+00:00") else text


def duration(value):
    """A span of time as ISO 8601 has it, in years of 365 days, days and seconds."""
    sign = "-" if value < datetime.timedelta() else ""
    value = abs(value)
    years, days = divmod(value.days, 365)
    fraction = f".{value.microseconds:06}".rstrip("0") if value.microseconds else ""
    date = "".join(f"{n}{unit}" for n, unit in ((years, "Y"), (days, "D")) if n)
    clock = f"T{value.seconds}{fraction}S" if value.seconds or fraction or not date else ""
    return f"{sign}P{date}{clock}"
