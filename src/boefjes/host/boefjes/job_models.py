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

from ostler_host.dumping import Dump, left
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

    __slots__ = ("__dict__", "model_fields_set")

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
            vars(self)[field] = copy.copy(value) if value is default else value
        self.model_fields_set = {field for field in self.FIELDS if field in values}

    @classmethod
    def model_validate(cls, values):
        return values if isinstance(values, cls) else cls(**values)

    @classmethod
    def model_validate_json(cls, text):
        return cls(**json.loads(text))

    # What has no effect here is taken, too, such as aliases, which no field has.

    def model_dump(
        self,
        *,
        mode="python",
        include=None,
        exclude=None,
        context=None,
        by_alias=None,
        exclude_unset=False,
        exclude_defaults=False,
        exclude_none=False,
        round_trip=False,
        warnings=True,
        fallback=None,
        serialize_as_any=False,
    ):
        dump = Dump(exclude_unset, exclude_defaults, exclude_none)
        values = dump.model(self, include, exclude)
        return json.loads(json.dumps(values, default=plain)) if mode == "json" else values

    def model_dump_json(self, *, indent=None, ensure_ascii=False, **options):
        separators = (",", ":") if indent is None else None
        values = self.model_dump(**options)
        return json.dumps(
            values, default=plain, indent=indent, separators=separators, ensure_ascii=ensure_ascii
        )

    def model_copy(self, *, update=None, deep=False):
        new = copy.deepcopy(self) if deep else copy.copy(self)
        new.model_fields_set = {*self.model_fields_set, *(update or {})}
        vars(new).update(update or {})
        return new

    # The names that these had in pydantic 1, which pydantic 2 still has.

    def dict(self, **options):
        return self.model_dump(**options)

    def json(self, **options):
        return self.model_dump_json(**options)

    def copy(self, *, include=None, exclude=None, update=None, deep=False):
        new = self.model_copy(deep=deep)
        for field, _ in self:
            if not any(left(field, include, exclude)):
                del vars(new)[field]
                new.model_fields_set.discard(field)
        return new.model_copy(update=update)

    def __iter__(self):
        return iter([*vars(self).items()])

    def __setattr__(self, name, value):
        super().__setattr__(name, value)
        if name in self.FIELDS:
            self.model_fields_set.add(name)

    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

    def __repr__(self):
        fields = ", ".join(f"{field}={value!r}" for field, value in self)
        return f"{type(self).__name__}({fields})"


class JobException(Exception):
    """What is wrong with a job."""


class UnsupportedReturnTypeNormalizer(JobException):
    """A normalizer yielded a value of this type."""


class InvalidReturnValueNormalizer(JobException):
    """A normalizer yielded a dict that means nothing."""


class ObservationsWithoutInputOOI(JobException):
    """A normalizer yielded objects, and its boefje had no input object to observe them at."""

    def __init__(self, normalizer_meta):
        super().__init__(
            "objects were yielded on their own, and there is no input object that they belong to: "
            f"{normalizer_meta.model_dump_json(indent=3)}"
        )


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
        self.model_fields_set.update(values)


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
