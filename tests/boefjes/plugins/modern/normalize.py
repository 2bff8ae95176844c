"""Begins as the normalizers of the newest workers do, and yields their models."""

from collections.abc import Iterable

from boefjes.normalizer_models import (
    NormalizerAffirmation,
    NormalizerDeclaration,
    NormalizerObservation,
    NormalizerOutput,
    NormalizerResults,
)
from boefjes.worker.job_models import BoefjeMeta, NormalizerMeta


def run(input_ooi: dict, raw: bytes) -> Iterable[NormalizerOutput]:
    network = {"object_type": "Network", "name": "a"}
    yield network
    yield NormalizerDeclaration(ooi=network, end_valid_time="2026-11-25T00:00:00Z")
    yield NormalizerAffirmation(ooi=network)
    yield NormalizerObservation(input_ooi="Network|b", results=[network])
    assert NormalizerResults().observations == []
    assert [meta.__name__ for meta in (BoefjeMeta, NormalizerMeta)] == ["BoefjeMeta", "NormalizerMeta"]
