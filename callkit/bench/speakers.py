"""Counting who speaks when and who is who: diarization error by pyannote.metrics, roles by word."""

from __future__ import annotations

from callkit.bench.figures import Evidence
from callkit.bench.heard import Heard
from callkit.bench.truth import Truth
from callkit.engines.diarization_error import diarization_error

#: A word may lie this far (seconds) outside the turn it belongs to.
_SLACK_S = 0.25


def count_speakers(truth: Truth, heard: Heard) -> Evidence:
    """Evidence of der and its parts, speaker count and role accuracy, as far as the labels allow."""
    found: dict[str, tuple[float, ...]] = {}
    true = truth.speaker_spans()
    if heard.spans is not None and true:
        said = [(span.speaker, span.start, span.end) for span in heard.spans]
        scored = truth.scored or (0.0, heard.duration_s)
        parts = diarization_error(true, said, scored, collar_s=0.0)
        found["der"] = (parts.miss + parts.false_alarm + parts.confusion, parts.total)
        found["miss"] = (parts.miss, parts.total)
        found["false_alarm"] = (parts.false_alarm, parts.total)
        found["confusion"] = (parts.confusion, parts.total)
        eased = diarization_error(true, said, scored, collar_s=0.25)
        found["der_collar_250ms"] = (eased.miss + eased.false_alarm + eased.confusion, eased.total)
        inside = {name for name, start, end in said if start < scored[1] and end > scored[0]}
        found["speaker_count_right"] = (float(len(inside) == len({name for name, _, _ in true})), 1.0)
    if heard.turns is not None and truth.timed and all(turn.role for turn in truth.turns):
        found["role_accuracy"] = role_accuracy(truth, heard)
    return found


def role_accuracy(truth: Truth, heard: Heard) -> tuple[float, float]:
    """(words with the right role, words whose true role is known).

    A word belongs to the true turn around its middle: on its own channel where channels tell speakers apart. While two
    roles speak at once on one channel nobody can say whose word it is, and it is not counted.
    """
    by_channel = len({turn.channel for turn in truth.turns}) > 1 and heard.channels > 1
    right = counted = 0
    for turn in heard.turns or ():
        for word in turn.words:
            middle = (word.start + word.end) / 2
            roles = {
                true.role
                for true in truth.turns
                if (true.start or 0.0) - _SLACK_S <= middle <= (true.end or 0.0) + _SLACK_S
                and (not by_channel or true.channel == word.channel)
            }
            if len(roles) == 1:
                counted += 1
                right += roles == {turn.role}
    return float(right), float(counted)
