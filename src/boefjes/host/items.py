"""What a normalizer yields: objects, and statements about objects."""

import json

from boefjes.job_models import NormalizerPlainOOI
from ostler_host.outputs import Room
from ostler_host.plain import plain


class Checked:
    """The object types of the octopoes package, where it is installed."""

    def __init__(self):
        try:
            from octopoes.models.types import type_by_name
        except ImportError:
            type_by_name = None
        self.type_by_name = type_by_name

    def object(self, value):
        """An object as plain values."""
        if isinstance(value, NormalizerPlainOOI):
            value = value.model_dump()
        if not isinstance(value, dict):
            if not hasattr(value, "object_type"):
                raise unsupported(value)
            return dumped(value)
        if not isinstance(value.get("object_type"), str):
            raise ValueError("an object needs an object_type")
        if self.type_by_name is None:
            return value
        return dumped(self.type_by_name(value["object_type"]).model_validate(value))


def collect(yielded, limits):
    """Head and blobs of the result: one blob of JSON an item."""
    checked, kinds, blobs, room = Checked(), [], [], Room(limits)
    for value in () if yielded is None else yielded:
        kind, item = classify(value, checked)
        blob = text(item)
        room.take(len(blob))
        kinds.append(kind)
        blobs.append(blob)
    return {"kind": "items", "items": kinds, "checked": checked.type_by_name is not None}, blobs


def classify(value, checked):
    """What an item is, tried in this order, and the item as plain values."""
    members = value if isinstance(value, dict) else Attributes(value)
    if "object_type" in members:
        return "object", checked.object(value)
    kind = members.get("type")
    if kind == "observation":
        results = [checked.object(result) for result in members["results"]]
        return kind, {"type": kind, "input_ooi": members["input_ooi"], "results": results}
    if kind in ("declaration", "affirmation"):
        item = {"type": kind, "ooi": checked.object(members["ooi"])}
        if members.get("end_valid_time") is not None:
            item["end_valid_time"] = members["end_valid_time"]
        return kind, item
    if "scan_profile_type" in members:
        names = ("scan_profile_type", "reference", "level")
        return "scan_profile", {name: members[name] for name in names if name in members}
    raise unsupported(value)


class Attributes:
    """The attributes of an object, read like the members of a dict."""

    def __init__(self, value):
        self.value = value

    def __contains__(self, name):
        return hasattr(self.value, name)

    def __getitem__(self, name):
        return getattr(self.value, name)

    def get(self, name):
        return getattr(self.value, name, None)


def dumped(model):
    return model.model_dump(mode="json")


def unsupported(value):
    return TypeError(
        f"a normalizer yields objects or dicts that name their type, not {value!r:.200}"
    )


def text(item):
    # The daemon takes what is no finite number for null, as pydantic writes it, once it has checked
    # whether a number may stand there.
    return json.dumps(item, default=plain, ensure_ascii=False).encode()
