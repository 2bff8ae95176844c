"""What normalizers yield, where plugins for the newer workers look for it."""

from boefjes.job_models import (
    NormalizerAffirmation,
    NormalizerDeclaration,
    NormalizerObservation,
    NormalizerOutput,
    NormalizerResults,
)

__all__ = [
    "NormalizerAffirmation",
    "NormalizerDeclaration",
    "NormalizerObservation",
    "NormalizerOutput",
    "NormalizerResults",
]
