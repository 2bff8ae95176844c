"""Yields items as the raw file says: a list of JSON, or the name of something odd."""

import datetime
import enum
import ipaddress
import json
import uuid

from boefjes import job_models


class Level(enum.Enum):
    L2 = 2


CIRCLE = []
CIRCLE.append(CIRCLE)

ODD = {
    "none": lambda: None,
    "number": lambda: [5],
    "not-iterable": lambda: 5,
    "no-numbers": lambda: [
        {"object_type": "Network", "name": float("nan"), "more": [-float("inf")]}
    ],
    "circle": lambda: [{"object_type": "Network", "name": CIRCLE}],
    "models": lambda: [
        job_models.NormalizerPlainOOI(object_type="Network", name="a"),
        job_models.NormalizerDeclaration(ooi={"object_type": "Network", "name": "b"}),
        job_models.NormalizerAffirmation(ooi={"object_type": "Network", "name": "c"}),
        job_models.NormalizerObservation(
            input_ooi="Network|d", results=[{"object_type": "Network", "name": "d"}]
        ),
        job_models.NormalizerScanProfile(reference="Network|e", level=2),
    ],
    "values": lambda: [
        {
            "object_type": "Network",
            "when": datetime.datetime(2026, 11, 25, 18, 0, 0, 5, datetime.timezone.utc),
            "span": datetime.timedelta(days=1, hours=2, seconds=3, microseconds=400000),
            "none": datetime.timedelta(),
            "day": datetime.date(2026, 11, 25),
            "id": uuid.UUID(int=5),
            "address": ipaddress.ip_address("::1"),
            "level": Level.L2,
            "set": {1},
            "bytes": b"b",
        }
    ],
    "fails": lambda: (1 / 0 for _ in [1]),
}


def run(normalizer_meta, raw):
    text = raw.decode()
    return ODD[text]() if text in ODD else json.loads(text)
