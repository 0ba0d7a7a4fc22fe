"""Diarization error rate by pyannote.metrics (Bredin 2017): the reference implementation of the NIST definition."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from callkit.errors import CallkitError

Spans = Iterable[tuple[str, float, float]]


@dataclass(frozen=True, slots=True)
class DiarizationError:
    """Seconds of speech missed, found where there is none, given to another speaker, and spoken in all."""

    miss: float
    false_alarm: float
    confusion: float
    total: float


def diarization_error(true: Spans, found: Spans, scored: tuple[float, float], *, collar_s: float) -> DiarizationError:
    """Compare (speaker, start, end) spans inside `scored`; overlap counts, `collar_s` is left out on both sides of a border."""
    os.environ.setdefault("PYANNOTE_METRICS_ENABLED", "0")
    try:
        from pyannote.core import Annotation, Segment, Timeline
        from pyannote.metrics.diarization import DiarizationErrorRate
    except ImportError:
        raise CallkitError(
            "extra-missing", "pyannote.metrics is not installed", 'pip install "callkit[bench]"'
        ) from None

    def annotation(spans: Spans) -> Annotation:
        made = Annotation()
        for number, (speaker, start, end) in enumerate(spans):
            if end > start:
                made[Segment(start, end), number] = speaker
        return made

    # pyannote.metrics takes the collar's whole width; NIST and this function name one side's.
    metric = DiarizationErrorRate(collar=2 * collar_s, skip_overlap=False)
    parts = metric(annotation(true), annotation(found), uem=Timeline([Segment(*scored)]), detailed=True)
    return DiarizationError(
        float(parts["missed detection"]), float(parts["false alarm"]), float(parts["confusion"]), float(parts["total"])
    )
