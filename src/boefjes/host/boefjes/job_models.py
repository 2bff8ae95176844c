"""The models of jobs, and of what normalizers yield. Ids are UUIDs, and times carry a zone."""

import hashlib

from ostler_host.model import (
    REQUIRED,
    Model,
    as_it_is,
    identifier,
    model,
    moment,
    name,
    optional,
    text,
)


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

    @classmethod
    def model_construct(cls, _fields_set=None, **values):
        new = super().model_construct(_fields_set, **values)
        vars(new).update(values)
        if _fields_set is None:
            new.model_fields_set.update(values)
        return new

    construct = model_construct

    @property
    def model_extra(self):
        return {name: value for name, value in self if name not in self.FIELDS}


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
