"""The models of jobs, where plugins for the newer workers look for them."""

from boefjes.job_models import (
    Boefje,
    BoefjeMeta,
    InvalidReturnValueNormalizer,
    Job,
    JobException,
    Normalizer,
    NormalizerMeta,
    ObservationsWithoutInputOOI,
    RawDataMeta,
)

__all__ = [
    "Boefje",
    "BoefjeMeta",
    "InvalidReturnValueNormalizer",
    "Job",
    "JobException",
    "Normalizer",
    "NormalizerMeta",
    "ObservationsWithoutInputOOI",
    "RawDataMeta",
]
