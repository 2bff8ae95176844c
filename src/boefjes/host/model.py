"""Models with the interface of pydantic's, as far as plugins use it, which need no package.

What a model does not know is dropped.
"""

import copy
import datetime
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


class Field:
    """What is told of a field: its default, which is `...` if it has none."""

    def __init__(self, default):
        self.default = ... if default is REQUIRED else default

    def is_required(self):
        return self.default is ...

    def __repr__(self):
        return f"Field(required={self.is_required()}, default={self.default!r})"


class Model:
    """A value with the fields that its class lists: how each is read, and what it is by default."""

    FIELDS = {}

    __slots__ = ("__dict__", "model_fields_set")

    def __init_subclass__(cls):
        cls.model_fields = {name: Field(default) for name, (_, default) in cls.FIELDS.items()}
        cls.__fields__ = cls.model_fields

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

    @classmethod
    def model_construct(cls, _fields_set=None, **values):
        """A value of which nothing is checked, and may be missing what it needs."""
        new = cls.__new__(cls)
        for field, (_, default) in cls.FIELDS.items():
            if field in values:
                vars(new)[field] = values[field]
            elif default is not REQUIRED:
                vars(new)[field] = copy.copy(default)
        given = {field for field in values if field in cls.FIELDS}
        new.model_fields_set = given if _fields_set is None else set(_fields_set)
        return new

    @property
    def model_extra(self):
        """No values but those of its fields."""

    @property
    def __pydantic_fields_set__(self):
        return self.model_fields_set

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

    parse_obj = model_validate
    parse_raw = model_validate_json
    construct = model_construct

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
