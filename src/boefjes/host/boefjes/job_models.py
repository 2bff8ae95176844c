"""The models of jobs, and of what normalizers yield.

They have the interface of the pydantic models that plugins were written for, as far as plugins use
it, and need no package. Times carry a zone, ids are UUIDs; what is not known is dropped.
"""

import copy
import datetime
import hashlib
import json
import re
import uuid

from ostler_host.plain import plain

REQUIRED = object()
FRACTION = re.compile(r"\.(\d+)")


def as_it_is(value):
    return value


def text(value):
    if not isinstance(value, str):
        raise ValueError(f"a text is needed, not {value!r:.100}")
    return value


def name(value):
    if not text(value):
        raise ValueError("a name must not be empty")
    return value


def identifier(value):
    return value if isinstance(value, uuid.UUID) else uuid.UUID(text(value))


def moment(value):
    if not isinstance(value, datetime.datetime):
        # Before Python 3.11 only one form of all that ISO 8601 allows is read.
        value = text(value).replace("Z", "+00:00")
        value = FRACTION.sub(lambda found: "." + found[1][:6].ljust(6, "0"), value)
        value = datetime.datetime.fromisoformat(value)
    if value.tzinfo is None:
        raise ValueError("a time needs a zone")
    return value


def optional(read):
    return lambda value: None if value is None else read(value)


def model(kind):
    return lambda value: value if isinstance(value, kind) else kind(**value)


class Model:
    """A value with the fields that its class lists: how each is read, and what it is by default."""

    FIELDS = {}

    def __init__(self, **values):
        for field, (read, default) in self.FIELDS.items():
            value = values.get(field, default)
            if value is REQUIRED:
                raise ValueError(f"{type(self).__name__} needs {field}")
            if value is not default:
                try:
                    value = read(value)
                except (TypeError, ValueError, AttributeError) as error:
                    raise ValueError(f"{type(self).__name__}.{field}: {error}") from error
            setattr(self, field, copy.copy(value) if value is default else value)

    @classmethod
    def model_validate(cls, values):
        return values if isinstance(values, cls) else cls(**values)

    @classmethod
    def model_validate_json(cls, text):
        return cls(**json.loads(text))

    def model_dump(self, mode="python", exclude_none=False, **_):
        if mode == "json":
            return json.loads(self.model_dump_json(exclude_none=exclude_none))
        values = {field: dumped(getattr(self, field), exclude_none) for field in self.FIELDS}
        if exclude_none:
            return {field: value for field, value in values.items() if value is not None}
        return values

    def model_dump_json(self, indent=None, exclude_none=False, **_):
        separators = (",", ":") if indent is None else None
        values = self.model_dump(exclude_none=exclude_none)
        return json.dumps(
            values, default=plain, indent=indent, separators=separators, ensure_ascii=False
        )

    def model_copy(self, update=None, deep=False):
        new = copy.deepcopy(self) if deep else copy.copy(self)
        vars(new).update(update or {})
        return new

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self):
        fields = ", ".join(f"{field}={getattr(self, field)!r}" for field in self.FIELDS)
        return f"{type(self).__name__}({fields})"


def dumped(value, exclude_none):
    if hasattr(value, "model_dump"):
        return value.model_dump(exclude_none=exclude_none)
    if isinstance(value, list):
        return [dumped(item, exclude_none) for item in value]
    return value


class JobException(Exception):
    """What is wrong with a job."""


class UnsupportedReturnTypeNormalizer(JobException):
    """A normalizer yielded a value of this type."""


class InvalidReturnValueNormalizer(JobException):
    """A normalizer yielded a dict that means nothing."""


class Job(Model):
    FIELDS = {
        "id": (identifier, REQUIRED),
        "started_at": (optional(moment), None),
        "ended_at": (optional(moment), None),
    }

    @property
    def runtime(self):
        if self.started_at is None or self.ended_at is None:
            return None
        return self.ended_at - self.started_at


class Boefje(Model):
    FIELDS = {"id": (name, REQUIRED), "version": (optional(text), None)}


class Normalizer(Model):
    FIELDS = {"id": (name, REQUIRED), "version": (optional(text), None)}


class BoefjeMeta(Job):
    FIELDS = {
        **Job.FIELDS,
        "boefje": (model(Boefje), REQUIRED),
        "input_ooi": (optional(text), None),
        "arguments": (dict, {}),
        "organization": (text, REQUIRED),
        "runnable_hash": (optional(text), None),
        "environment": (optional(dict), None),
    }

    @property
    def parameterized_arguments_hash(self):
        pairs = (f"{key}={value}" for key, value in self.arguments.items())
        return hashlib.sha256(",".join(pairs).encode()).hexdigest()


class RawDataMeta(Model):
    FIELDS = {
        "id": (identifier, REQUIRED),
        "boefje_meta": (model(BoefjeMeta), REQUIRED),
        "mime_types": (list, REQUIRED),
    }


class NormalizerMeta(Job):
    FIELDS = {
        **Job.FIELDS,
        "raw_data": (model(RawDataMeta), REQUIRED),
        "normalizer": (model(Normalizer), REQUIRED),
    }


class NormalizerPlainOOI(Model):
    """An object of any type: every value that it is given is one of its own."""

    FIELDS = {"object_type": (text, REQUIRED)}

    def __init__(self, **values):
        super().__init__(**values)
        vars(self).update(values)

    def model_dump(self, mode="python", **options):
        if mode == "json":
            return super().model_dump(mode, **options)
        return dict(vars(self))


class NormalizerObservation(Model):
    FIELDS = {
        "type": (text, "observation"),
        "input_ooi": (text, REQUIRED),
        "results": (list, REQUIRED),
    }


class NormalizerDeclaration(Model):
    FIELDS = {
        "type": (text, "declaration"),
        "ooi": (as_it_is, REQUIRED),
        "end_valid_time": (optional(moment), None),
    }


class NormalizerAffirmation(Model):
    FIELDS = {"type": (text, "affirmation"), "ooi": (as_it_is, REQUIRED)}


class NormalizerScanProfile(Model):
    FIELDS = {
        "scan_profile_type": (text, "declared"),
        "reference": (text, REQUIRED),
        "level": (int, REQUIRED),
    }


class NormalizerResult(Model):
    FIELDS = {"item": (as_it_is, REQUIRED)}


class NormalizerResults(Model):
    FIELDS = {
        "observations": (list, []),
        "declarations": (list, []),
        "affirmations": (list, []),
        "scan_profiles": (list, []),
    }


# The types that plugins name in their annotations.
NormalizerOutput = object
